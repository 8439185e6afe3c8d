"""The one place where a holding's state changes. Nothing else assigns one: no deed, no view, no admin action."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from annotations.models import Job
from archive.models import MOVES, Holding, HoldingEvent, HoldingQuerySet, HoldingState

# The moves after which a result is away, or back; the others lead from away to away.
LEADS_AWAY_OR_BACK = frozenset({HoldingState.ARCHIVING, HoldingState.AVAILABLE})
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
        _repeat_in_jobs([pk], to)
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
            _repeat_in_jobs(chunk, to)
    return keys


def _repeat_in_jobs(keys: Collection[int], to: HoldingState) -> None:
    """Write into the jobs whether their result is away: a list is counted and paged by the job's row alone.

    Last, so that everybody locks a holding before its job, as the removal of a deleted job does. The jobs' keys are
    fetched first: for a subquery PostgreSQL reads both tables whole where it has no statistics of them yet.
    """
    if to in LEADS_AWAY_OR_BACK:
        jobs = list(Holding.objects.filter(pk__in=keys).values_list("job_id", flat=True))
        Job.objects.filter(pk__in=jobs).update(away=to != HoldingState.AVAILABLE)


def repeat_moves_since(moment: datetime) -> int:
    """Write it again for what has moved since ``moment``, and return how many jobs said something else.

    A version from before there was ``Job.away`` may be at work beside this one while a fleet is rolled out.
    """
    moved = Holding.objects.filter(since__gte=moment)
    back = moved.filter(state=HoldingState.AVAILABLE).values("job_id")
    gone = moved.filter(state__in=set(HoldingState) - {HoldingState.AVAILABLE}).values("job_id")
    changed = Job.objects.filter(pk__in=gone, away=False).update(away=True)
    return changed + Job.objects.filter(pk__in=back, away=True).update(away=False)


def without_claim() -> dict[str, Any]:
    """Return the changes that end whatever claim there is: the worker finds another fencing number and stops."""
    return {"fence": F("fence") + 1, "lease_expires_at": None, "worker": ""}


def _sources(to: HoldingState) -> list[HoldingState]:
    return [source for source, targets in MOVES.items() if to in targets]


def _fresh() -> dict[str, Any]:
    """Return what begins anew in every state."""
    return {"since": timezone.now(), **NO_ERROR}
