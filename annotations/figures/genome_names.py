"""Names beside the circular map: two columns that follow the circle, each with room between its lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from annotations.figures.heads import FARTHEST, Placed
from annotations.figures.labels import Box, spread
from annotations.figures.marks import named
from annotations.figures.polar import CENTRE, Point
from annotations.figures.words import clipped

LINE = 19.0  # from one baseline to the next; the font is 14 (css: .genome .genome-variant)
FONT = 14.0
CHARACTER = 0.602 * FONT  # a monospace font's advance
LONGEST = 14  # characters: "m.9205_9206del"
TOP, BOTTOM = 18.0, 612.0
NAME_CIRCLE = FARTHEST + 26  # names stand outside every head
NEAREST_TO_MIDDLE = 94.0  # so that left and right never meet at the top and the bottom
LEADER_END, TEXT_START = 8.0, 12.0


@dataclass(frozen=True)
class Name:
    """A variant's name, its anchor ("start" on the right side, "end" on the left), and the line to its head."""

    text: str
    at: Point
    anchor: str
    leader: str
    confirmed: bool

    @property
    def box(self) -> Box:
        """The rectangle the text covers."""
        width = CHARACTER * len(self.text)
        left = self.at.x if self.anchor == "start" else self.at.x - width
        return Box(left, self.at.y - FONT * 0.8, left + width, self.at.y + FONT * 0.2)


def place_names(heads: Sequence[Placed]) -> list[Name]:
    """Names of the notable marks among ``heads``; none overlaps another or a head."""
    order = {mark: rank for rank, mark in enumerate(named([one.mark for one in heads]))}
    notable = [one for one in heads if one.mark in order]
    right = [one for one in notable if one.head.x >= CENTRE]
    left = [one for one in notable if one.head.x < CENTRE]
    room = int((BOTTOM - TOP) / LINE) + 1
    names = []
    for side, members in ((1, right), (-1, left)):
        kept = sorted(members, key=lambda one: order[one.mark])[:room]
        kept.sort(key=lambda one: (_height(one), one.head.x * side))
        lines = spread([_height(one) for one in kept], LINE, TOP, BOTTOM)
        names += [_name(one, line, side) for one, line in zip(kept, lines, strict=True)]
    return names


def _height(one: Placed) -> float:
    """Where the name wants to be: straight out from its head, on the circle of names."""
    return CENTRE + (one.head.y - CENTRE) * NAME_CIRCLE / math.dist(one.head, (CENTRE, CENTRE))


def _name(one: Placed, line: float, side: int) -> Name:
    away = abs(line - CENTRE)
    reach = max(NEAREST_TO_MIDDLE, math.sqrt(max(0.0, NAME_CIRCLE**2 - away**2)))
    end = CENTRE + side * reach
    start = one.head.x + side * (one.radius + 1)
    leader = f"M{start:.1f} {one.head.y:.1f}L{end:.1f} {line:.1f}h{side * LEADER_END:g}"
    at = Point(end + side * TEXT_START, line + 4.5)
    anchor = "start" if side > 0 else "end"
    return Name(clipped(one.mark.name, LONGEST), at, anchor, leader, one.mark.confirmed)
