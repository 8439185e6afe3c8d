"""Sends again what the queue lost: notifications that nobody mailed, closings that nobody finished."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from accounts.models import Closing, Notification
from gas_site.queues import send_after_commit

# A message that was not lost is taken within this time; a doubled one finds nothing to claim.
PATIENCE = timedelta(minutes=2)
# A receipt that could not be sent by then never will be, and its address is nothing to keep.
RECEIPT_LIFE = timedelta(days=3)
BATCH = 500


def sweep() -> None:
    """Wake a worker for each notification and each closing that has waited too long."""
    from accounts.actors import finish_closing, send_notification  # noqa: PLC0415 (the actors import the domain)

    before = timezone.now() - PATIENCE
    waiting = Notification.objects.unsent().filter(created_at__lt=before).order_by("created_at")
    for pk in waiting.values_list("pk", flat=True)[:BATCH]:
        send_after_commit(send_notification, str(pk))
    Closing.objects.filter(finished_at__lt=timezone.now() - RECEIPT_LIFE).exclude(email="").update(email="")
    unfinished = Q(finished_at=None) | Q(mailed_at=None) & ~Q(email="")
    for pk in Closing.objects.filter(unfinished, asked_at__lt=before).values_list("pk", flat=True)[:BATCH]:
        send_after_commit(finish_closing, str(pk))
