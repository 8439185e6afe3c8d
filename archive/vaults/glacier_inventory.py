"""What Glacier itself says lies in a vault: it writes an inventory once a day, and hands it out hours after the wish.

An archive there that no row knows is of an upload whose last answer was lost, of another site in the same vault, or
younger than the backup that the database was restored from. Only the first of these may go, so nobody decides it here.
https://docs.aws.amazon.com/amazonglacier/latest/dev/vault-inventory.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from archive.models import GlacierArchive, HoldingFile
from archive.vaults.glacier import GlacierVault
from archive.vaults.glacier_service import told_apart

# Younger than that, an inventory is read again and none is asked for: Glacier writes one a day.
FRESH = timedelta(hours=12)
BATCH = 500


@dataclass(frozen=True)
class Unowned:
    """An archive that no row knows: its id, what it was stored under (a job's id), bytes, and when it was stored."""

    archive_id: str
    label: str
    size: int
    stored_at: datetime


@dataclass(frozen=True)
class Inventory:
    """The newest inventory: when Glacier wrote it, how many archives it lists, and those that nobody owns."""

    written_at: datetime
    archives: int
    unowned: list[Unowned]


def newest(vault: GlacierVault) -> Inventory | None:
    """Read the newest inventory that can be read, and ask for the next in time; None where none can be read yet.

    Raises VaultFault.
    """
    jobs = list(vault.service.inventory_jobs())
    done = [job for job in jobs if job["StatusCode"] == "Succeeded"]
    latest = max(done, key=lambda job: str(job["CreationDate"]), default=None)
    waiting = any(job["StatusCode"] == "InProgress" for job in jobs)
    if not waiting and (latest is None or timezone.now() - _moment(latest["CreationDate"]) > FRESH):
        vault.service.start_inventory()
    return _read(vault, latest["JobId"]) if latest else None


def _read(vault: GlacierVault, job: str) -> Inventory:
    with told_apart(), vault.service.output(job, 0) as body:
        listed: dict[str, Any] = json.load(body)
    rows = [
        Unowned(row["ArchiveId"], row["ArchiveDescription"], row["Size"], _moment(row["CreationDate"]))
        for row in listed["ArchiveList"]
    ]
    known: set[str] = set()
    for start in range(0, len(rows), BATCH):
        ids = [row.archive_id for row in rows[start : start + BATCH]]
        found = GlacierArchive.objects.filter(vault=vault.name, archive_id__in=ids)
        known.update(found.values_list("archive_id", flat=True))
        # What a holding refers to is no stranger, whatever became of the vault's own row.
        known.update(HoldingFile.objects.filter(archive_id__in=ids).values_list("archive_id", flat=True))
    unowned = [row for row in rows if row.archive_id not in known]
    return Inventory(_moment(listed["InventoryDate"]), len(rows), unowned)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
