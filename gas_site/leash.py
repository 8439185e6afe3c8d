"""Ends the children of a supervisor that cannot end them any more: `python gas_site/leash.py GONE`.

The supervisor ends its children when it ends in order. When it is killed with -9 it cannot, and children left
behind would hold the port, the queue and the leases of a stack that is not there any more.

This process leads the group that all children are started in. Its stdin is a pipe that only the supervisor
writes to, and nothing is ever written: it ends when the supervisor does, however that happens. GONE is a pipe
that every child holds open: it ends with the last of them. It imports nothing of the site and does nothing else.
"""

from __future__ import annotations

import os
import select
import signal
import sys

GRACE_SECONDS = 8


def main(arguments: list[str]) -> None:
    """Wait for the end of stdin, ask the group to stop, wait, then end it and this process with it."""
    gone = int(arguments[0])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while os.read(0, 1):
        pass
    os.killpg(0, signal.SIGTERM)
    select.select([gone], [], [], GRACE_SECONDS)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1:])
