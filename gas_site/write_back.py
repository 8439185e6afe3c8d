"""Has the kernel write a file to the disk while it still grows, so that the sync at its end has little to wait for.

Nothing counts as durable before that sync: this is about when the disk begins, not about what is promised.
"""

from __future__ import annotations

import os

# Bytes between two calls: large enough for the disk, small enough that it is never idle for long.
STEP = 8 * 1024**2
# Of a file that passes through, the beginning stays in the cache: it is looked at next, for the verdict.
HEAD = 64 * 1024**2


def begin(file: int, start: int, length: int) -> None:
    """Begin to write these bytes of an open file; returns at once.

    POSIX_FADV_DONTNEED starts writing what is dirty and lets go of what is clean, on Linux (mm/fadvise.c). What was
    written a moment ago is dirty, so it stays in the cache, where it is read again.
    """
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(file, start, length, os.POSIX_FADV_DONTNEED)


def let_pass(file: int, start: int, length: int) -> None:
    """Do the same for a file that is not read again soon, and let go of what is on the disk of what lies before.

    A large upload then takes some hundred megabytes of the cache in all, and not its own size from what others need.
    """
    begin(file, start, length)
    if start > HEAD:
        begin(file, HEAD, start - HEAD)


class WriteBack:
    """Follows a file that is written from its beginning to its end; ``passing`` does what ``let_pass`` does."""

    def __init__(self, file: int, *, passing: bool = False) -> None:
        self._file = file
        self._begin = let_pass if passing else begin
        self._begun = 0

    def reached(self, end: int) -> None:
        """Note that the file has ``end`` bytes by now."""
        if end - self._begun >= STEP:
            self._begin(self._file, self._begun, end - self._begun)
            self._begun = end
