"""Places on a genome as people write them: ``chrM:11778``, ``MT:3,000-4,000``, ``chr7``."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from annotations.engine.reference import Reference
from annotations.explorer.conditions import Condition

_REGION = re.compile(r"(?P<contig>[^\s:]+)(?::(?P<start>[\d,]+)(?:(?:-|\.\.|\u2013)(?P<end>[\d,]+))?)?")
#: DuckDB's BIGINT ends here; no genome is longer.
MAX_POSITION = 2**40


@dataclass(frozen=True)
class Region:
    """A part of a contig, 1-based and inclusive; ``start`` None is the whole contig."""

    contig: str
    start: int | None = None
    end: int | None = None

    def __str__(self) -> str:
        if self.start is None or self.end is None:
            return self.contig
        if self.start == self.end:
            return f"{self.contig}:{self.start:,}"
        return f"{self.contig}:{self.start:,}-{self.end:,}"

    def condition(self, columns: Collection[str]) -> Condition:
        """Rows that touch the region with their REF, or reach into it by their END or SVLEN, as tabix has it.

        ``columns`` are the table's: one that was written before those ends were kept knows of REF alone.
        """
        if self.start is None:
            return Condition('"contig" = ?', (self.contig,))
        last = '"pos" + length("ref") - 1'
        if "end" in columns:
            last = f'coalesce("end", {last})'
        return Condition(f'"contig" = ? AND "pos" <= ? AND {last} >= ?', (self.contig, self.end, self.start))


class ContigNames:
    """The names a result's contigs go by: their own, and the aliases that the reference knows."""

    def __init__(self, present: Collection[str], reference: Reference | None) -> None:
        self._own = {name.lower(): name for name in present}
        aliases: Mapping[str, str] = {}
        if reference is not None:
            aliases = {alias.lower(): contig.name for alias, contig in reference.contig_names().items()}
        self._aliases = aliases

    def find(self, name: str) -> str | None:
        """Return the contig's name in the table; None when neither the result nor the reference has it."""
        lower = name.lower()
        stripped = lower.removeprefix("chr")
        for spelling in (lower, stripped, f"chr{stripped}"):
            if found := self._own.get(spelling) or self._aliases.get(spelling):
                return found
        return None


def read_region(text: str, contigs: ContigNames) -> Region | None:
    """Read a region; None when the text is none, or its contig is unknown."""
    found = _REGION.fullmatch(text.strip())
    contig = contigs.find(found["contig"]) if found else None
    if not found or contig is None:
        return None
    if found["start"] is None:
        return Region(contig)
    start = _number(found["start"])
    end = _number(found["end"]) if found["end"] else start
    if not 0 < start <= end:
        return None
    return Region(contig, start, end)


def _number(digits: str) -> int:
    plain = digits.replace(",", "")
    return min(int(plain[:20] or 0), MAX_POSITION)
