"""The funnel: what each step of a filter leaves, and where nothing is left, which step to take out."""

from __future__ import annotations

from dataclasses import dataclass

from annotations.explorer.conditions import EVERYTHING, all_of
from annotations.explorer.filters import Filter
from annotations.explorer.plan import Plan
from annotations.explorer.table import VariantTable

#: Rows up to which a page counts at once; the counts of more are fetched after the first rows stand.
COUNTED_AT_ONCE = 200_000


@dataclass(frozen=True)
class Chip:
    """A step with what it leaves (None while it is not counted) and the filter without it."""

    label: str
    count: int | None
    without: Filter


@dataclass(frozen=True)
class Remedy:
    """A step that may be taken out of a filter that finds nothing, and what is there then."""

    label: str
    count: int
    without: Filter


@dataclass(frozen=True)
class Funnel:
    """All chips; ``left`` is what the last leaves, None while it is not counted."""

    total: int
    chips: tuple[Chip, ...]
    left: int | None


def funnel_of(plan: Plan, table: VariantTable, *, count: bool) -> Funnel:
    """Count the steps, or leave the counts open unless they are known already."""
    counts: list[int] | None = None
    if count or table.total <= COUNTED_AT_ONCE or table.counted(plan.conditions):
        counts = table.counts(plan.conditions)
    shown: list[int | None] = [*counts] if counts is not None else [None] * len(plan.steps)
    chips = (Chip(step.label, left, step.without) for step, left in zip(plan.steps, shown, strict=True))
    return Funnel(table.total, tuple(chips), shown[-1] if shown else table.total)


def remedies(plan: Plan, table: VariantTable) -> list[Remedy]:
    """Return the steps without which something is found, the one that gives the fewest first."""
    found = []
    for number, step in enumerate(plan.steps):
        others = [*plan.conditions[:number], *plan.conditions[number + 1 :]]
        if count := table.count(all_of(others) if others else EVERYTHING):
            found.append(Remedy(step.label, count, step.without))
    return sorted(found, key=lambda remedy: remedy.count)
