"""Asking results back: one intent for many holdings, and the one mail when the last of them is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.notifications import notify
from accounts.plans import lock
from archive import waking
from archive.models import Holding, HoldingQuerySet, HoldingState, RestoreRequest
from archive.moves import move_all


def ask_back(user: User, reason: str, *, tier: str = "", only: Sequence[int] | None = None) -> RestoreRequest | None:
    """Ask back every archived result of ``user`` (or those with a key in ``only``); None when there is none.

    One transaction says so in every row; the messages follow its commit, and the sweep follows lost messages.
    What is just being archived is part of the request: its worker sees the plan when it has finished.
    """
    with transaction.atomic():
        owner = lock(user.pk)
        rows = Holding.objects.of(user).filter(job__deleted_at=None)
        rows = rows if only is None else rows.filter(pk__in=only)
        request = RestoreRequest.objects.create(owner=owner, reason=reason, created_at=timezone.now())
        keys = _move(rows, request, tier)
        under_way = 0
        if owner.plan.retention is None:
            under_way = rows.filter(state=HoldingState.ARCHIVING).update(request=request)
        if not keys and not under_way:
            request.delete()
            return None
        RestoreRequest.objects.filter(pk=request.pk).update(total=len(keys) + under_way)
        for pk in keys:
            waking.send(pk)
    request.refresh_from_db()
    return request


def _move(rows: HoldingQuerySet, request: RestoreRequest, tier: str) -> list[int]:
    changes = {"request": request, "tier": tier, "expected_at": None, "untidy": False, "wake_at": timezone.now()}
    return move_all(rows, HoldingState.RESTORING, note=f"asked back: {request.reason}", **changes)


def count_one(request_id: int) -> None:
    """Count one restored holding, whose row no longer bears the request. Call with the owner's row locked."""
    RestoreRequest.objects.filter(pk=request_id).update(restored=F("restored") + 1)
    finish_if_done(request_id)


def finish_if_done(request_id: int) -> bool:
    """End a request that nothing is left of, and tell its owner; return whether this call did.

    The caller holds the owner's lock: of two workers with the last two holdings, the second sees the first's done.
    """
    if Holding.objects.filter(request_id=request_id).exists():
        return False
    if not RestoreRequest.objects.filter(pk=request_id, finished_at=None).update(finished_at=timezone.now()):
        return False
    request = RestoreRequest.objects.select_related("owner__plan").get(pk=request_id)
    if request.restored:
        stay = request.owner.plan.retention is None
        context = {"count": request.restored, "stay": stay, "path": reverse("annotations:list")}
        notify(request.owner, "results_restored", request.pk, context)
    return True


def finish_in_turn(request_id: int, owner_id: int) -> bool:
    """Do the same for a caller that has no lock yet: the sweep, after a deletion took the last holding."""
    with transaction.atomic():
        lock(owner_id)
        return finish_if_done(request_id)


@dataclass(frozen=True)
class RestoreProgress:
    """How far a user's open requests are: "12 of 40 results restored"."""

    done: int
    total: int
    since: datetime
    expected_at: datetime | None


def restore_progress(user: User) -> RestoreProgress | None:
    """Return the progress of the user's open requests, or None when nothing is being restored."""
    opened = list(RestoreRequest.objects.filter(owner=user, finished_at=None))
    if not opened:
        return None
    left = list(Holding.objects.of(user).filter(request__in=opened).values_list("expected_at", flat=True))
    total = sum(request.total for request in opened)
    return RestoreProgress(
        done=total - len(left),
        total=total,
        since=min(request.created_at for request in opened),
        expected_at=max((at for at in left if at), default=None),
    )
