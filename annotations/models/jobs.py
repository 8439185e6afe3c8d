"""Jobs: their rows, states and what querysets can be asked."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone

from annotations.models.turns import IN_TURN, InTurn

if TYPE_CHECKING:
    from datetime import datetime

    from annotations.availability import Availability


class JobStatus(models.TextChoices):
    """Where an annotation is. Storage has its own states, in the archive."""

    UPLOADING = "uploading", "Checked"
    PENDING = "pending", "Pending"
    RUNNING = "running", "Running"
    COMPLETED = "completed", "Completed"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


# The only moves there are; moves.move() is the only one who makes them.
MOVES: dict[JobStatus, frozenset[JobStatus]] = {
    JobStatus.UPLOADING: frozenset({JobStatus.PENDING, JobStatus.CANCELLED}),
    JobStatus.PENDING: frozenset({JobStatus.RUNNING, JobStatus.CANCELLED}),
    JobStatus.RUNNING: frozenset({JobStatus.PENDING, JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED}),
    JobStatus.COMPLETED: frozenset(),
    JobStatus.FAILED: frozenset(),
    JobStatus.CANCELLED: frozenset(),
}
# The kinds of result files that may be in cold storage; the summary and the log always stay.
COLD_KINDS = frozenset({"vcf", "index", "table"})
ACTIVE = frozenset({JobStatus.PENDING, JobStatus.RUNNING})
TERMINAL = frozenset(status for status, targets in MOVES.items() if not targets)
# A ticket that nobody has confirmed by then goes with its file, or with the parts that have arrived.
TICKET_LIFE = timedelta(days=1)


def claimable_at(now: datetime) -> Q:
    """Return the condition under which a worker may take a job; of the row's own columns (decision 0023)."""
    return (Q(not_before=None) | Q(not_before__lte=now)) & Q(status=JobStatus.PENDING, deleted_at=None)


class JobQuerySet(models.QuerySet["Job"]):
    """Jobs in the words of the domain."""

    def of(self, user: Any) -> Self:
        """Return the jobs that ``user`` owns and has not deleted."""
        return self.filter(user=user, deleted_at=None)

    def queued(self) -> Self:
        """Return the jobs of the list: everything but tickets whose file is not accepted yet."""
        return self.exclude(status=JobStatus.UPLOADING)

    def active(self) -> Self:
        """Return what waits or runs."""
        return self.filter(status__in=ACTIVE)

    # The three below name both columns, so that each is one range of the index job_tabs, in the order of the list. They
    # say IN, since Django writes a plain False as NOT away, for which SQLite looks into no index.
    def ready(self) -> Self:
        """Return what is completed and can be downloaded."""
        return self.filter(status=JobStatus.COMPLETED, away__in=[False])

    def cold(self) -> Self:
        """Return what is completed and in cold storage, or on the way there or back."""
        return self.filter(status=JobStatus.COMPLETED, away__in=[True])

    def ended_as(self, status: JobStatus) -> Self:
        """Return what failed, or was cancelled."""
        return self.filter(status=status, away__in=[False])

    def lease_expired(self, now: datetime) -> Self:
        """Return running jobs whose worker has not been heard of in time."""
        return self.filter(status=JobStatus.RUNNING, lease_expires_at__lt=now)

    def claimable(self, now: datetime) -> Self:
        """Return what a worker may take now."""
        return self.filter(claimable_at(now))

    def waiting_since(self, moment: datetime) -> Self:
        """Return pending jobs that nobody has sent a message for since ``moment``."""
        return self.filter(status=JobStatus.PENDING, deleted_at=None, last_sent_at__lt=moment)

    def abandoned_tickets(self, moment: datetime) -> Self:
        """Return tickets never confirmed, made before ``moment``."""
        return self.filter(status=JobStatus.UPLOADING, created_at__lt=moment, deleted_at=None)

    def completed_since(self, moment: datetime) -> Self:
        """Return what was completed after ``moment``, the latest first."""
        return self.filter(status=JobStatus.COMPLETED, finished_at__gt=moment).order_by("-finished_at")

    def counts_by_status(self) -> dict[str, int]:
        """Return how many jobs stand in each status."""
        return dict(self.order_by().values_list("status").annotate(jobs=Count("*")))


