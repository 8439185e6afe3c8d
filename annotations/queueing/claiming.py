"""Who is next: what a worker takes when a message has woken it, whatever that message was about."""

from __future__ import annotations

from datetime import datetime
from operator import itemgetter
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from annotations import moves
from annotations.models import Job, Shard
from annotations.models.turns import IN_TURN
from annotations.sharding import moves as shard_moves


def claim_next(worker: str, *, small_only: bool = False) -> Job | Shard | None:
    """Take the piece whose turn it is under a lease, a whole job or a shard, or return None when nothing waits.

    ``small_only``: the small job whose turn is first, whatever else waits.

    Workers that are woken together do not queue up for the same row: where the database can, each passes over the rows
    that another is just taking, and looks into the other table where nothing else is left: the message that woke it may
    be the only one for what waits there. Whoever loses all the same tries the next.
    """
    while kinds := _kinds_in_turn(small_only=small_only):
        for kind in kinds:
            with transaction.atomic():
                waiting = _waiting(kind, small_only=small_only).select_for_update(skip_locked=True)
                pk: Any = waiting.order_by(*IN_TURN).values_list("pk", flat=True).first()
                if pk is None:
                    continue  # what there is of these, others are taking now
                claimed = moves.claim(pk, worker) if kind is Job else shard_moves.claim(pk, worker)
            if claimed is not None:
                return claimed
            break
        else:
            return None
    return None


def next_waiting() -> Job | Shard | None:
    """Return the piece whose turn it is, and leave it where it is."""
    for kind in _kinds_in_turn():
        return _waiting(kind).order_by(*IN_TURN).first()
    return None


def _kinds_in_turn(*, small_only: bool = False) -> list[type[Job] | type[Shard]]:
    """Name the tables where something waits, the one with the smallest turn first; of equal turns whole jobs first.

    Those are the smaller ones.
    """
    heads: list[tuple[datetime, type[Job] | type[Shard]]] = []
    for kind in (Job,) if small_only else (Job, Shard):
        turns = _waiting(kind, small_only=small_only).order_by(*IN_TURN).values_list("turn_at", flat=True)
        heads += [(turn, kind) for turn in turns[:1]]
    return [kind for _, kind in sorted(heads, key=itemgetter(0))]


def _waiting(kind: type[Job] | type[Shard], *, small_only: bool = False) -> QuerySet[Any]:
    now = timezone.now()
    return Job.objects.claimable(now).filter(small=True) if small_only else kind.objects.claimable(now)
