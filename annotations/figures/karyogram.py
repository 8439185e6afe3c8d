"""The karyogram: each contig a bar, its parts shaded by how many variants they have."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from annotations.engine.reference import Reference
from annotations.figures.chart import query
from annotations.figures.words import counted, thousands

#: Contigs drawn: a genome's chromosomes, not its hundreds of pieces.
MOST_CONTIGS = 26
#: The drawing's units: the label's column, the bar's room, the number's column, a row.
LABEL, ROOM, NUMBER, ROW_HEIGHT = 78.0, 520.0, 82.0, 22.0
BAR_HEIGHT = 13.0
#: Steps of shade; the fullest part has the last.
SHADES = 5


@dataclass(frozen=True)
class Cell:
    """A part of a contig with variants."""

    x: str
    width: str
    shade: int
    title: str
    query: str


@dataclass(frozen=True)
class Lane:
    """One contig."""

    name: str
    y: float
    middle: float
    width: str
    count: int
    length: int
    cells: tuple[Cell, ...]
    query: str


@dataclass(frozen=True)
class Karyogram:
    """All contigs that are drawn; ``most`` is the count of the fullest part, ``step`` the bases of a part."""

    lanes: tuple[Lane, ...]
    height: float
    most: int
    step: int
    letter: str = "a"

    @property
    def width(self) -> float:
        """The drawing's width."""
        return LABEL + ROOM + NUMBER


def karyogram(summary: Mapping[str, Any], reference: Reference | None) -> Karyogram | None:
    """Draw the contigs with the most bases that have variants; None without numbers by place."""
    places = summary.get("places") or {}
    parts: Mapping[str, list[int]] = places.get("contigs") or {}
    if reference is None or not parts:
        return None
    lengths = {contig.name: contig.length for contig in reference.contigs if contig.name in parts}
    longest = set(sorted(lengths, key=lambda name: -lengths[name])[:MOST_CONTIGS])
    drawn = [name for name in lengths if name in longest]
    if not drawn or max(lengths[name] for name in drawn) < int(places["step"]) * 5:
        return None  # a genome so small that a contig has a few parts only says nothing
    most = max(max(parts[name], default=0) for name in drawn)
    scale = Scale(int(places["step"]), ROOM / max(lengths[name] for name in drawn), most)
    counts = summary.get("by_contig", {})
    lanes = tuple(
        Lane(
            name=name,
            y=ROW_HEIGHT * row,
            middle=ROW_HEIGHT * row + BAR_HEIGHT - 2,
            width=f"{lengths[name] * scale.units:.1f}",
            count=int(counts.get(name, 0)),
            length=lengths[name],
            cells=scale.cells(name, lengths[name], parts[name]),
            query=query(region=name),
        )
        for row, name in enumerate(drawn)
    )
    return Karyogram(lanes, ROW_HEIGHT * len(lanes), most, scale.step)


@dataclass(frozen=True)
class Scale:
    """Bases of a part, the drawing's units for a base, and the count of the fullest part."""

    step: int
    units: float
    most: int

    def cells(self, name: str, length: int, parts: list[int]) -> tuple[Cell, ...]:
        """Lay out the parts of a contig that have variants."""
        cells = []
        for number, found in enumerate(parts):
            start, end = number * self.step + 1, min((number + 1) * self.step, length)
            if found and start <= length:
                title = f"{name}:{thousands(start)} to {thousands(end)}, {counted(found, 'variant')}"
                x, width = LABEL + (start - 1) * self.units, max(0.5, (end - start + 1) * self.units)
                region = query(region=f"{name}:{start}-{end}")
                cells.append(Cell(f"{x:.1f}", f"{width:.2f}", shade(found, self.most), title, region))
        return tuple(cells)


def shade(count: int, most: int) -> int:
    """1 to SHADES on a logarithmic scale, so that one crowded place does not make all others pale.

    >>> [shade(count, 1000) for count in (1, 10, 100, 1000)]
    [1, 2, 4, 5]
    """
    if most <= 1:
        return SHADES
    return 1 + round((SHADES - 1) * math.log(count) / math.log(most))
