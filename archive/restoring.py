"""Brings a holding's files back: ask the vault, wait, thaw, compare, publish, and remove the archives last."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from archive import policy, requests
from archive.archiving import remove_strays
from archive.claims import Claim, LostClaim, fenced, owner_locked
from archive.copies import BadCopy, checked, copy_under, hot_copy, wanted
from archive.failpoints import reach
from archive.models import Deed, DeedKind, Holding, HoldingFile, HoldingState
from archive.moves import NO_ERROR, move
from archive.rereading import Rereading
from archive.vaults import vault_named
from archive.vaults.base import Content, InsufficientCapacity, Readiness, Retrieval, Standing, Vault
from gas_site.storage import file_store

# How soon to look again when the vault is later than it said, or did not say.
POLL_EVERY = timedelta(minutes=1)


def restore(claim: Claim) -> None:
    """Do what can be done for a restoring holding now: ask, wait, or thaw and publish.

    A file that is in the file store, whole, is not asked for: an earlier worker thawed it, or the upgrade came
    before the archive had removed it.
    """
    holding = claim.holding()
    place = vault_named(holding.vault)
    missing = [file for file in holding.files.all() if hot_copy(file, claim.beat) != wanted(file)]
    expected_at = _ask(claim, place, holding, missing)
    if expected_at is not None:
        with fenced(claim):
            Holding.objects.filter(pk=claim.pk).update(expected_at=expected_at, **NO_ERROR)
        return
    _bring_back(claim, place, missing)
    publish(claim)
    tidy(claim, verified=True)


def _bring_back(claim: Claim, place: Vault, files: list[HoldingFile]) -> None:
    """Thaw each file aside, read it again, and give it its key where it is the file. Nothing stays aside."""
    claim.renew()
    file_store().clear_aside([file.key for file in files])  # what killed workers left
    unproved = {_aside(claim, file) for file in files}
    try:
        with Rereading(claim, lambda file, beat: copy_under(_aside(claim, file), beat)) as rereading:
            for file in files:
                _thaw(claim, place, file)
                rereading.ask(file)
                for read, content in rereading.so_far():
                    _accept(claim, read, content)
                    unproved.remove(_aside(claim, read))
            for read, content in rereading.all():
                _accept(claim, read, content)
                unproved.remove(_aside(claim, read))
    finally:
        for copy in unproved:
            file_store().remove(copy)


def _aside(claim: Claim, file: HoldingFile) -> str:
    """Return the key of this claim's own copy, which no other worker takes for its own."""
    return file_store().aside(file.key, str(claim.fence))


def _accept(claim: Claim, file: HoldingFile, content: Content | None) -> None:
    """Give the thawed copy its key, if what it was read to hold is the file. Raises BadCopy else.

    A worker that sleeps past its lease between the look and the deed puts a proved file over a file equal to it.
    """
    claim.renew()
    if content != wanted(file):
        raise BadCopy(f"the thawed copy of the {file.kind} differs from what the job made")
    try:
        file_store().put_in_place(_aside(claim, file), file.key, file.size, file.sha256, claim.beat)
    finally:
        _renew_or_leave_no_trace(claim, file)  # what raises above may have put the file there all the same
    reach("restore.verified")


def _ask(claim: Claim, place: Vault, holding: Holding, files: list[HoldingFile]) -> datetime | None:
    """Ask for every archive that nobody asked for; return when to look again, or None when all can be read."""
    now = timezone.now()
    expected = []
    for file in files:
        standing = Standing(Readiness.ABSENT)
        if file.retrieval:
            standing = place.standing(file.archive_id, file.retrieval)
        if standing.readiness is Readiness.ABSENT:
            standing = Standing(Readiness.WAITING, _request(claim, place, holding, file).expected_at)
        if standing.readiness is Readiness.WAITING:
            soon = now + min(POLL_EVERY, settings.SWEEP_EVERY)
            at = standing.expected_at
            expected.append(at if at and at > now else soon)
    return max(expected, default=None)


