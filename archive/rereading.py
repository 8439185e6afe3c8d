"""Reads copies again in threads, while the worker copies the next file: half of what a safe move costs is reading.

Only reading happens there. Rows are touched by the worker's own thread, which also keeps the claim alive. A copy that
a service vouches for costs nothing to ask for, and may take rows: that is done at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Self

from archive.claims import Claim
from archive.models import HoldingFile
from archive.vaults.base import Beat, Content

# How often to look whether the claim wants renewing while nothing but reading is left.
BEAT_SECONDS = 1.0
# Reading is hashing, for which one processor is too few: the copying leaves the other idle.
READERS = 2

Read = Callable[[HoldingFile, Beat], Content | None]


class _Ended(Exception):
    """The worker has failed meanwhile: nobody wants to know any more."""


class Rereading:
    """Reads one copy after another with ``read``; what it raises is raised by ``so_far`` and ``all``."""

    def __init__(self, claim: Claim, read: Read, *, aside: bool = True) -> None:
        self._claim = claim
        self._read = read
        self._pending: list[tuple[HoldingFile, Future[Content | None]]] = []
        self._ended = threading.Event()
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="reread") if aside else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._threads:
            self._threads.shutdown(cancel_futures=True)

    def ask(self, file: HoldingFile) -> None:
        """Have a file's copy read again."""
        if self._threads:
            self._pending.append((file, self._threads.submit(self._read, file, self._beat)))
            return
        read: Future[Content | None] = Future()
        read.set_result(self._read(file, self._claim.beat))
        self._pending.append((file, read))

    def so_far(self) -> Iterator[tuple[HoldingFile, Content | None]]:
        """Yield what was read since the last call, without waiting."""
        while self._pending and self._pending[0][1].done():
            file, found = self._pending.pop(0)
            yield file, found.result()

    def all(self) -> Iterator[tuple[HoldingFile, Content | None]]:
        """Yield what is left, in the order in which it was asked for. Raises LostClaim."""
        while self._pending:
            wait([self._pending[0][1]], timeout=BEAT_SECONDS)
            self._claim.beat(0)
            yield from self.so_far()

    def _beat(self, size: int) -> None:
        if self._ended.is_set():
            raise _Ended
