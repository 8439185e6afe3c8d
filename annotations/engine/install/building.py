"""Where something is built before it is put in place: a hidden directory beside its place, locked while it is used."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

PREFIX = ".installing-"


@contextmanager
def building_directory(parent: Path) -> Iterator[Path]:
    """A directory under ``parent`` for the time of the block.

    What a killed process left goes first: its lock went with it.
    """
    with ExitStack() as held:
        with locked(parent):
            for left in parent.glob(f"{PREFIX}*"):
                if not is_locked(left):
                    shutil.rmtree(left, ignore_errors=True)
            scratch = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
            held.callback(shutil.rmtree, scratch, ignore_errors=True)
            held.enter_context(locked(scratch))
        yield scratch


@contextmanager
def locked(directory: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold a directory for oneself; BlockingIOError when another process has it and ``wait`` is false."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(handle)


def is_locked(directory: Path) -> bool:
    """Whether a living process holds it."""
    try:
        with locked(directory, wait=False):
            return False
    except BlockingIOError:
        return True
