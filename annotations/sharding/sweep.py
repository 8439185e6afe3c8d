"""The sweep's part in shards: dead workers, lost messages, forgotten gatherings, what ended jobs left."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from annotations.models import Shard, ShardState
from annotations.sharding import moves
from annotations.sharding.clearing import clear
from gas_site.storage import StoreAway

logger = logging.getLogger(__name__)

#: As for jobs: a doubled message finds nothing to claim.
RESEND_AFTER = timedelta(minutes=2)
BATCH = 500


def sweep_shards() -> None:
    """Run every step; safe to run twice at once."""
    take_from_dead_workers()
    send_again()
    gather_what_was_forgotten()
    clear_what_is_left_over()


def take_from_dead_workers() -> None:
    """Put shards whose lease ran out back into the queue."""
    now = timezone.now()
    for shard in Shard.objects.lease_expired(now).select_related("job")[:BATCH]:
        if moves.take_from_dead_worker(moves.fenced(shard), now):
            logger.warning("job %s: %s taken from a lost worker", shard.job_id, shard.what)


def send_again() -> None:
    """Wake a worker for waiting shards whose message may be lost. The stamp is a condition: one sweep of two sends."""
    now = timezone.now()
    before = now - min(RESEND_AFTER, settings.SWEEP_EVERY * 2)
    for shard in Shard.objects.waiting_since(before).order_by("last_sent_at")[:BATCH]:
        same = {"pk": shard.pk, "state": ShardState.WAITING, "last_sent_at": shard.last_sent_at}
        if Shard.objects.filter(**same).update(last_sent_at=now):
            moves.wake(shard)


def gather_what_was_forgotten() -> None:
    """Let a worker gather where the one that finished the last part died before it could say so."""
    for shard in Shard.objects.wanted().filter(state=ShardState.HELD).select_related("job")[:BATCH]:
        moves.let_gather(moves.fenced(shard).job)


def clear_what_is_left_over() -> None:
    """Remove parts and rows of jobs that have ended or begun anew; those of deleted jobs go with everything else."""
    left = Shard.objects.left_over().filter(job__deleted_at=None).order_by()
    try:
        for job_id, attempt in left.values_list("job_id", "job_attempt").distinct()[:BATCH]:
            clear(job_id, attempt)
    except StoreAway as error:
        logger.warning("parts of ended jobs stay until the file store is back: %s", error.strerror)
