"""Messages about people."""

from __future__ import annotations

import dramatiq

from accounts.closing import finish
from accounts.notifications import deliver


@dramatiq.actor(queue_name="default", time_limit=120_000)
def send_notification(pk: str) -> None:
    """Mail one notification, if nobody has."""
    deliver(int(pk))


@dramatiq.actor(queue_name="default", time_limit=3_600_000)
def finish_closing(pk: str) -> None:
    """Carry out the closing of one account."""
    finish(int(pk))
