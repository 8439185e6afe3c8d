"""Where a waiting job stands: what is to start before it, and when it is expected to start itself.

How many workers there are nobody writes down. But while anything waits, every worker that lives holds a lease: so as
many are there as there are leases that have not run out. Each process among them is taken for an annotator, which takes
a small job beside its others; so a small job at work tells of no worker for others, unless nothing else is at work.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import (
    BooleanField,
    Case,
    Count,
    F,
    IntegerField,
    Min,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)

from annotations.models import Job, JobStatus, Shard, ShardState, claimable_at
from annotations.models.shards import shard_claimable_at
from annotations.models.turns import IN_TURN

#: After so long without a worker at work it is said that none is seen; before, one may just be between two jobs.
PATIENCE = timedelta(seconds=20)


@dataclass(frozen=True)
class Place:
    """``position`` counts jobs, from 1. ``starts_in``: seconds, None while nobody can tell; ``put_off``: not before."""

    position: int
    starts_in: float | None
    worker_seen: bool = True
    put_off: datetime | None = None


@dataclass(frozen=True)
class Line:
    """What is ahead and what is at work: how many, and seconds; ``first_done`` until the first at work is done."""

    ahead: int
    work_ahead: float
    at_work: int
    work_left: float
    first_done: float

    @classmethod
    def of(cls, rows: list[dict[str, Any]]) -> Line:
        """Add up groups of rows."""
        sums = {name: sum(row[name] for row in rows) for name in ("ahead", "work_ahead", "at_work", "work_left")}
        first_done = min((row["first_done"] for row in rows if row["first_done"] is not None), default=0.0)
        return cls(**sums, first_done=first_done)

    def starts_in(self, workers: int) -> float:
        """All that is ahead, shared among the workers; the head of the line starts when the first of them is done."""
        if not self.ahead:
            return self.first_done if self.at_work >= workers else 0.0
        return (self.work_ahead + self.work_left) / workers


def place_of(job: Job, now: datetime) -> Place | None:
    """Return where a job stands in the queue, in one query; None when it does not wait."""
    if job.status != JobStatus.PENDING:
        return None
    if job.not_before and job.not_before > now:
        return Place(0, None, put_off=job.not_before)
    rows = _groups(job, now)
    line = Line.of(rows)
    processes = {row["process"] for row in rows} - {""}
    if job.small and processes:
        return _place_of_small(line, Line.of([row for row in rows if row["small"]]), len(processes))
    line = _without_small_at_work(rows) or line
    if line.at_work:
        return Place(line.ahead + 1, line.starts_in(line.at_work))
    seen = _seen_lately(job, now)
    return Place(line.ahead + 1, line.work_ahead if seen else None, worker_seen=seen)


def positions_of(jobs: Iterable[Job], now: datetime) -> dict[UUID, int]:
    """Return the ``position`` of those that wait in their turn, as ``place_of`` counts it: one query for a list.

    What waits is passed through once, however many of the list's jobs it is ahead of.
    """
    waiting = [job for job in jobs if job.queued_at and job.status == JobStatus.PENDING]
    waiting = [job for job in waiting if job.not_before is None or job.not_before <= now]
    if not waiting:
        return {}
    turns = sorted({_turn_of(job) for job in waiting})
    groups = list(_groups_before(turns, now))
    beside = any(group.at_work for group in groups)
    positions = {}
    for job in waiting:
        number, small_alone = turns.index(_turn_of(job)), beside and job.small
        before = (group for group in groups if group.ahead and group.before <= number)
        positions[job.pk] = 1 + sum(group.ahead for group in before if group.small or not small_alone)
    return positions


def _turn_of(job: Job) -> tuple[Any, ...]:
    return tuple(getattr(job, name) for name in IN_TURN)


def _groups_before(turns: Sequence[tuple[Any, ...]], now: datetime) -> QuerySet[Any, Any]:
    """Count what is ``ahead`` by the first of the ``turns`` that it is ``before``, and what is at work."""
    earlier, before = _earlier(*turns[-1]), [When(_earlier(*turn), then=number) for number, turn in enumerate(turns)]
    first = Case(*before, output_field=IntegerField())
    ahead, at_work = claimable_at(now) & earlier, _jobs_at_work(now)
    columns = ("before", "small", "ahead", "at_work")
    jobs = Job.objects.filter(ahead | at_work).order_by().annotate(before=first).values("before", "small")
    jobs = jobs.annotate(ahead=Count("pk", filter=ahead), at_work=Count("pk", filter=at_work))
    # A job in shards is ahead once: by the first of them.
    ahead, at_work = shard_claimable_at(now) & earlier, _shards_at_work(now)
    shards = (
        Shard.objects.filter(ahead | at_work)
        .order_by()
        .values("job_id")
        .annotate(
            before=Min(first, filter=ahead),
            small=Value(value=False, output_field=BooleanField()),
            ahead=Count("job_id", filter=ahead, distinct=True),
            at_work=Count("pk", filter=at_work),
        )
    )
    return jobs.values_list(*columns, named=True).union(shards.values_list(*columns, named=True), all=True)


def _place_of_small(line: Line, small: Line, processes: int) -> Place:
    """Only small ones are ahead of a small one: it starts in its turn, or in the thread that processes have for it."""
    return Place(small.ahead + 1, min(line.starts_in(line.at_work), small.starts_in(processes)))


def _without_small_at_work(rows: list[dict[str, Any]]) -> Line | None:
    """Leave out what processes do beside their large work; None where that is all they do."""
    line = Line.of([row for row in rows if not (row["small"] and row["process"])])
    return line if line.at_work else None


def _seen_lately(job: Job, now: datetime) -> bool:
    """Say whether a worker may be between two jobs: the job is new, or something has just ended."""
    if job.queued_at and job.queued_at > now - PATIENCE:
        return True
    return Job.objects.completed_since(now - PATIENCE).exists()


def _groups(job: Job, now: datetime) -> list[dict[str, Any]]:
    """Add up what is ahead and what is at work, of whole jobs and of shards, in one query.

    A group is what one process is at, or what waits; small jobs apart from others.
    """
    earlier = _earlier(job.turn_at, job.queued_at)
    jobs = _added(Job.objects.all(), "pk", claimable_at(now) & earlier, _jobs_at_work(now))
    parts = Shard.objects.annotate(small=Value(value=False, output_field=BooleanField()))
    shards = _added(parts, "job_id", shard_claimable_at(now) & earlier, _shards_at_work(now))
    return list(jobs.union(shards, all=True))


def _earlier(turn_at: Any, queued_at: Any) -> Q:
    return Q(turn_at__lt=turn_at) | Q(turn_at=turn_at, queued_at__lt=queued_at)


def _jobs_at_work(now: datetime) -> Q:
    return Q(lease_expires_at__gt=now, status=JobStatus.RUNNING)


def _shards_at_work(now: datetime) -> Q:
    return Q(lease_expires_at__gt=now, state=ShardState.RUNNING)


def _added(rows: QuerySet[Any], job: str, ahead: Q, at_work: Q) -> QuerySet[Any, dict[str, Any]]:
    left = F("expected_seconds") * (1 - F("progress_fraction"))
    sums: QuerySet[Any, dict[str, Any]] = (
        rows.filter(ahead | at_work)
        .order_by()
        .annotate(process=Case(When(at_work, then="worker"), default=Value("")))
        .values("process", "small")
        .annotate(
            ahead=Count(job, filter=ahead, distinct=True),
            work_ahead=Sum("expected_seconds", filter=ahead, default=0.0),
            at_work=Count("pk", filter=at_work),
            work_left=Sum(left, filter=at_work, default=0.0),
            first_done=Min(left, filter=at_work),
        )
    )
    return sums
