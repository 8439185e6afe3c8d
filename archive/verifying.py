"""Reads again the copy that counts and compares it with what the job made."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django.utils import timezone

from archive.copies import wanted
from archive.models import Holding, HoldingFile
from archive.vaults import vault_named
from archive.vaults.base import ArchiveDamaged, ArchiveMissing, Beat, Content, Vault, VaultFault, no_beat
from archive.vaults.hashing import hashed_file
from gas_site.queues import send_after_commit
from gas_site.storage import file_store

logger = logging.getLogger(__name__)

# What last_error begins with when a verification wrote it; a later good one takes only its own words back.
FOUND = "verification: "


def verify(holding: Holding, beat: Beat = no_beat) -> str:
    """Read every copy that counts; return "" or what is wrong, which the row then says too. Changes no state.

    A holding that a worker moves meanwhile is judged by nobody: its row is written to only where it is as it was.
    """
    try:
        problem = _first_problem(holding, beat)
    except (VaultFault, OSError) as error:
        problem = f"the vault or the file store cannot be read ({type(error).__name__})"
    same = Holding.objects.filter(pk=holding.pk, state=holding.state, fence=holding.fence)
    if problem:
        return problem if same.update(last_error=FOUND + problem) else ""
    same.update(verified_at=timezone.now())
    same.filter(last_error__startswith=FOUND).update(last_error="")
    return ""


def order(holdings: Iterable[Holding]) -> int:
    """Have a worker verify each of the holdings; return how many. It reads whole genomes, for which no page waits."""
    from archive.actors import verify_holding  # noqa: PLC0415 (the actors import the domain)

    keys = [holding.pk for holding in holdings]
    for pk in keys:
        send_after_commit(verify_holding, str(pk))
    return len(keys)


def verify_by_key(pk: int) -> None:
    """Verify a holding, unless it has gone with its job meanwhile."""
    holding = Holding.objects.filter(pk=pk).first()
    if holding and (problem := verify(holding)):
        logger.error("holding %s: %s", holding.job_id, problem)


def _first_problem(holding: Holding, beat: Beat) -> str:
    place = None if holding.is_hot else vault_named(holding.vault)
    for file in holding.files.all():
        content = _cold(place, file, beat) if place else _hot(file, beat)
        where = "vault" if place else "file store"
        if content is None:
            return f"the {file.kind} is not in the {where}, or is damaged there"
        if content != wanted(file):
            return f"the {file.kind} in the {where} differs from what the job made"
    return ""


def _hot(file: HoldingFile, beat: Beat) -> Content | None:
    try:
        return hashed_file(file_store().read(file.key), beat)
    except FileNotFoundError:
        return None


def _cold(place: Vault, file: HoldingFile, beat: Beat) -> Content | None:
    try:
        return place.checksum(file.archive_id, beat)
    except (ArchiveMissing, ArchiveDamaged):
        return None
