"""Has the kernel write a file to the disk while it still grows, so that the sync at its end has little to wait for.

Nothing counts as durable before that sync: this is about when the disk begins, not about what is promised.
"""

from __future__ import annotations

import os

# Bytes between two calls: large enough for the disk, small enough that it is never idle for long.
STEP = 8 * 1024**2


def begin(file: int, start: int, length: int) -> None:
    """Begin to write these bytes of an open file; returns at once.

    POSIX_FADV_DONTNEED starts writing what is dirty and lets go of what is clean, on Linux (mm/fadvise.c). What was
    written a moment ago is dirty, so it stays in the cache, where it is read again.
    """
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(file, start, length, os.POSIX_FADV_DONTNEED)


class WriteBack:
    """Follows a file that is written from its beginning to its end."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._begun = 0

    def reached(self, end: int) -> None:
        """Note that the file has ``end`` bytes by now."""
        if end - self._begun >= STEP:
            begin(self._file, self._begun, end - self._begun)
            self._begun = end