def _request(claim: Claim, place: Vault, holding: Holding, file: HoldingFile) -> Retrieval:
    """Ask for one archive in the first tier that has room. Raises InsufficientCapacity when none has.

    A worker that dies before the note asks again, which changes nothing for the vault.
    """
    claim.renew()
    retrieval = _first_with_room(place, file.archive_id, policy.tiers(holding.tier))
    reach("restore.requested")
    with fenced(claim):
        HoldingFile.objects.filter(pk=file.pk).update(retrieval=retrieval.retrieval_id)
        Deed.objects.create(kind=DeedKind.RETRIEVED, tier=retrieval.tier, size=file.size)
        Holding.objects.filter(pk=claim.pk).update(tier=retrieval.tier)
    file.retrieval = retrieval.retrieval_id
    reach("restore.noted")
    return retrieval


def _first_with_room(place: Vault, archive_id: str, names: list[str]) -> Retrieval:
    for tier in names[:-1]:
        try:
            return place.request(archive_id, tier)
        except InsufficientCapacity:
            continue
    return place.request(archive_id, names[-1])


def _thaw(claim: Claim, place: Vault, file: HoldingFile) -> None:
    """Copy one archive into the file store, aside and complete, or not at all.

    What passes here is compared as it passes; what a vault copies by itself is compared when it is read again, as
    all is.
    """
    store, key = file_store(), _aside(claim, file)
    if not place.thaw_into(file.archive_id, file.retrieval, store, key, claim.beat):
        pieces = place.read(file.archive_id, file.retrieval)
        store.receive(checked(pieces, file, claim), key)
    claim.renew()
    reach("restore.thawed")


def _renew_or_leave_no_trace(claim: Claim, file: HoldingFile) -> None:
    """Renew the claim after something was put into the file store. Raises LostClaim."""
    try:
        claim.renew()
    except LostClaim:
        leave_no_trace(claim, file)
        raise


def leave_no_trace(claim: Claim, file: HoldingFile) -> None:
    """See that a file goes again which was put there while the claim was lost.

    Only where the holding itself is gone can it be removed here and now: else another worker may have put the same
    file there, and that one may count. An archived holding is marked, and its next worker, who has a claim, removes it.
    """
    from archive.waking import send  # noqa: PLC0415 (waking imports the claims' module, which comes first)

    if not Holding.objects.filter(pk=claim.pk).exists():
        file_store().remove(file.key)
    elif Holding.objects.filter(pk=claim.pk, state=HoldingState.ARCHIVED).update(untidy=True, wake_at=timezone.now()):
        send(claim.pk)


def publish(claim: Claim) -> None:
    """Make the file store's copies the ones that count; a free owner's retention starts anew."""
    with owner_locked(claim) as plan:
        holding, now = claim.holding(), timezone.now()
        request_id = holding.request_id
        due = policy.due_at(holding, plan, now)
        hot: dict[str, Any] = {"untidy": True, "due_at": due, "verified_at": now, "request": None}
        if not move(claim.pk, HoldingState.AVAILABLE, where=claim.held, tier="", expected_at=None, **hot):
            raise LostClaim
        if request_id is not None:
            requests.count_one(request_id)
    reach("restore.published")


def tidy(claim: Claim, *, verified: bool = False) -> None:
    """Remove the archives of an available holding from the vault.

    ``verified`` says that this claim has just read the files; otherwise they are read again first.
    """
    holding = claim.holding()
    place = vault_named(holding.vault)
    files = list(holding.files.all())
    for file in [] if verified else files:
        if hot_copy(file, claim.beat) != wanted(file):
            raise BadCopy(f"the {file.kind} in the file store differs from what the job made; the archive is kept")
    claim.renew()
    file_store().clear_aside([file.key for file in files])
    for file in files:
        if file.archive_id:
            claim.renew()
            place.remove(file.archive_id)
            reach("restore.removed")
            with fenced(claim):
                HoldingFile.objects.filter(pk=file.pk).update(archive_id="", retrieval="")
    remove_strays(claim, place, holding)
    Holding.objects.filter(claim.held, pk=holding.pk).update(untidy=False, vault="", **NO_ERROR)
    reach("restore.tidied")
