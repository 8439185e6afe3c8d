"""How far a job in shards is, for its page."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Sum

from annotations.figures.words import counted
from annotations.models import Job, JobStatus, Shard, ShardState


@dataclass(frozen=True)
class Standing:
    """How many parts there are, are done and are at work, and their records; ``gathering`` once all are done."""

    parts: int
    done: int
    at_work: int
    records: int
    gathering: bool

    @property
    def words(self) -> str:
        """Return it for the timeline: "3 of 8 parts done"."""
        return "putting the parts together" if self.gathering else f"{self.done} of {counted(self.parts, 'part')} done"


def standing_of(job: Job) -> Standing | None:
    """Return how far the shards of a job are; None, without a query, for a job that a worker runs as a whole."""
    if job.status != JobStatus.RUNNING or job.lease_expires_at is not None:
        return None
    shards = Shard.objects.of(job).parts().order_by().values_list("state")
    rows = list(shards.annotate(Count("pk"), Sum("records")))
    counts = {state: number for state, number, _ in rows}
    parts, done = sum(counts.values()), counts.get(ShardState.DONE, 0)
    records = sum(records for _, _, records in rows)
    return Standing(parts, done, counts.get(ShardState.RUNNING, 0), records, gathering=parts == done)
