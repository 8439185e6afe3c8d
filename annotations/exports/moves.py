"""The one place where an export's state changes: conditional updates, so that of two that race one wins."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.notifications import notify
from annotations.models import Export, ExportState, Job
from gas_site.queues import send_after_commit

#: How long a finished export is kept, and one that nobody finished.
KEPT = timedelta(days=1)
#: One that takes its worker down with it is not started a fourth time.
MAX_ATTEMPTS = 3
#: Exports of one user that wait or are made.
MOST_ACTIVE = 3


class TooMany(Exception):
    """The user has as many exports under way as they may."""


def order(job: Job, *, name: str, query: str, sort: str, rows: int) -> Export:
    """Have an export made; the same one that is under way already is not doubled. Raises TooMany."""
    active = Export.objects.filter(job__user_id=job.user_id, state__in=[ExportState.ORDERED, ExportState.MAKING])
    with transaction.atomic():
        same = active.filter(job=job, format=name, query=query, sort=sort).first()
        if same is not None:
            return same
        if active.count() >= MOST_ACTIVE:
            raise TooMany(f"{MOST_ACTIVE} of your exports are being made. Order this one when one of them is done.")
        export = Export.objects.create(
            job=job, format=name, query=query, sort=sort, rows=rows, expires_at=timezone.now() + KEPT
        )
        wake(export.pk)
    return export


def wake(export_id: UUID) -> None:
    """Send the message that makes a worker look at the row."""
    from annotations.actors import make_export  # noqa: PLC0415 (the actors import the domain)

    send_after_commit(make_export, str(export_id))


def claim(export_id: UUID) -> Export | None:
    """Take an export that waits under a lease, or return None when it is not there to be taken."""
    won = Export.objects.filter(pk=export_id, state=ExportState.ORDERED, job__deleted_at=None).update(
        state=ExportState.MAKING, attempt=F("attempt") + 1, lease_expires_at=timezone.now() + settings.LEASE
    )
    return Export.objects.select_related("job__user").get(pk=export_id) if won else None


def renew(export: Export) -> bool:
    """Prolong the lease; False means that it was taken over or is gone: stop."""
    lease = timezone.now() + settings.LEASE
    return bool(_held(export).filter(job__deleted_at=None).update(lease_expires_at=lease))


def complete(export: Export, size: int) -> bool:
    """Publish the file of this attempt and tell the owner; False where it was taken over, or the job is deleted."""
    expires = timezone.now() + KEPT
    with transaction.atomic():
        won = (
            _held(export)
            .filter(job__deleted_at=None)
            .update(state=ExportState.READY, size=size, lease_expires_at=None, expires_at=expires)
        )
        if won:
            _tell(export, ready=True)
    return bool(won)


def fail(export: Export, reason: str) -> bool:
    """End an export with a sentence for its owner, and tell them."""
    with transaction.atomic():
        won = _held(export).update(state=ExportState.FAILED, failure=reason, lease_expires_at=None)
        if won:
            _tell(export, ready=False)
    return bool(won)


def take_from_dead_worker(export: Export, now: datetime) -> bool:
    """Put an export whose lease ran out back among those that wait, or end it after the third time."""
    if export.attempt >= MAX_ATTEMPTS:
        return fail(export, f"The worker stopped {MAX_ATTEMPTS} times while making this file. Choose another format.")
    with transaction.atomic():
        won = (
            _held(export)
            .filter(lease_expires_at__lt=now)
            .update(state=ExportState.ORDERED, lease_expires_at=None, last_sent_at=now)
        )
        if won:
            wake(export.pk)
    return bool(won)


def _held(export: Export) -> QuerySet[Export]:
    """The row while this attempt still has it."""
    return Export.objects.filter(pk=export.pk, attempt=export.attempt, state=ExportState.MAKING)


def _tell(export: Export, *, ready: bool) -> None:
    path = reverse("annotations:exports", args=[export.job_id])
    context = {"short_id": export.job.short_id, "path": path, "ready": ready, "days": KEPT.days}
    notify(export.job.user, "export_ready", export.pk, context)
