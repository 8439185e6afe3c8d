"""The lease of a worker that is at work on something: renewed with the progress, and asked whether to stop."""

from __future__ import annotations

import time
from collections.abc import Callable

from annotations.engine.errors import Stopped
from annotations.engine.task import Progress

# Each renewal is a write; the page polls once a second, so a write a second shows all that can be seen.
RENEW_EVERY_SECONDS = 1.0


class Lease:
    """Holds what was claimed; ``renew`` writes the progress down and says whether it is still ours."""

    def __init__(self, renew: Callable[[Progress], bool]) -> None:
        self.lost = False
        self._renew = renew
        self._progress = Progress(stage="starting", fraction=0, records=0)
        self._renewed = time.monotonic()

    def note(self, progress: Progress) -> None:
        """Remember how far the engine is."""
        self._progress = progress

    def should_stop(self) -> bool:
        """Renew when it is time; return True once the work is no longer ours. The engine's parent polls this."""
        if not self.lost and time.monotonic() - self._renewed >= RENEW_EVERY_SECONDS:
            self._renewed = time.monotonic()
            self.lost = not self._renew(self._progress)
        return self.lost

    def beat(self, size: int) -> None:
        """Renew while a file moves. Raises Stopped once the work is no longer ours."""
        if self.should_stop():
            raise Stopped
