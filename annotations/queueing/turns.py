"""Gives a piece of work its turn: start-time fair queueing, with the wall clock as the virtual time.

Every owner has a share of the workers. A piece's turn begins where that of the owner's piece before it ends, and no
earlier than now: a thousand files of one person have turns that reach far ahead, and whoever comes new has theirs at
once. After Goyal, Vin and Cheng, "Start-time fair queueing" (SIGCOMM 1996), https://doi.org/10.1145/248156.248171.

While workers do not keep up with the clock, the head of the queue is the virtual time: whoever comes new stands beside
it, and not behind all that is overdue. It goes back LONGEST_CREDIT at most, so nobody starves: a turn never changes,
and behind it stands all that comes LONGEST_CREDIT (and PREMIUM_LEAD) after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max

from annotations.models import Job, Shard
from annotations.models.turns import IN_TURN

#: How far behind the clock a newcomer's turn may be.
LONGEST_CREDIT = timedelta(hours=1)


@dataclass(frozen=True)
class Turn:
    """What the columns of ``InTurn`` hold."""

    turn_at: datetime
    share_from: datetime
    share_until: datetime
    expected_seconds: float


def turns_for(user_id: int, costs: Sequence[float], now: datetime, *, premium: bool) -> Iterator[Turn]:
    """Yield a turn for each of an owner's new pieces, in their order; ``costs`` in seconds of a worker.

    A premium owner's cost weighs PREMIUM_WEIGHT times less, and one who has nothing else in the queue is PREMIUM_LEAD
    ahead of others who come new: not more, or one person's many pieces would all pass before another's only one.
    """
    weight = settings.PREMIUM_WEIGHT if premium else 1
    begins, before = _virtual_time(now), _share_end(user_id)
    lead = settings.PREMIUM_LEAD if premium and not (before and before > begins) else timedelta(0)
    begins = max(begins, before) if before else begins
    for cost in costs:
        ends = begins + timedelta(seconds=cost / weight)
        yield Turn(begins - lead, begins, ends, cost)
        begins, lead = ends, timedelta(0)


def _virtual_time(now: datetime) -> datetime:
    """Return where a newcomer's share begins: now, or beside the head of the queue while that is overdue."""
    heads: list[tuple[datetime, datetime]] = []
    for rows in (Job.objects.claimable(now), Shard.objects.claimable(now)):
        heads += rows.order_by(*IN_TURN).values_list("turn_at", "share_from")[:1]
    _, begins = min(heads, default=(now, now))
    return max(min(now, begins), now - LONGEST_CREDIT)


def _share_end(user_id: int) -> datetime | None:
    """Return where the share of what the owner has in the queue and at work ends."""
    active = Job.objects.active().filter(user_id=user_id, deleted_at=None)
    found = active.aggregate(jobs=Max("share_until"), shards=Max("shards__share_until"))
    return max(filter(None, found.values()), default=None)
