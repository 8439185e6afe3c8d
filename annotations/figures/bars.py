"""Bars: rows of a label, a bar and a number. Widths are percentages of the row's own width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from annotations.figures.words import counted, share

THINNEST = 0.8
"""Per cent of the row: a count of one beside a million stays visible."""

STRIP_GAP = 0.5
"""Per cent of the strip between two segments."""


@dataclass(frozen=True)
class Row:
    """What goes in: a label, how many, the impact that colours the bar (or none), and the filter that shows the rows.

    ``query`` is a query string of the explorer, "" for all variants and None where no filter says it.
    """

    label: str
    count: int
    impact: str = ""
    query: str | None = None


@dataclass(frozen=True)
class Bar:
    """A row with its bar's width and its share of the whole, as text."""

    label: str
    count: int
    width: str
    share: str
    impact: str
    query: str | None = None


@dataclass(frozen=True)
class Segment:
    """A piece of a strip: where it starts and how wide it is, in per cent."""

    impact: str
    x: str
    width: str
    count: int = 0
    query: str | None = None


def bars(rows: Sequence[Row], whole: int | None = None) -> tuple[Bar, ...]:
    """The rows as bars; the longest fills its track. ``whole`` is what shares are of (their sum when None)."""
    longest = max((row.count for row in rows), default=0)
    total = sum(row.count for row in rows) if whole is None else whole
    return tuple(
        Bar(row.label, row.count, _width(row.count, longest), share(row.count, total), row.impact, row.query)
        for row in rows
    )


def _width(count: int, longest: int) -> str:
    if not count:
        return "0%"
    return f"{max(THINNEST, 100 * count / longest):.4g}%"


def strip(rows: Sequence[Row]) -> tuple[Segment, ...]:
    """The rows side by side as one strip that is full; rows of zero leave no segment."""
    present = [row for row in rows if row.count > 0]
    total = sum(row.count for row in present)
    free = 100 - STRIP_GAP * (len(present) - 1)
    segments, x = [], 0.0
    for row in present:
        width = free * row.count / total
        segments.append(Segment(row.impact, f"{x:.2f}%", f"{width:.2f}%", row.count, row.query))
        x += width + STRIP_GAP
    return tuple(segments)


def rest_of(rows: Sequence[Row], most: int, noun: str) -> str:
    """What a chart of the first ``most`` rows leaves out, as a sentence; a bar for it would dwarf the others."""
    left = rows[most:]
    if not left:
        return ""
    count = sum(row.count for row in left)
    return f"Not shown: {counted(len(left), noun)} with {counted(count, 'variant')}."
