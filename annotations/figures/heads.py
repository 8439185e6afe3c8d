"""Where a variant's stick and its head stand outside the ring of a circular map."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from annotations.figures.marks import IMPACTS, Mark
from annotations.figures.polar import Point, point

FOOT, KNEE = 212.0, 217.0
NEAREST, FARTHEST = 225.0, 279.0  # radius of the head of the commonest and of the rarest allele
_NUDGES = tuple(sign * step * 0.004 for step in range(9) for sign in (1, -1))  # turns; at most 12 degrees aside

_DRAWN = (*IMPACTS, "")


@dataclass(frozen=True)
class Placed:
    """A mark with the centre and radius of its head and the path of its stick."""

    mark: Mark
    turn: float
    head: Point
    radius: float
    stick: str

    @property
    def ring(self) -> float:
        """Radius of the ring around a confirmed mark: a shape, so that colour is not alone."""
        return self.radius + 3.5


def head_radius(count: int) -> float:
    """Heads shrink as they become many."""
    if count <= 80:
        return 6.0
    return 4.5 if count <= 200 else 3.0


def place_heads(marks: Sequence[Mark], length: int) -> list[Placed]:
    """Heads in drawing order, the least notable first so that the others lie on top.

    A head that would cover another steps aside by up to twelve degrees; where all that is taken it stays.
    """
    radius = head_radius(len(marks))
    taken = _Taken(2 * radius)
    placed = []
    for mark in sorted(marks, key=lambda mark: mark.position):
        turn = (mark.position - 0.5) / length
        distance = NEAREST + (FARTHEST - NEAREST) * mark.rarity
        spots = (point(turn + nudge, distance) for nudge in _NUDGES)
        head = next((spot for spot in spots if taken.is_free(spot)), point(turn, distance))
        taken.add(head)
        stick = f"M{point(turn, FOOT)}L{point(turn, KNEE)}L{head}"
        placed.append(Placed(mark, turn, head, radius, stick))
    return sorted(placed, key=lambda one: (one.mark.confirmed, -_DRAWN.index(one.mark.impact)))


class _Taken:
    """Heads so far, in square cells as wide as a head, so that only neighbours are compared."""

    def __init__(self, width: float) -> None:
        self._width = width
        self._cells: dict[tuple[int, int], list[Point]] = {}

    def _cell(self, spot: Point) -> tuple[int, int]:
        return int(spot.x // self._width), int(spot.y // self._width)

    def add(self, spot: Point) -> None:
        self._cells.setdefault(self._cell(spot), []).append(spot)

    def is_free(self, spot: Point) -> bool:
        column, row = self._cell(spot)
        neighbours = (
            other
            for x in (column - 1, column, column + 1)
            for y in (row - 1, row, row + 1)
            for other in self._cells.get((x, y), ())
        )
        return all(math.dist(spot, other) >= self._width for other in neighbours)
