"""Where a waiting job stands: what is to start before it, and when it is expected to start itself.

How many workers there are nobody writes down. But while anything waits, every worker that lives holds a lease: so as
many are there as there are leases that have not run out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Min, Q, QuerySet, Sum, Value

from annotations.models import Job, JobStatus, Shard, ShardState, claimable_at
from annotations.models.shards import shard_claimable_at

#: After so long without a worker at work it is said that none is seen; before, one may just be between two jobs.
PATIENCE = timedelta(seconds=20)


@dataclass(frozen=True)
class Place:
    """``position`` counts from 1. ``starts_in``: seconds, None while that cannot be told; ``put_off``: not before."""

    position: int
    starts_in: float | None
    worker_seen: bool = True
    put_off: datetime | None = None


def place_of(job: Job, now: datetime) -> Place | None:
    """Return where a job stands in the queue, in one query; None when it does not wait."""
    if job.status != JobStatus.PENDING:
        return None
    if job.not_before and job.not_before > now:
        return Place(0, None, put_off=job.not_before)
    sums = _sums(job, now)
    position = sums["ahead"] + 1
    if sums["workers"]:
        return Place(position, _starts_in(sums))
    seen = _seen_lately(job, now)
    return Place(position, sums["work_ahead"] if seen else None, worker_seen=seen)


def _starts_in(sums: dict[str, Any]) -> float:
    """All that is ahead, shared among the workers; the head of the queue starts when the first of them is done."""
    seconds: float = sums["first_done"]
    if sums["ahead"]:
        seconds = (sums["work_ahead"] + sums["work_left"]) / sums["workers"]
    return seconds


def _seen_lately(job: Job, now: datetime) -> bool:
    """Say whether a worker may be between two jobs: the job is new, or something has just ended."""
    if job.queued_at and job.queued_at > now - PATIENCE:
        return True
    return Job.objects.completed_since(now - PATIENCE).exists()


def _sums(job: Job, now: datetime) -> dict[str, Any]:
    """Add up what is ahead and what is at work, of whole jobs and of shards, in one query."""
    earlier = Q(turn_at__lt=job.turn_at) | Q(turn_at=job.turn_at, queued_at__lt=job.queued_at)
    alive = Q(lease_expires_at__gt=now)
    jobs = _added(Job.objects.all(), claimable_at(now) & earlier, alive & Q(status=JobStatus.RUNNING))
    shards = _added(Shard.objects.all(), shard_claimable_at(now) & earlier, alive & Q(state=ShardState.RUNNING))
    rows = list(jobs.union(shards, all=True))
    sums = {name: sum(row[name] for row in rows) for name in ("ahead", "work_ahead", "workers", "work_left")}
    first_done = min((row["first_done"] for row in rows if row["first_done"] is not None), default=0.0)
    return {**sums, "first_done": first_done}


def _added(rows: QuerySet[Any], ahead: Q, at_work: Q) -> QuerySet[Any, dict[str, Any]]:
    left = F("expected_seconds") * (1 - F("progress_fraction"))
    sums: QuerySet[Any, dict[str, Any]] = (
        rows.filter(ahead | at_work)
        .order_by()
        .annotate(kind=Value(rows.model.__name__))
        .values("kind")
        .annotate(
            ahead=Count("pk", filter=ahead),
            work_ahead=Sum("expected_seconds", filter=ahead, default=0.0),
            workers=Count("pk", filter=at_work),
            work_left=Sum(left, filter=at_work, default=0.0),
            first_done=Min(left, filter=at_work),
        )
    )
    return sums
