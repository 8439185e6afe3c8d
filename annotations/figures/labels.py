"""Placing text so that it never covers other text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    """An upright rectangle: left, top, right, bottom, in the figure's coordinates."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Box) -> bool:
        """Whether the two share more than an edge."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


def clear_of(box: Box, others: Iterable[Box]) -> bool:
    """Whether ``box`` overlaps none of the others."""
    return not any(box.overlaps(other) for other in others)


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move sorted positions as little as possible so that neighbours are ``gap`` apart, within ``low``..``high``.

    Neighbours that collide are merged into a block that sits at the mean of what its members wanted (pool
    adjacent violators), which is the least-squares answer. Raises ValueError when they cannot all fit.
    """
    if (len(wanted) - 1) * gap > high - low + 1e-9:
        raise ValueError(f"{len(wanted)} labels {gap} apart do not fit between {low} and {high}")
    blocks: list[tuple[float, int]] = []  # where its members together want its start, times members; members
    for value in wanted:
        total, members = value, 1
        while blocks and _start(*blocks[-1], gap, low, high) + blocks[-1][1] * gap > _start(
            total, members, gap, low, high
        ):
            before, count = blocks.pop()
            total, members = before + total - members * count * gap, members + count
        blocks.append((total, members))
    return [_start(total, members, gap, low, high) + n * gap for total, members in blocks for n in range(members)]


def _start(total: float, members: int, gap: float, low: float, high: float) -> float:
    """Where a block begins: at the mean of what its members want, moved so that all of it lies inside the bounds."""
    return max(low, min(total / members, high - (members - 1) * gap))
