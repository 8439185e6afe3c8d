"""Where DuckDB puts what does not fit into its memory: a directory a connection, below WORK_DIR.

Its process holds a lock on it, so that one whose process was killed can be told from one in use: on Linux a lock goes
with its process. The first connection of a process removes what others have left behind, and so does the sweep, which
leaves alone what is called like one in use however old it is.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

from django.conf import settings

#: Beginnings of the names of a directory in use, and of one that has no lock yet.
LOCKED, _NEW = "spill-", "new-spill-"


class Spill:
    """One directory, until ``remove``."""

    def __init__(self) -> None:
        root = Path(settings.WORK_DIR)
        root.mkdir(parents=True, exist_ok=True)
        _remove_forgotten_once(root)
        made = Path(tempfile.mkdtemp(prefix=_NEW, dir=root))
        self._lock = os.open(made, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Under this name only once it is locked: another process may look for forgotten ones at any moment.
        self.path = made.rename(root / f"{LOCKED}{made.name.removeprefix(_NEW)}")

    def remove(self) -> None:
        """Remove the directory with what is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def remove_forgotten(root: Path) -> None:
    """Remove the directories of processes that were killed, and none that is in use."""
    for left in root.glob(f"{LOCKED}*"):
        try:
            lock = os.open(left, os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            continue  # its process has just removed it
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
        except BlockingIOError:
            pass  # in use
        finally:
            os.close(lock)


_remove_forgotten_once = cache(remove_forgotten)  # once a process
