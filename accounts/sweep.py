"""Sends again what the queue lost, and removes closed accounts of which nothing else is left."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from accounts import closing
from accounts.models import Notification, User
from gas_site.queues import send_after_commit

# A message that was not lost is taken within this time; a doubled one finds nothing to claim.
PATIENCE = timedelta(minutes=2)
BATCH = 500


def sweep() -> None:
    """Run every step."""
    send_again()
    for pk in User.objects.exclude(closed_at=None).values_list("pk", flat=True)[:BATCH]:
        closing.finish(pk)


def send_again() -> None:
    """Wake a worker for each notification that has waited too long."""
    from accounts.actors import send_notification  # noqa: PLC0415 (the actors import the domain)

    waiting = Notification.objects.unsent().filter(created_at__lt=timezone.now() - PATIENCE).order_by("created_at")
    for pk in waiting.values_list("pk", flat=True)[:BATCH]:
        send_after_commit(send_notification, str(pk))
