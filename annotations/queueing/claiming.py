"""Who is next: what a worker takes when a message has woken it, whatever that message was about."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from annotations import moves
from annotations.models import Job


def claim_next(worker: str) -> Job | None:
    """Take the piece whose turn it is under a lease, or return None when nothing waits.

    Workers that are woken together do not queue up for the same row: where the database can, each passes over the rows
    that another is just taking. Whoever loses all the same tries the next.
    """
    while Job.objects.claimable(timezone.now()).exists():
        with transaction.atomic():
            waiting = Job.objects.select_for_update(skip_locked=True).claimable(timezone.now())
            head = waiting.order_by("turn_at", "queued_at").values_list("pk", flat=True).first()
            if head is None:
                return None  # what there is, others are taking now
            job = moves.claim(head, worker)
        if job is not None:
            return job
    return None
