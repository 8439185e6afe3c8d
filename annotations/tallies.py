"""Counts that cost the same however much there is: exact up to a bound, "10,000+" beyond it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import IntegerField, QuerySet, Subquery

from accounts.models import User
from annotations.figures.words import thousands

# A database counts an index entry by entry, and the list of somebody with 100,000 jobs asks at every request.
MOST = 10_000


@dataclass(frozen=True)
class Tally:
    """How many there are; where ``is_capped``, there are more."""

    number: int
    is_capped: bool = False

    def __str__(self) -> str:
        return f"{thousands(self.number)}{'+' if self.is_capped else ''}"

    def __bool__(self) -> bool:
        return self.number > 0

    def __add__(self, other: Tally) -> Tally:
        """Return how many there are of both; of many and more, no more than that can be said."""
        if self.is_capped or other.is_capped:
            return Tally(MOST, is_capped=True)
        return Tally(self.number + other.number)


class _Count(Subquery):
    """The number of rows of a query, whose own LIMIT bounds what is read."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) capped)"
    output_field = IntegerField()


def tallies(user: User, queries: Sequence[QuerySet[Any]]) -> list[Tally]:
    """Count each of the queries, all of them in one statement that selects the user."""
    counts = [_Count(query.order_by().values("pk")[: MOST + 1]) for query in queries]
    numbers = User.objects.filter(pk=user.pk).values_list(*counts).get()
    return [Tally(min(number, MOST), number > MOST) for number in numbers]
