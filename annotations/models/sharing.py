"""Links by which others read a result, and how often they were used."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from annotations.models.jobs import Job


class SharedLink(models.Model):
    """A link by which others read a result; the token itself is not kept."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="links")
    token_hash = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token, in hexadecimal.")
    label = models.CharField(max_length=80, blank=True, help_text="What its owner calls it; never shown to visitors.")
    with_variants = models.BooleanField(default=True)
    with_exports = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"link {self.pk} to {self.job_id}"

    @property
    def is_open(self) -> bool:
        """Say whether it leads anywhere."""
        return self.revoked_at is None and self.expires_at > timezone.now()


class LinkVisits(models.Model):
    """How often a link was used within an hour, and for what. Nothing about who used it."""

    link = models.ForeignKey(SharedLink, on_delete=models.CASCADE, related_name="visits")
    hour = models.DateTimeField()
    what = models.CharField(max_length=10, help_text="result, variants or exports")
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["link", "hour", "what"], name="one_count_an_hour")]
        ordering = ["-hour", "what"]

    def __str__(self) -> str:
        return f"{self.count} of link {self.link_id}"
