"""What a row has that takes its turn at a worker: a whole job, or one shard of a large one."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

#: The order of the queue, of equal turns first come, first served. Both tables have an index on it.
IN_TURN = ("turn_at", "queued_at")


class InTurn(models.Model):
    """The turn of a piece of work. Given once, when it enters the queue (``annotations.queueing.turns``), and kept."""

    expected_seconds = models.FloatField(default=0, db_default=0.0, help_text="What it is expected to take a worker.")
    turn_at = models.DateTimeField(default=timezone.now, db_default=Now(), help_text="Its place in the order.")
    # The stretch of its owner's share that it takes; what the owner adds next begins where the last one ends.
    share_from = models.DateTimeField(default=timezone.now, db_default=Now())
    share_until = models.DateTimeField(default=timezone.now, db_default=Now())
    not_before = models.DateTimeField(null=True, blank=True, help_text="Put off until then: the store was away.")

    class Meta:
        abstract = True
