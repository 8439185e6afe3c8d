"""Charts as sheets: the rows of a page's chart with the places of their bars and numbers."""

from __future__ import annotations

from dataclasses import dataclass

from annotations.figures.bars import Bar
from annotations.figures.chart import Chart
from annotations.figures.files.sheet import LABEL_SIZE, MARGIN, ROOM, TOP, WIDTH, Head, Sheet, cut, finished, text_width
from annotations.figures.words import thousands

ROW_HEIGHT = 24.0
STRIP_HEIGHT, STRIP_ROOM = 22, 44.0
LABELS = (70.0, 270.0)  # the narrowest and the widest column of labels
COUNTS, SHARES, GAP = 84.0, 56.0, 14.0


@dataclass(frozen=True)
class SheetRow:
    """A bar with its label and numbers; ``y`` is the top of the bar."""

    label: str
    y: float
    baseline: float
    width: str
    impact: str
    count: str
    share: str


@dataclass(frozen=True)
class SheetSegment:
    """A piece of the strip."""

    impact: str
    x: str
    width: str


def chart_sheet(chart: Chart, subtitle: str) -> Sheet:
    """Lay a chart out on a sheet."""
    widest = max(text_width(bar.label, LABEL_SIZE) for bar in chart.bars)
    labels = min(max(widest, LABELS[0]), LABELS[1])
    left = MARGIN + labels + GAP
    room = WIDTH - MARGIN - COUNTS - SHARES - left
    first = TOP + (STRIP_ROOM if chart.strip else 0)
    body = {
        "kind": chart.kind,
        "left": left,
        "room": room,
        "counts": WIDTH - MARGIN - SHARES,
        "strip_height": STRIP_HEIGHT,
        "rows": [_row(bar, first + number * ROW_HEIGHT, labels, room) for number, bar in enumerate(chart.bars)],
        "strip": [
            SheetSegment(part.impact, f"{MARGIN + _of(part.x, ROOM):.1f}", f"{_of(part.width, ROOM):.1f}")
            for part in chart.strip
        ],
    }
    bottom = first + len(chart.bars) * ROW_HEIGHT - 4
    head = Head(chart.name, chart.title, subtitle)
    return finished(head, ("figures/files/chart.svg", body), bottom, caption=chart.caption)


def _row(bar: Bar, y: float, labels: float, room: float) -> SheetRow:
    return SheetRow(
        label=cut(bar.label, labels, LABEL_SIZE),
        y=y,
        baseline=y + 11.5,
        width=f"{_of(bar.width, room):.1f}",
        impact=bar.impact,
        count=thousands(bar.count),
        share=bar.share,
    )


def _of(per_cent: str, room: float) -> float:
    """A page's percentage in the sheet's units."""
    return float(per_cent.rstrip("%")) / 100 * room
