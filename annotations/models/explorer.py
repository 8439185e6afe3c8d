"""What a user keeps of the explorer: filters under a name, chosen columns, notes on variants."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from annotations.models.jobs import Job


class SavedFilter(models.Model):
    """A filter of the explorer under a name, for any result of its user."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_filters")
    name = models.CharField(max_length=80)
    query = models.TextField(help_text="As explorer.filters.Filter.to_text writes it; a pasted list makes it long.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="one_filter_of_a_name")]
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return f"filter {self.pk}"


class ColumnChoice(models.Model):
    """Which columns a user last chose for results of a reference, and in which order."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="column_choices")
    reference = models.CharField(max_length=80)
    columns = models.TextField(help_text="Names with commas between them.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "reference"], name="one_choice_a_reference")]

    def __str__(self) -> str:
        return f"columns of {self.user_id} for {self.reference}"


class VariantNote(models.Model):
    """What the owner of a job wrote about one of its variants; it goes with the job."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="notes")
    row = models.PositiveBigIntegerField(help_text="The variant's row in the job's table.")
    text = models.TextField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "row"], name="one_note_a_variant")]
        ordering = ["row"]

    def __str__(self) -> str:
        return f"note on row {self.row} of {self.job_id}"
