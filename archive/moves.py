"""The one place where a holding's state changes. Nothing else assigns one: no deed, no view, no admin action."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from archive.models import MOVES, Holding, HoldingEvent, HoldingQuerySet, HoldingState

# Rows per statement of a move of many: below what SQLite takes as parameters in one.
CHUNK = 500
# What a deed that went well writes, so that an earlier failure of the same deed is not told for ever.
NO_ERROR: dict[str, Any] = {"attempts": 0, "last_error": "", "retry_at": None}


def move(pk: int, to: HoldingState, *, where: Q, note: str = "", **changes: Any) -> bool:
    """Move a holding and write the event, in one transaction; return False when somebody else won.

    The UPDATE names the states it may come from, and ``where`` what else must still hold (columns of the row only,
    see ``claimable``): of two that race, one changes the row and the other changes none.
    """
    rows = Holding.objects.filter(where, pk=pk, state__in=_sources(to))
    with transaction.atomic():
        if not rows.update(state=to, **_fresh(), **changes):
            return False
        HoldingEvent.objects.create(holding_id=pk, state=to, note=note)
    return True


def move_all(rows: HoldingQuerySet, to: HoldingState, *, note: str = "", **changes: Any) -> list[int]:
    """Move every one of ``rows`` that may go to ``to``; return their keys. For intents, which are many at once.

    The rows are locked before they are counted: one that another transaction moves meanwhile gets no event from us.
    """
    with transaction.atomic():
        movable = rows.filter(state__in=_sources(to)).select_for_update(of=("self",)).order_by("pk")
        keys = list(movable.values_list("pk", flat=True))
        for start in range(0, len(keys), CHUNK):
            chunk = keys[start : start + CHUNK]
            Holding.objects.filter(pk__in=chunk).update(state=to, **_fresh(), **changes)
            HoldingEvent.objects.bulk_create(HoldingEvent(holding_id=pk, state=to, note=note) for pk in chunk)
    return keys


def without_claim() -> dict[str, Any]:
    """Return the changes that end whatever claim there is: the worker finds another fencing number and stops."""
    return {"fence": F("fence") + 1, "lease_expires_at": None, "worker": ""}


def _sources(to: HoldingState) -> list[HoldingState]:
    return [source for source, targets in MOVES.items() if to in targets]


def _fresh() -> dict[str, Any]:
    """Return what begins anew in every state."""
    return {"since": timezone.now(), **NO_ERROR}
