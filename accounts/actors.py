"""Messages about people."""

from __future__ import annotations

import dramatiq

from accounts.notifications import deliver


@dramatiq.actor(queue_name="default", time_limit=120_000)
def send_notification(pk: str) -> None:
    """Mail one notification, if nobody has."""
    deliver(int(pk))
