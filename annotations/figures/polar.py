"""Geometry of the circular map: fractions of a turn, clockwise from the top, to SVG coordinates."""

from __future__ import annotations

import math
from typing import NamedTuple

CENTRE = 300.0


class Point(NamedTuple):
    """A point in the map's own coordinates; y grows downwards."""

    x: float
    y: float

    def __str__(self) -> str:
        return f"{self.x:.1f} {self.y:.1f}"


def point(turn: float, radius: float) -> Point:
    """The point at ``turn`` (0 at the top, 0.25 at the right) and ``radius`` from the centre."""
    angle = 2 * math.pi * turn
    return Point(CENTRE + radius * math.sin(angle), CENTRE - radius * math.cos(angle))


def ring_segment(start: float, end: float, inner: float, outer: float) -> str:
    """Path data of a piece of a ring between two turns; ``start`` above ``end`` runs over the top."""
    sweep = (end - start) % 1 or 1.0
    end = start + min(sweep, 0.9999)  # an arc whose ends coincide draws nothing
    large = 1 if sweep > 0.5 else 0
    return (
        f"M{point(start, outer)}A{outer:g} {outer:g} 0 {large} 1 {point(end, outer)}"
        f"L{point(end, inner)}A{inner:g} {inner:g} 0 {large} 0 {point(start, inner)}Z"
    )
