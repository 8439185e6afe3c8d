"""Where a variant's stick and its head stand outside the ring of a circular map."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from annotations.figures.labels import spread
from annotations.figures.marks import IMPACTS, Mark
from annotations.figures.polar import Point, point

FOOT, KNEE = 212.0, 217.0
NEAREST, FARTHEST = 225.0, 279.0  # radius of the head of the commonest and of the rarest allele
MOST_ASIDE = 0.045  # of a turn between a variant's place and its head
# Radius of a head, and the room each takes in head widths: what is tried in turn until no head stands too far aside.
# Below 1 neighbours overlap, which their pale rims keep apart.
_FITS = ((6.0, 1.0), (6.0, 0.85), (4.5, 1.0), (4.5, 0.8), (4.5, 0.65), (3.0, 0.8), (3.0, 0.5), (3.0, 0.25))
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


def place_heads(marks: Sequence[Mark], length: int) -> list[Placed]:
    """Heads in drawing order, the least notable first so that the others lie on top.

    Heads step aside for each other along the circle and keep the order of their positions, so that no two sticks
    cross; they shrink where there are too many for that.
    """
    ordered = sorted(marks, key=lambda mark: (mark.position, mark.rarity))
    turns = [(mark.position - 0.5) / length for mark in ordered]
    radius, aside = fit(turns)
    placed = [
        _placed(mark, turn, head_turn, radius) for mark, turn, head_turn in zip(ordered, turns, aside, strict=True)
    ]
    return sorted(placed, key=lambda one: (one.mark.confirmed, -_DRAWN.index(one.mark.impact)))


def _placed(mark: Mark, turn: float, head_turn: float, radius: float) -> Placed:
    head = point(head_turn, NEAREST + (FARTHEST - NEAREST) * mark.rarity)
    return Placed(mark, turn, head, radius, f"M{point(turn, FOOT)}L{point(turn, KNEE)}L{head}")


def fit(turns: Sequence[float]) -> tuple[float, list[float]]:
    """The heads' radius and where each stands, as turns, for variants at sorted ``turns``."""
    for radius, room in _FITS:
        gap = 2 * radius * room / (2 * math.pi * NEAREST)
        if len(turns) * gap > 1:
            continue
        aside = _spread_on_circle(turns, gap)
        if all(abs(moved - turn) <= MOST_ASIDE for moved, turn in zip(aside, turns, strict=True)):
            return radius, aside
    return _FITS[-1][0], list(turns)


def _spread_on_circle(turns: Sequence[float], gap: float) -> list[float]:
    """Spread on a line that begins in the middle of the widest empty stretch, so that nothing collides over it."""
    if not turns:
        return []
    stretches = [after - before for before, after in zip(turns, [*turns[1:], turns[0] + 1], strict=True)]
    last = max(range(len(turns)), key=stretches.__getitem__)
    begin = turns[last] + stretches[last] / 2 - 1
    line = [*(turn - 1 for turn in turns[last + 1 :]), *turns[: last + 1]]
    moved = spread(line, gap, begin + gap / 2, begin + 1 - gap / 2)
    split = len(turns) - last - 1
    return [*moved[split:], *(turn + 1 for turn in moved[:split])]
