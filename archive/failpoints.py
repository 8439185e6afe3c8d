"""The named steps of the deeds, at any of which a process may be killed.

``GAS_FAILPOINT=archive.noted`` kills a process with SIGKILL when it reaches that step; ``archive.noted:2`` when it
reaches it the second time. Nothing else happens here: the steps are for the tests that pull the plug.
"""

from __future__ import annotations

import os
import signal

VARIABLE = "GAS_FAILPOINT"

# Complete: a test compares it with the calls of reach() in this package.
STEPS = frozenset(
    {
        "claim.taken",
        "archive.started",
        "archive.stored",
        "archive.noted",
        "archive.verified",
        "archive.published",
        "archive.removed",
        "archive.tidied",
        "restore.requested",
        "restore.noted",
        "restore.thawed",
        "restore.verified",
        "restore.published",
        "restore.removed",
        "restore.tidied",
        "delete.removed",
        "settle.released",
    }
)

_reached: dict[str, int] = {}


def reach(step: str) -> None:
    """Say that ``step`` is done; where the environment names it, die on the spot."""
    wanted, _, times = os.environ.get(VARIABLE, "").partition(":")
    if step != wanted:
        return
    _reached[step] = _reached.get(step, 0) + 1
    if _reached[step] >= int(times or 1):
        os.kill(os.getpid(), signal.SIGKILL)
