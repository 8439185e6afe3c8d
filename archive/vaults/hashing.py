"""SHA-256 beside the copying: the pieces are hashed in a second thread, which hashlib lets run freely."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

from archive.vaults.base import Beat, Content

# Below this a thread costs more than it saves.
WORTH_A_THREAD = 256 * 1024


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


def hashed(pieces: Iterable[bytes], beat: Beat) -> Content:
    """Return size and SHA-256 of the pieces."""
    with SideHash() as side:
        for piece in side.passing(pieces):
            beat(len(piece))
        return side.content()
