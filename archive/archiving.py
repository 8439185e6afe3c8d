"""Moves a holding's files into the vault: precondition, stamp, deed, in this order, and deletes last.

Whatever line a worker dies at, the next one starts from the row: an archive whose id was noted is not stored
again, one whose id was not is found by its label and removed.
"""

from __future__ import annotations

import logging
from typing import Any

from django.db.models import Q
from django.utils import timezone

from archive.claims import Claim, LostClaim, fenced, owner_locked
from archive.copies import BadCopy, wanted
from archive.failpoints import reach
from archive.models import Deed, DeedKind, Holding, HoldingFile, HoldingState
from archive.moves import NO_ERROR, move
from archive.policy import stays
from archive.rereading import Rereading
from archive.vaults import vault, vault_named
from archive.vaults.base import ArchiveDamaged, ArchiveMissing, Beat, Content, Stored, Vault
from archive.vaults.disk_files import FilePieces
from gas_site.storage import file_store

logger = logging.getLogger(__name__)


def archive(claim: Claim) -> None:
    """Copy to the vault, compare, publish, remove from the file store."""
    if not start(claim):
        return
    holding = claim.holding()
    place = vault_named(holding.vault)
    with Rereading(claim, lambda file, beat: vault_copy(place, file, beat), aside=place.reads_back) as rereading:
        for file in holding.files.all():
            _store(claim, place, holding, file)
            rereading.ask(file)
            for read, content in rereading.so_far():
                _compare(claim, place, read, content)
        for read, content in rereading.all():
            _compare(claim, place, read, content)
    if publish(claim):
        tidy(claim, verified=True)


def start(claim: Claim) -> bool:
    """Move to ARCHIVING if plan and policy, read again now, let the result go cold; call it off otherwise."""
    with owner_locked(claim) as plan:
        holding = claim.holding()
        if plan.retention is None or (holding.state == HoldingState.AVAILABLE and stays(holding)):
            _call_off(claim, holding)
            return False
        if holding.state == HoldingState.AVAILABLE:
            due = claim.held & Q(due_at__lte=timezone.now())
            place = holding.vault or vault().name
            if not move(holding.pk, HoldingState.ARCHIVING, where=due, vault=place, untidy=False):
                return False  # called off since it was claimed
    reach("archive.started")
    return True


def _call_off(claim: Claim, holding: Holding) -> None:
    """Keep the result where it is. Every file is still there: they go only after ARCHIVED."""
    if holding.state == HoldingState.ARCHIVING:
        note = "called off: the plan keeps results"
        move(holding.pk, HoldingState.AVAILABLE, where=claim.held, note=note, due_at=None, untidy=True, request=None)
    else:
        Holding.objects.filter(claim.held, pk=holding.pk).update(due_at=None)


def _store(claim: Claim, place: Vault, holding: Holding, file: HoldingFile) -> None:
    """Store one file and note the archive's id, unless an earlier worker did."""
    if file.archive_id:
        return
    with file_store().read(file.key) as source:
        stored = place.store(holding.label, FilePieces(source, wanted(file), claim.beat))
    reach("archive.stored")
    _note(claim, place, file, stored)
    reach("archive.noted")


def _compare(claim: Claim, place: Vault, file: HoldingFile, content: Content | None) -> None:
    """Compare what the archive was read to hold. Raises BadCopy, and forgets the archive, when it is not the file."""
    if content != wanted(file):
        _forget(claim, place, file)
        raise BadCopy(f"the stored copy of the {file.kind} differs from what the job made")
    reach("archive.verified")


def vault_copy(place: Vault, file: HoldingFile, beat: Beat) -> Content | None:
    """Return what the file's archive holds, or None when there is none that can be read."""
    try:
        return place.checksum(file.archive_id, beat)
    except (ArchiveMissing, ArchiveDamaged):
        return None


def _note(claim: Claim, place: Vault, file: HoldingFile, stored: Stored) -> None:
    try:
        with fenced(claim):
            HoldingFile.objects.filter(pk=file.pk).update(archive_id=stored.archive_id)
            Deed.objects.create(kind=DeedKind.ARCHIVED, size=file.size)
    except LostClaim:
        place.remove(stored.archive_id)  # nobody else knows of it
        raise
    file.archive_id = stored.archive_id


def _forget(claim: Claim, place: Vault, file: HoldingFile) -> None:
    """Remove a bad archive, then its id: the other way round, a crash would leave an archive nobody knows of."""
    claim.renew()
    place.remove(file.archive_id)
    with fenced(claim):
        HoldingFile.objects.filter(pk=file.pk).update(archive_id="", retrieval="")


def publish(claim: Claim) -> bool:
    """Make the vault's copies the ones that count; False when the owner was upgraded and they are asked back."""
    with owner_locked(claim) as plan:
        now = timezone.now()
        cold: dict[str, Any] = {"untidy": True, "due_at": None, "verified_at": now}
        if not move(claim.pk, HoldingState.ARCHIVED, where=claim.held, **cold):
            raise LostClaim
        upgraded = plan.retention is None
        if upgraded:
            note = "asked back: upgraded meanwhile"
            move(claim.pk, HoldingState.RESTORING, where=claim.held, note=note, untidy=False)
    reach("archive.published")
    return not upgraded


def tidy(claim: Claim, *, verified: bool = False) -> None:
    """Remove the files of an archived holding from the file store, and archives that nobody noted from the vault.

    ``verified`` says that this claim has just read the archives; otherwise they are read again first.
    """
    holding = claim.holding()
    place = vault_named(holding.vault)
    files = list(holding.files.all())
    for file in [] if verified else files:
        if vault_copy(place, file, claim.beat) != wanted(file):
            raise BadCopy(f"the archive of the {file.kind} differs from what the job made; the file is kept")
    for file in files:
        claim.renew()
        file_store().remove(file.key)
        reach("archive.removed")
    claim.renew()
    file_store().clear_aside([file.key for file in files])  # a restore that was called off, and its worker killed
    remove_strays(claim, place, holding)
    Holding.objects.filter(claim.held, pk=holding.pk).update(untidy=False, **NO_ERROR)
    reach("archive.tidied")


def remove_strays(claim: Claim, place: Vault, holding: Holding) -> None:
    """Remove what a worker stored and died before noting."""
    known = set(holding.files.values_list("archive_id", flat=True))
    for stray in place.labelled(holding.label):
        if stray not in known:
            claim.renew()
            place.remove(stray)
