"""Exports that a worker makes, and their states."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone

from annotations.models.jobs import Job


class ExportState(models.TextChoices):
    """Where a large export is; see exports.moves."""

    ORDERED = "ordered", "Waiting"
    MAKING = "making", "Being made"
    READY = "ready", "Ready"
    FAILED = "failed", "Failed"


class Export(models.Model):
    """An export that a worker makes, since it is too large to wait for; it goes with the job, or when it expires."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="exports")
    state = models.CharField(max_length=8, choices=ExportState.choices, default=ExportState.ORDERED)
    format = models.CharField(max_length=10)
    query = models.TextField(help_text="As explorer.filters.Filter.to_text writes it.")
    sort = models.CharField(max_length=300)
    rows = models.PositiveBigIntegerField(help_text="Variants that the filter takes.")
    size = models.PositiveBigIntegerField(default=0, help_text="Bytes, once it is ready.")
    failure = models.TextField(blank=True, help_text="Why it failed, in a person's words.")
    attempt = models.PositiveIntegerField(default=0, help_text="Fencing number; each claim adds one.")
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    last_sent_at = models.DateTimeField(default=timezone.now, help_text="When a queue message was last sent.")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(help_text="Then the sweep removes it with its file.")

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["expires_at"], name="export_expiry")]

    def __str__(self) -> str:
        return f"{self.format} of {self.job_id}"

    @property
    def key(self) -> str:
        """Return where this attempt's file lies in the store: below the job's results, with which it is removed."""
        return f"results/{self.job_id}/exports/{self.pk}/{self.attempt}"

    @property
    def is_active(self) -> bool:
        """Say whether it is still to be made."""
        return self.state in {ExportState.ORDERED, ExportState.MAKING}
