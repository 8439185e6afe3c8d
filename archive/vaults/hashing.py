"""SHA-256 beside the copying: the pieces are hashed in a second thread, which hashlib lets run freely."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from io import BufferedReader
from typing import BinaryIO, Self

from archive.vaults.base import Beat, Content
from gas_site.local_copy import is_local

# Below this a thread costs more than it saves.
WORTH_A_THREAD = 256 * 1024
PIECE = 1024 * 1024
CACHED = 256 * 1024


class SideHash:
    """Hashes what passes through, at most one piece behind."""

    def __init__(self) -> None:
        self.size = 0
        self._digest = hashlib.sha256()
        self._threads: ThreadPoolExecutor | None = None
        self._last: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._threads:
            self._threads.shutdown()

    def passing(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Pass the pieces on."""
        for piece in pieces:
            self._update(piece)
            yield piece

    def content(self) -> Content:
        """Return size and SHA-256 of what has passed."""
        self._wait()
        return Content(self.size, self._digest.hexdigest())

    def _update(self, piece: bytes) -> None:
        self._wait()
        self.size += len(piece)
        if len(piece) < WORTH_A_THREAD:
            self._digest.update(piece)
            return
        self._threads = self._threads or ThreadPoolExecutor(1, thread_name_prefix="sha256")
        self._last = self._threads.submit(self._digest.update, piece)

    def _wait(self) -> None:
        if self._last:
            self._last.result()
            self._last = None


def hashed_file(file: BinaryIO, beat: Beat) -> Content:
    """Return size and SHA-256 of an open file, and close it.

    One of this machine is read and hashed by one thread, through one buffer that stays in the processor's cache. What
    comes over a network is hashed beside the reading.
    """
    with file:
        if is_local(file):
            return _hashed_in_place(file, beat)
        return hashed(iter(lambda: file.read(PIECE), b""), beat)


def _hashed_in_place(file: BufferedReader, beat: Beat) -> Content:
    digest, size, buffer = hashlib.sha256(), 0, bytearray(CACHED)
    view = memoryview(buffer)
    while count := file.readinto(buffer):
        digest.update(view[:count])
        size += count
        beat(count)
    return Content(size, digest.hexdigest())


def hashed(pieces: Iterable[bytes], beat: Beat) -> Content:
    """Return size and SHA-256 of the pieces."""
    with SideHash() as side:
        for piece in side.passing(pieces):
            beat(len(piece))
        return side.content()
