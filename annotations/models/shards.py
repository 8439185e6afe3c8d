"""Shards: the parts of a large job, annotated apart from each other, and the gathering of what was made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q

from annotations.models.jobs import Job, JobStatus
from annotations.models.turns import IN_TURN, InTurn

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID


class ShardState(models.TextChoices):
    """Where a shard is."""

    HELD = "held", "Held back"
    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"


# The only moves there are; sharding.moves.move() is the only one who makes them.
SHARD_MOVES: dict[ShardState, frozenset[ShardState]] = {
    ShardState.HELD: frozenset({ShardState.WAITING}),
    ShardState.WAITING: frozenset({ShardState.RUNNING}),
    ShardState.RUNNING: frozenset({ShardState.WAITING, ShardState.DONE}),
    ShardState.DONE: frozenset(),
}


class ShardQuerySet(models.QuerySet["Shard"]):
    """Shards in the words of the domain."""

    def of(self, job: Job) -> Self:
        """Return the shards of a job's present attempt."""
        return self.filter(job_id=job.pk, job_attempt=job.attempt)

    def parts(self) -> Self:
        """Return the shards that annotate; the other one gathers."""
        return self.filter(gathers=False)

    def wanted(self) -> Self:
        """Return the shards of attempts that still run; the others are left over."""
        return self.filter(still_wanted())

    def left_over(self) -> Self:
        """Return the shards of jobs that have ended or begun anew."""
        return self.exclude(still_wanted())

    def claimable(self, now: datetime) -> Self:
        """Return what a worker may take now."""
        return self.filter(shard_claimable_at(now))

    def counts_by_state(self) -> dict[str, int]:
        """Return how many shards stand in each state, none left out."""
        counts = self.order_by().values_list("state").annotate(shards=models.Count("*"))
        return {**dict.fromkeys(ShardState.values, 0), **dict(counts)}

    def lease_expired(self, now: datetime) -> Self:
        """Return running shards whose worker has not been heard of in time."""
        return self.wanted().filter(state=ShardState.RUNNING, lease_expires_at__lt=now)

    def waiting_since(self, moment: datetime) -> Self:
        """Return waiting shards that nobody has sent a message for since ``moment``."""
        return self.wanted().filter(state=ShardState.WAITING, last_sent_at__lt=moment)


def still_wanted() -> Exists:
    """Return the condition that a shard's job runs in the shard's own attempt, and is not deleted."""
    same = {"pk": OuterRef("job_id"), "attempt": OuterRef("job_attempt")}
    return Exists(Job.objects.filter(**same, status=JobStatus.RUNNING, deleted_at=None))


def shard_claimable_at(now: datetime) -> Q:
    """Return the condition under which a worker may take a shard."""
    free = Q(not_before=None) | Q(not_before__lte=now)
    return free & Q(still_wanted(), state=ShardState.WAITING)


def parts_prefix(job_id: UUID, attempt: int) -> str:
    """Return where the parts of a job's attempt lie in the store: below its results, with which they are removed."""
    return f"results/{job_id}/{attempt}.parts"


class Shard(InTurn):
    """One part of one attempt of a job, or the gathering of all parts.

    Rows are there as long as files may be: whoever removes the files in the store removes the rows after that.
    """

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="shards")
    job_attempt = models.PositiveIntegerField(help_text="The attempt of the job that was cut.")
    number = models.PositiveIntegerField(help_text="In the order of the records; the gathering comes last.")
    gathers = models.BooleanField(default=False, help_text="Puts the parts together, once all are done.")
    state = models.CharField(max_length=8, choices=ShardState.choices, default=ShardState.WAITING)
    file = models.CharField(max_length=80, blank=True, help_text="The part's text, below the job's parts.")
    size = models.PositiveBigIntegerField(default=0, help_text="Bytes of that file.")
    records = models.PositiveBigIntegerField(default=0, help_text="Records of the upload in it.")

    attempt = models.PositiveIntegerField(default=0, help_text="Fencing number; each claim adds one.")
    deaths = models.PositiveSmallIntegerField(default=0, help_text="How often it took its worker down, or broke off.")
    worker = models.CharField(max_length=120, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    last_sent_at = models.DateTimeField(null=True, blank=True, help_text="When a queue message was last sent.")
    progress_fraction = models.FloatField(default=0)
    progress_records = models.PositiveBigIntegerField(default=0)

    queued_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = ShardQuerySet.as_manager()

    class Meta:
        ordering = ["job", "job_attempt", "number"]
        constraints = [models.UniqueConstraint(fields=["job", "job_attempt", "number"], name="one_shard_of_a_number")]
        indexes = [
            models.Index(fields=IN_TURN, condition=Q(state=ShardState.WAITING), name="shard_turns"),
            models.Index(fields=["lease_expires_at"], condition=Q(state=ShardState.RUNNING), name="shard_leases"),
        ]

    def __str__(self) -> str:
        return f"{self.what} of {str(self.job_id)[:8]}"

    @property
    def what(self) -> str:
        """Return what people call it."""
        return "gathering" if self.gathers else f"shard {self.number + 1}"

    @property
    def parts_prefix(self) -> str:
        """Return where the parts of the job's attempt lie in the store, and what was made of them."""
        return parts_prefix(self.job_id, self.job_attempt)

    @property
    def outputs_prefix(self) -> str:
        """Return where this attempt's outputs lie; another attempt never writes there."""
        return f"{self.parts_prefix}/done/{self.number}/{self.attempt}"

    @property
    def result_prefix(self) -> str:
        """Return where this attempt of the gathering puts the job's result."""
        return f"results/{self.job_id}/{self.job_attempt}.{self.attempt}"
