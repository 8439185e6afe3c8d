"""Who is next: what a worker takes when a message has woken it, whatever that message was about."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from annotations import moves
from annotations.models import Job, Shard
from annotations.sharding import moves as shard_moves

#: The order of the queue, of equal turns first come, first served. Both tables have an index on it.
IN_TURN = ("turn_at", "queued_at")


def claim_next(worker: str) -> Job | Shard | None:
    """Take the piece whose turn it is under a lease, a whole job or a shard, or return None when nothing waits.

    Workers that are woken together do not queue up for the same row: where the database can, each passes over the rows
    that another is just taking. Whoever loses all the same tries the next.
    """
    while (kind := _kind_of_the_next()) is not None:
        with transaction.atomic():
            waiting = kind.objects.select_for_update(skip_locked=True).claimable(timezone.now())
            pk: Any = waiting.order_by(*IN_TURN).values_list("pk", flat=True).first()
            if pk is None:
                return None  # what there is, others are taking now
            claimed = moves.claim(pk, worker) if kind is Job else shard_moves.claim(pk, worker)
        if claimed is not None:
            return claimed
    return None


def _kind_of_the_next() -> type[Job] | type[Shard] | None:
    """Say in which table the smallest turn is; of equal ones in that of whole jobs, which are the smaller ones."""
    now = timezone.now()
    job = Job.objects.claimable(now).order_by(*IN_TURN).values_list("turn_at", flat=True).first()
    shard = Shard.objects.claimable(now).order_by(*IN_TURN).values_list("turn_at", flat=True).first()
    if job is None:
        return Shard if shard is not None else None
    return Shard if shard is not None and shard < job else Job
