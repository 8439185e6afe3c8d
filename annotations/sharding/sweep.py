"""The sweep's part in shards: dead workers, forgotten gatherings, what ended jobs left."""

from __future__ import annotations

import logging

from django.utils import timezone

from annotations.models import Shard, ShardState
from annotations.sharding import moves
from annotations.sharding.clearing import clear
from gas_site.storage import StoreAway

logger = logging.getLogger(__name__)

BATCH = 500


def sweep_shards() -> None:
    """Run every step; safe to run twice at once."""
    take_from_dead_workers()
    gather_what_was_forgotten()
    clear_what_is_left_over()


def take_from_dead_workers() -> None:
    """Put shards whose lease ran out back into the queue."""
    now = timezone.now()
    for shard in Shard.objects.lease_expired(now).select_related("job")[:BATCH]:
        if moves.take_from_dead_worker(moves.fenced(shard), now):
            logger.warning("job %s: %s taken from a lost worker", shard.job_id, shard.what)


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
