"""When a retrieval is ready, by the clock of whoever asks, and who hears of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import flask

# What an hour is in Amazon's cold storage is a second here.
DELAYS = {tier: timedelta(seconds=seconds) for tier, seconds in (("expedited", 2), ("standard", 5), ("bulk", 10))}
# A test whose clock stands still sends its time with every request.
CLOCK_HEADER = "X-Gas-Now"


def now() -> datetime:
    """Return the time of the request, or of this machine."""
    told = flask.request.headers.get(CLOCK_HEADER) if flask.has_request_context() else None
    return datetime.fromisoformat(told) if told else datetime.now(tz=UTC)


def later(ready_at: datetime, deed: Callable[[], None]) -> None:
    """Do something at a time of this machine's clock; nothing at the time of a test's, which tells it by itself."""
    if CLOCK_HEADER in flask.request.headers:
        return
    timer = threading.Timer((ready_at - now()).total_seconds(), deed)
    timer.daemon = True
    timer.start()
