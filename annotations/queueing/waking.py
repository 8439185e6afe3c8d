"""Sends the wake-up calls that the queue lacks: as many as rows wait, less what it still holds.

Messages are wake-up calls for whatever is next, so it does not matter whose is lost, but how many are. To send one for
every row that has waited long would double them each time, and the fleet's size follows their number.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from annotations import moves
from annotations.models import Job, JobStatus, Shard, ShardState
from annotations.sharding import moves as shard_moves
from gas_site.queue_counts import count_held

logger = logging.getLogger(__name__)

#: A message may be on its way for so long before it counts as lost; SQS tells its counts about a minute late.
RESEND_AFTER = timedelta(minutes=2)
BATCH = 500


def wake(piece: Job | Shard) -> None:
    """Send the wake-up call that a waiting row stands for."""
    if isinstance(piece, Job):
        moves.wake(piece.pk)
    else:
        shard_moves.wake(piece)


def send_what_is_missing() -> None:
    """Wake a worker for waiting rows whose messages are lost. The stamp is a condition: one sweep of two sends."""
    now = timezone.now()
    before = now - min(RESEND_AFTER, settings.SWEEP_EVERY * 2)
    late = [rows.waiting_since(before) for rows in (Job.objects, Shard.objects)]
    number = sum(rows.count() for rows in late)
    if not number:
        return
    missing = min(_missing(number, before, now), BATCH)
    stale: list[Job | Shard] = [piece for rows in late for piece in rows.order_by("last_sent_at")[:missing]]
    for piece in sorted(stale, key=_sent)[:missing]:
        if (
            type(piece)
            .objects.filter(pk=piece.pk, last_sent_at=piece.last_sent_at, **_waiting(piece))
            .update(last_sent_at=now)
        ):
            wake(piece)


def _missing(number: int, before: datetime, now: datetime) -> int:
    """Return for how many of the late rows there is no message.

    What is in flight and not with a row at work comes again, or is in the hand of a worker that waits for a slot. SQS
    counts nearly right: where nothing has been taken for as long as a row has waited, one is sent at each round.
    """
    from annotations.actors import annotate  # noqa: PLC0415 (the actors import the domain)

    try:
        held = count_held(annotate.broker, annotate.queue_name)
    except Exception as error:  # noqa: BLE001 (whatever the queue raises: too many messages do no harm)
        logger.warning("the queue cannot be counted, all late rows are sent again: %s", type(error).__name__)
        return number
    unused = held.to_come + max(held.in_flight - _at_work(Q(lease_expires_at__gt=now)), 0)
    return max(number - unused, 0 if _taken_since(before) else 1)


def _at_work(condition: Q) -> int:
    jobs = Job.objects.filter(condition, status=JobStatus.RUNNING)
    return jobs.count() + Shard.objects.filter(condition, state=ShardState.RUNNING).count()


def _taken_since(moment: datetime) -> bool:
    """Say whether a worker has begun something since; what it has ended since counts as well."""
    done = Shard.objects.filter(state=ShardState.DONE, finished_at__gt=moment)
    return bool(_at_work(Q(started_at__gt=moment))) or Job.objects.completed_since(moment).exists() or done.exists()


def _sent(piece: Job | Shard) -> datetime:
    return piece.last_sent_at or piece.turn_at


def _waiting(piece: Job | Shard) -> dict[str, Any]:
    return {"status": JobStatus.PENDING} if isinstance(piece, Job) else {"state": ShardState.WAITING}
