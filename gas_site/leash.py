"""Runs a command that must not outlive its supervisor: `python -m gas_site.leash SUPERVISOR_PID COMMAND…`.

The supervisor ends its children when it ends in order. When it is killed with -9 it cannot, and children left
behind would hold the port, the queue and the leases of a stack that is not there any more.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

POLL_SECONDS = 0.5
GRACE_SECONDS = 10


def main(arguments: list[str]) -> int:
    """Run the command in this process group; return its exit code (128 + N when signal N ended it)."""
    supervisor, command = int(arguments[0]), arguments[1:]
    # The whole group gets the supervisor's signals; this process waits for the command to act on them.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    child = subprocess.Popen(command, preexec_fn=_default_signals)  # noqa: PLW1509 (no threads here)
    while True:
        try:
            code = child.wait(POLL_SECONDS)
        except subprocess.TimeoutExpired:
            if _alive(supervisor):
                continue
            return _end(child)
        return code if code >= 0 else 128 - code


def _default_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _end(child: subprocess.Popen[bytes]) -> int:
    """Ask the group to stop, wait, then insist."""
    os.killpg(0, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    while child.poll() is None and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    os.killpg(0, signal.SIGKILL)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
