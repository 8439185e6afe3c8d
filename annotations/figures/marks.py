"""The variants a figure draws, read from ``summary["marks"]``, and which of them bear a name."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from annotations.engine.fair_turns import turn
from annotations.figures.words import percent

IMPACTS = ("HIGH", "MODERATE", "LOW", "MODIFIER")

MOST_NAMES = 16
"""Names beside a map; more would be smaller than one can read at the map's size."""

RAREST = 1e-5
"""The end of the rarity scale: one in 100,000, beyond what any source's count can tell from "not seen"."""


@dataclass(frozen=True)
class Mark:
    """One allele: 1-based position, impact ("" when not annotated), frequency where the source has seen it."""

    position: int
    name: str
    impact: str
    frequency: float | None = None
    confirmed: bool = False
    gene: str = ""
    disease: str = ""
    contig: str = ""

    @property
    def query(self) -> str:
        """The explorer's query string that shows it."""
        return urlencode({"region": f"{self.contig}:{self.position}"})

    @property
    def rarity(self) -> float:
        """0 for an allele everyone has, 1 for one that nobody (or one in 100,000) has; logarithmic."""
        if not self.frequency or self.frequency <= RAREST:
            return 1.0
        return min(1.0, max(0.0, math.log10(self.frequency) / math.log10(RAREST)))

    @property
    def seen(self) -> str:
        """The frequency in words."""
        return percent(self.frequency) if self.frequency else "not seen"

    @property
    def title(self) -> str:
        """What a reader of the drawing needs to know of this mark."""
        confirmed = ", confirmed pathogenic" if self.confirmed else ""
        return " ".join(part for part in (self.name, self.gene, self.impact) if part) + f", {self.seen}{confirmed}"


def marks_of(rows: Iterable[Mapping[str, Any]], contig: str | None = None) -> list[Mark]:
    """The marks of one contig (or all), in the summary's order: the most notable first."""
    return [_mark(row) for row in rows if contig is None or row.get("contig") == contig]


def _mark(row: Mapping[str, Any]) -> Mark:
    impact = str(row.get("impact") or "")
    frequency = row.get("frequency")
    return Mark(
        position=int(row["pos"]),
        name=str(row.get("hgvs") or f"{row['pos']}{row.get('ref', '')}>{row.get('alt', '')}"),
        impact=impact if impact in IMPACTS else "",
        frequency=None if frequency is None else float(frequency),
        confirmed=bool(row.get("confirmed")),
        gene=str(row.get("gene") or ""),
        disease=str(row.get("disease") or ""),
        contig=str(row.get("contig") or ""),
    )


def deserves_name(mark: Mark) -> bool:
    """Named on a map: confirmed pathogenic, of high impact, or reported with a disease."""
    return mark.confirmed or mark.impact == "HIGH" or bool(mark.disease)


def named(marks: Sequence[Mark], most: int = MOST_NAMES) -> list[Mark]:
    """The marks that bear a name: confirmed first, then high impact, then reported; the rarer first in each.

    Equals take turns along the contig, so that names do not crowd at its beginning.
    """
    worthy = [mark for mark in marks if deserves_name(mark)]
    worthy.sort(key=lambda mark: (not mark.confirmed, mark.impact != "HIGH", -mark.rarity, turn(mark.position)))
    return worthy[:most]
