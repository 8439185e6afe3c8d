"""Holdings: where the files of a completed job are, and every move between the file store and the vault."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone

from annotations.models import Job


class HoldingState(models.TextChoices):
    """Where a job's cold-going files are."""

    AVAILABLE = "available", "Available"
    ARCHIVING = "archiving", "Archiving"
    ARCHIVED = "archived", "Archived"
    RESTORING = "restoring", "Restoring"


# The only moves there are; moves.py is the only one who makes them. The two backward ones are a call-off: the copy
# that the move was to replace is still whole, because it is deleted only after the move forward.
MOVES: dict[HoldingState, frozenset[HoldingState]] = {
    HoldingState.AVAILABLE: frozenset({HoldingState.ARCHIVING}),
    HoldingState.ARCHIVING: frozenset({HoldingState.ARCHIVED, HoldingState.AVAILABLE}),
    HoldingState.ARCHIVED: frozenset({HoldingState.RESTORING}),
    HoldingState.RESTORING: frozenset({HoldingState.AVAILABLE, HoldingState.ARCHIVED}),
}
# The file store has every file in these states, the vault in the others.
HOT = frozenset({HoldingState.AVAILABLE, HoldingState.ARCHIVING})


class RestoreRequest(models.Model):
    """One wish to have results back, by an upgrade or by staff: what the one mail at its end is about."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="restore_requests")
    reason = models.CharField(max_length=80)
    total = models.PositiveIntegerField(default=0)
    restored = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["created_at"], condition=Q(finished_at=None), name="restore_request_open"),
        ]

    def __str__(self) -> str:
        return f"{self.reason}: {self.restored} of {self.total}"


class HoldingQuerySet(models.QuerySet["Holding"]):
    """Holdings in the words of the domain."""

    def of(self, user: Any) -> Self:
        """Return the holdings of ``user``."""
        return self.filter(owner=user)

    def wanting_work(self, now: datetime) -> Self:
        """Return what a worker could do something for, whoever holds it. Columns of the row only; see ``claimable``."""
        due = Q(state=HoldingState.AVAILABLE, due_at__lte=now)
        under_way = Q(state__in=[HoldingState.ARCHIVING, HoldingState.RESTORING])
        return self.filter(due | under_way | Q(untidy=True)).filter(Q(retry_at=None) | Q(retry_at__lte=now))

    def unclaimed(self, now: datetime) -> Self:
        """Return what nobody holds."""
        return self.filter(Q(lease_expires_at=None) | Q(lease_expires_at__lt=now))

    def claimable(self, now: datetime) -> Self:
        """Return what wants work, nobody holds, and whose job is not deleted.

        No join: with one, Django updates ``WHERE id IN (SELECT …)``, whose inner part PostgreSQL does not look at
        again once the row that two workers wait for is free, and both would win.
        """
        there = Exists(Job.objects.filter(pk=OuterRef("job_id"), deleted_at=None))
        return self.wanting_work(now).unclaimed(now).filter(there)

    def counts_by_state(self) -> dict[str, int]:
        """Return how many holdings stand in each state."""
        return dict(self.order_by().values_list("state").annotate(Count("pk")))

    def overlooked(self, moment: datetime) -> Self:
        """Return what expected a message, or had a worker, before ``moment``, and has not been looked at since."""
        return self.filter(wake_at__lt=moment).order_by("wake_at")


class Holding(models.Model):
    """The files of one completed job that go cold: which copy counts, and what is to be done when."""

    job = models.OneToOneField(Job, on_delete=models.CASCADE, related_name="holding")
    # The job's owner once more, so that "everything of this user" reads one index and no other user's rows.
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="holdings")
    state = models.CharField(max_length=10, choices=HoldingState.choices, default=HoldingState.AVAILABLE)
    since = models.DateTimeField(default=timezone.now, help_text="In this state since.")
    due_at = models.DateTimeField(null=True, blank=True, help_text="Goes cold then; empty means it stays.")
    untidy = models.BooleanField(default=False, help_text="The copy that no longer counts is still to be removed.")
    vault = models.CharField(max_length=200, blank=True, help_text="The vault that its archives lie in.")
    tier = models.CharField(max_length=10, blank=True, help_text="The retrieval's tier, asked for or granted.")
    expected_at = models.DateTimeField(null=True, blank=True, help_text="When the vault says it will be retrieved.")
    request = models.ForeignKey(
        RestoreRequest, on_delete=models.SET_NULL, null=True, blank=True, related_name="holdings"
    )
    verified_at = models.DateTimeField(null=True, blank=True, help_text="When its copies were last read and compared.")

    fence = models.PositiveIntegerField(default=0, help_text="Fencing number; each claim adds one.")
    worker = models.CharField(max_length=120, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0, help_text="Failures in a row.")
    last_error = models.CharField(max_length=300, blank=True)
    retry_at = models.DateTimeField(null=True, blank=True, help_text="Not before then, after a failure.")
    wake_at = models.DateTimeField(
        null=True, blank=True, help_text="When the next message arrives, or the lease ends; later, the sweep steps in."
    )

    objects = HoldingQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["owner", "state"], name="holding_of_user"),
            models.Index(fields=["wake_at"], condition=Q(wake_at__isnull=False), name="holding_wake"),
            models.Index(fields=["state", "since"], name="holding_state"),
            models.Index(fields=["since"], condition=~Q(last_error=""), name="holding_error"),
        ]

    def __str__(self) -> str:
        return f"{self.job_id} {self.state}"

    @property
    def is_hot(self) -> bool:
        """Say whether the file store has every file."""
        return self.state in HOT

    @property
    def label(self) -> str:
        """Return what the vault finds this holding's archives by."""
        return str(self.job_id)


