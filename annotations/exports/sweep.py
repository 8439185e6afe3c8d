"""The sweep's part in exports: what the queue lost, what a dead worker held, what has expired."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from annotations.exports import moves
from annotations.models import Export, ExportState
from gas_site.storage import file_store

#: An export is sent again this long after its last message; a doubled message finds nothing to claim.
RESEND_AFTER = timedelta(minutes=2)
BATCH = 200


def sweep_exports() -> None:
    """Run every step; safe to run twice at once."""
    now = timezone.now()
    for export in Export.objects.filter(state=ExportState.MAKING, lease_expires_at__lt=now)[:BATCH]:
        moves.take_from_dead_worker(export, now)
    for pk, sent in (
        Export.objects.filter(state=ExportState.ORDERED, last_sent_at__lt=now - RESEND_AFTER)
        .order_by("last_sent_at")
        .values_list("pk", "last_sent_at")[:BATCH]
    ):
        if Export.objects.filter(pk=pk, state=ExportState.ORDERED, last_sent_at=sent).update(last_sent_at=now):
            moves.wake(pk)
    for export in Export.objects.filter(expires_at__lt=now).exclude(state=ExportState.MAKING)[:BATCH]:
        # The files of all attempts first: a file without a row would be a genome that nobody knows of.
        file_store().remove_tree(f"results/{export.job_id}/exports/{export.pk}")
        Export.objects.filter(pk=export.pk, expires_at__lt=now).delete()
