"""Removes what the archive holds of a deleted job: archives, retrievals, and whatever was left half done."""

from __future__ import annotations

from uuid import UUID

from annotations.models import Job
from archive.failpoints import reach
from archive.models import Holding
from archive.moves import without_claim
from archive.vaults import vault, vault_named


def remove_holding(job: Job) -> dict[str, int]:
    """Remove the job's archives; return the counts for its receipt. Safe to run again after whatever stopped it.

    A worker at the holding loses its claim first, and nobody can claim it again, because the job is deleted. The
    rows stay until the job's own goes, so that a second run counts the same. Raises VaultFault, OSError: try later.
    """
    holding = Holding.objects.filter(job=job).first()
    if holding is None:
        return {}
    Holding.objects.filter(pk=holding.pk).update(**without_claim())
    archived = list(holding.files.exclude(archive_id=""))
    place = vault_named(holding.vault)
    for archive_id in {file.archive_id for file in archived} | set(place.labelled(holding.label)):
        place.remove(archive_id)
        reach("delete.removed")
    return {
        "archives": len(archived),
        "archive_bytes": sum(file.size for file in archived),
        "retrievals": sum(1 for file in archived if file.retrieval),
    }


def remove_late_archives(job_id: UUID) -> None:
    """Remove what a worker stored for a job that was deleted meanwhile. Raises VaultFault, OSError: try later."""
    place = vault()
    for archive_id in place.labelled(str(job_id)):
        place.remove(archive_id)