class Job(InTurn):
    """One file to annotate, from the ticket to the result."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # A user goes after their jobs have (see accounts.closing): a cascade would leave files that nobody knows of.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="jobs")
    status = models.CharField(max_length=10, choices=JobStatus.choices, default=JobStatus.UPLOADING)
    file_name = models.CharField(max_length=255, help_text="As the user named it; hostile text.")
    reference = models.CharField(max_length=80)
    haplotype_aware = models.BooleanField(default=False, help_text="Consequences by haplotype, from phased genotypes.")
    in_one_piece = models.BooleanField(
        default=False, db_default=False, help_text="Not to be cut into shards: something needs one pass over all of it."
    )
    small = models.BooleanField(
        default=False, db_default=False, help_text="A matter of seconds: a worker takes it beside what it is at."
    )
    input_key = models.CharField(max_length=300)
    input_size = models.PositiveBigIntegerField(default=0, help_text="Bytes.")
    awaits_upload = models.BooleanField(default=False, help_text="The file is announced, and nobody has looked at it.")
    announced_sha256 = models.CharField(max_length=44, blank=True, help_text="In base64; empty for a file in parts.")
    verdict = models.JSONField(default=dict, help_text="What the check before the queue found.")
    summary = models.JSONField(default=dict, help_text="The result's numbers; they stay when the files do not.")
    failure = models.TextField(blank=True, help_text="Why it failed, in a person's words.")

    attempt = models.PositiveIntegerField(default=0, help_text="Fencing number; each claim adds one.")
    deaths = models.PositiveSmallIntegerField(default=0, help_text="How often a worker vanished while it ran this.")
    worker = models.CharField(max_length=120, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    last_sent_at = models.DateTimeField(null=True, blank=True, help_text="When a queue message was last sent.")
    progress_stage = models.CharField(max_length=40, blank=True)
    progress_fraction = models.FloatField(default=0)
    progress_records = models.PositiveBigIntegerField(default=0)

    created_at = models.DateTimeField(default=timezone.now)
    queued_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True, help_text="Hidden since; the sweep removes the rest.")
    # What the archive knows of the result, once more, so that a list of any length is counted and paged by one index.
    away = models.BooleanField(
        default=False, db_default=False, help_text="Not to be downloaded now; written by the archive's moves."
    )

    # Where the result is; set by pages that show it, see availability.availability_of.
    availability: Availability | None = None
    # Its place in line; set by the list of jobs, see queueing.place.positions_of.
    position: int | None = None

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            # The file's name at their end lets SQLite search the list without reading the jobs that do not match.
            models.Index(
                fields=["user", "-created_at", "-id", "file_name"],
                condition=Q(deleted_at__isnull=True),
                name="job_list",
            ),
            models.Index(
                fields=["user", "status", "away", "-created_at", "-id", "file_name"],
                condition=Q(deleted_at__isnull=True),
                name="job_tabs",
            ),
            models.Index(fields=["queued_at"], condition=Q(status=JobStatus.PENDING), name="job_waiting"),
            models.Index(fields=IN_TURN, condition=Q(status=JobStatus.PENDING), name="job_turns"),
            models.Index(fields=["lease_expires_at"], condition=Q(status=JobStatus.RUNNING), name="job_leases"),
            models.Index(fields=["created_at"], condition=Q(status=JobStatus.UPLOADING), name="job_tickets"),
            models.Index(fields=["finished_at"], condition=Q(status=JobStatus.COMPLETED), name="job_completed"),
            models.Index(fields=["deleted_at"], condition=Q(deleted_at__isnull=False), name="job_deleted"),
        ]

    def __str__(self) -> str:
        return self.short_id

    def get_absolute_url(self) -> str:
        """Return the job's page."""
        return reverse("annotations:detail", args=[self.pk])

    @property
    def short_id(self) -> str:
        """Return the part of the id that people read to each other."""
        return str(self.pk)[:8]

    @property
    def is_active(self) -> bool:
        """Say whether it waits or runs."""
        return self.status in ACTIVE

    @property
    def is_terminal(self) -> bool:
        """Say whether nothing will change any more."""
        return self.status in TERMINAL

    @property
    def elapsed(self) -> timedelta | None:
        """Return how long it has been, or was, annotated; None before it starts."""
        if not self.started_at:
            return None
        return (self.finished_at or timezone.now()) - self.started_at

    @property
    def rate(self) -> float:
        """Return records a second so far."""
        elapsed = self.elapsed.total_seconds() if self.elapsed else 0
        return self.progress_records / elapsed if elapsed else 0

    @property
    def result_prefix(self) -> str:
        """Return where this attempt's files lie in the store; another attempt never writes there."""
        return f"results/{self.pk}/{self.attempt}"

    @property
    def keys(self) -> tuple[str, str]:
        """Return the two store prefixes that hold everything of this job."""
        return f"uploads/{self.pk}", f"results/{self.pk}"


class ResultFile(models.Model):
    """One file of a completed job, in the file store."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="files")
    kind = models.CharField(max_length=10)
    file_name = models.CharField(max_length=255)
    key = models.CharField(max_length=300)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "kind"], name="one_file_of_a_kind")]
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.kind} of {self.job_id}"


class PrivateSource(models.Model):
    """A source of the user's own, for one job; its file lies under the job's prefix and goes with it."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="private_sources")
    label = models.CharField(max_length=40, help_text="What its owner calls it; hostile text.")
    file_name = models.CharField(max_length=255, help_text="As the user named it; hostile text.")
    key = models.CharField(max_length=300)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    format = models.CharField(max_length=3)
    match = models.CharField(max_length=8)
    fields = models.TextField(help_text="Its INFO fields, separated by commas.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"source {self.pk} of {self.job_id}"


class JobEvent(models.Model):
    """One move of one job; written with the move, never changed."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="events")
    status = models.CharField(max_length=10, choices=JobStatus.choices)
    note = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.status} {self.note}".strip()


class DeletionReceipt(models.Model):
    """What was removed with a deleted job, and when; all that stays of it. No name, no link to anything."""

    job = models.UUIDField(unique=True)
    owner = models.BigIntegerField(help_text="The user's number; the user may be gone as well.")
    asked_at = models.DateTimeField()
    removed_at = models.DateTimeField(default=timezone.now)
    files = models.PositiveIntegerField(help_text="Files of the job, the uploaded one included.")
    bytes = models.PositiveBigIntegerField()
    second_look_at = models.DateTimeField(null=True, blank=True, help_text="When nothing was found left behind.")
    details = models.JSONField(default=dict, help_text="What the apps downstream removed: archives, retrievals.")

    class Meta:
        ordering = ["-removed_at", "-pk"]
        indexes = [models.Index(fields=["removed_at"], condition=Q(second_look_at=None), name="receipt_second_look")]

    def __str__(self) -> str:
        return f"{self.job}: {self.files} files"