class HoldingFile(models.Model):
    """One file of a holding: what it must hold, and where its archive is."""

    holding = models.ForeignKey(Holding, on_delete=models.CASCADE, related_name="files")
    kind = models.CharField(max_length=10)
    key = models.CharField(max_length=300, help_text="In the file store.")
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    archive_id = models.CharField(max_length=400, blank=True, help_text="In the vault; empty where it has none.")
    retrieval = models.CharField(max_length=400, blank=True, help_text="The vault's id for the retrieval asked for.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["holding", "kind"], name="one_holding_file_of_a_kind")]
        indexes = [models.Index(fields=["archive_id"], condition=~Q(archive_id=""), name="holding_file_archive")]
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.kind} of {self.holding_id}"


class HoldingEvent(models.Model):
    """One move of one holding; written with the move, never changed."""

    holding = models.ForeignKey(Holding, on_delete=models.CASCADE, related_name="events")
    state = models.CharField(max_length=10, choices=HoldingState.choices)
    note = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.state} {self.note}".strip()


class Policy(models.Model):
    """What staff decide of cold storage. One row; without it, everything goes cold and RESTORE_TIERS holds."""

    smallest = models.PositiveBigIntegerField(
        "smallest result",
        default=0,
        help_text="Bytes. A result whose files are smaller together stays in the file store: see what archiving costs.",
    )
    tiers = models.CharField(
        max_length=40,
        blank=True,
        help_text="Tiers to ask results back in, in turn, with commas between; empty: as RESTORE_TIERS says.",
    )

    class Meta:
        verbose_name_plural = "policy"

    def __str__(self) -> str:
        return "Policy of cold storage"


class DeedKind(models.TextChoices):
    """What Amazon sends a bill for."""

    ARCHIVED = "archived", "Archived"
    RETRIEVED = "retrieved", "Retrieved"


class Deed(models.Model):
    """One file that was written into the vault or asked back: what a month's figures add up. No link to anybody."""

    kind = models.CharField(max_length=10, choices=DeedKind.choices)
    tier = models.CharField(max_length=10, blank=True)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["at"], name="deed_at")]

    def __str__(self) -> str:
        return f"{self.kind} {self.tier}".strip()


class GlacierArchive(models.Model):
    """One archive in a vault of Glacier's own API, which lists its archives once a day and never by a label."""

    vault = models.CharField(max_length=200)
    label = models.CharField(max_length=64)
    archive_id = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    tree_hash = models.CharField(max_length=64, blank=True, help_text="Glacier's own checksum.")
    job = models.CharField(max_length=120, blank=True, help_text="The last retrieval job.")
    job_tier = models.CharField(max_length=10, blank=True)
    job_due_at = models.DateTimeField(null=True, blank=True)
    stored_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["vault", "archive_id"], name="one_row_a_glacier_archive")]
        indexes = [models.Index(fields=["vault", "label"], name="glacier_archive_label")]

    def __str__(self) -> str:
        return f"{self.label} {self.size}"


# A failed deed is tried again after 5 s, 10 s, 20 s … and then every hour.
FIRST_RETRY = timedelta(seconds=5)
LAST_RETRY = timedelta(hours=1)


def retry_delay(attempts: int) -> timedelta:
    """Return how long to wait after the ``attempts``-th failure in a row."""
    return min(FIRST_RETRY * (1 << min(attempts - 1, 20)), LAST_RETRY)
