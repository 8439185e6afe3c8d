"""Work done beside the caller's: in order, on one thread, never far behind.

Arrow and ISA-L give Python's lock back while they encode and compress, so that a second processor takes that part.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self


class Background:
    """Runs deeds one after another. At most ``waiting`` are outstanding, which bounds what they hold in memory."""

    def __init__(self, waiting: int) -> None:
        self._waiting = waiting
        self._deeds: deque[Future[None]] = deque()
        self._thread = ThreadPoolExecutor(max_workers=1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for all deeds, unless the caller failed; raises what one of them raised."""
        self._thread.shutdown(wait=True, cancel_futures=error is not None)
        if error is None:
            self._settle(0)

    def do(self, deed: Callable[[], None]) -> None:
        """Have a deed done; raises what an earlier one raised, and waits while too many are outstanding."""
        self._deeds.append(self._thread.submit(deed))
        self._settle(self._waiting)

    def _settle(self, outstanding: int) -> None:
        while len(self._deeds) > outstanding:
            self._deeds.popleft().result()
