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
    blocks: list[tuple[float, int]] = []  # start of the block, members
    for index, value in enumerate(wanted):
        start, members = _within(value, 1, gap, low, high), 1
        while blocks and blocks[-1][0] + blocks[-1][1] * gap > start:
            members += blocks.pop()[1]
            first = index + 1 - members
            mean = sum(wanted[first + n] - n * gap for n in range(members)) / members
            start = _within(mean, members, gap, low, high)
        blocks.append((start, members))
    return [start + n * gap for start, members in blocks for n in range(members)]


def _within(start: float, members: int, gap: float, low: float, high: float) -> float:
    """``start`` of a block, moved so that the whole block lies inside the bounds."""
    return max(low, min(start, high - (members - 1) * gap))
