"""Puts right what lost messages and dead workers leave behind. Safe to run twice at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils import timezone

from archive import requests, waking
from archive.models import Holding, RestoreRequest
from archive.moves import repeat_moves_since

BATCH = 500
# A request is finished by its last restore; the sweep is for those whose last holding was deleted or called off.
REQUEST_PATIENCE = timedelta(minutes=1)
# How long two versions work side by side at most.
ROLL_OUT = timedelta(days=1)


def sweep() -> None:
    """Run every step."""
    while len(rows := overlooked()) == BATCH:
        wake(rows)
    wake(rows)
    finish_requests()
    repeat_moves_since(timezone.now() - ROLL_OUT)


def overlooked() -> list[tuple[int, datetime]]:
    """Return holdings whose message is late or whose worker let the lease run out, oldest first."""
    late = Holding.objects.overlooked(timezone.now() - waking.patience())
    return [(row.pk, row.wake_at) for row in late.only("pk", "wake_at")[:BATCH] if row.wake_at]


def wake(rows: Iterable[tuple[int, datetime]]) -> None:
    """Send a message for each. The stamp is a condition: one sweep of two sends."""
    now = timezone.now()
    for pk, seen in rows:
        if Holding.objects.filter(pk=pk, wake_at=seen).update(wake_at=now):
            waking.send(pk)


def finish_requests() -> None:
    """End the requests that nothing is left of."""
    opened = RestoreRequest.objects.filter(finished_at=None, created_at__lt=timezone.now() - REQUEST_PATIENCE)
    for request_id, owner_id in opened.filter(holdings=None).values_list("pk", "owner")[:BATCH]:
        requests.finish_in_turn(request_id, owner_id)
