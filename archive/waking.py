"""Messages that wake a worker for a holding, and when the next one is expected.

``wake_at`` is when the next message arrives, or the lease ends. Its passing by without anything having happened is
how the sweep tells a lost message and a dead worker. A delay longer than a queue takes is hopped: the message comes
early, finds nothing to do, and the one of its copies that finds ``wake_at`` as it was sends the next.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from archive.claims import Claim
from archive.models import Holding, HoldingState
from gas_site.queues import MAX_BACKOFF_MS, send_after_commit

# What SQS takes as the longest delay of a message; the same on every queue.
LONGEST_DELAY = timedelta(milliseconds=MAX_BACKOFF_MS)
# A delayed message keeps milliseconds and a row microseconds: it may arrive a moment "too early".
SLACK = timedelta(seconds=1)


def hop(at: datetime, now: datetime) -> datetime:
    """Return when the message for ``at`` can arrive at the latest: then, or after the longest delay."""
    return min(max(at, now), now + LONGEST_DELAY)


def send(pk: int, at: datetime | None = None) -> None:
    """Send a message for a holding after the commit, to arrive now or at ``at``."""
    from archive.actors import tend_holding  # noqa: PLC0415 (the actors import the domain)

    delay = math.ceil((at - timezone.now()).total_seconds() * 1000) if at else 0
    send_after_commit(tend_holding, str(pk), delay_ms=delay if delay > 0 else None)


def settle(claim: Claim) -> None:
    """Give the claim back and send the message for whatever the row wants next, which others may have changed."""
    now = timezone.now()
    with transaction.atomic():
        row = Holding.objects.select_for_update().filter(claim.held, pk=claim.pk).first()
        if row is None:
            return  # taken over or deleted: whoever did that sends what is to be sent
        at = wanted_at(row, now)
        stop = hop(at, now) if at else None
        Holding.objects.filter(claim.held, pk=claim.pk).update(lease_expires_at=None, worker="", wake_at=stop)
        if stop:
            send(claim.pk, stop)


def pass_on(pk: int) -> None:
    """Do what a message does that came to nothing: hop when it was the expected one, else end here."""
    now = timezone.now()
    row = Holding.objects.unclaimed(now).filter(pk=pk, wake_at__lte=now + SLACK).first()
    if row is None:
        return  # a worker has it, or this is a double: the expected message is still to come
    at = wanted_at(row, now)
    if at and at <= now:
        return  # taken this very moment, or its job is being deleted; the sweep looks again
    stop = hop(at, now) if at else None
    unchanged = Holding.objects.unclaimed(now).filter(pk=pk, wake_at=row.wake_at)
    # A lease may be left of a worker that died after its last deed.
    if unchanged.update(wake_at=stop, lease_expires_at=None, worker="") and stop:
        send(pk, stop)


def wanted_at(row: Holding, now: datetime) -> datetime | None:
    """Return when the row wants a worker next, or None."""
    at: datetime | None = None
    if row.untidy or row.state == HoldingState.ARCHIVING:
        at = now
    elif row.state == HoldingState.RESTORING:
        at = row.expected_at or now
    elif row.state == HoldingState.AVAILABLE:
        at = row.due_at
    return max(at, row.retry_at) if at and row.retry_at else at


def patience() -> timedelta:
    """Return how late a message may be before the sweep takes it for lost."""
    return min(timedelta(seconds=30), settings.SWEEP_EVERY * 2)
