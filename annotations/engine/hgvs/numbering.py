"""Positions of a transcript in HGVS' numbering: ``123``, ``-14``, ``*32``, ``123+4``, ``124-9``, ``*37+1``.

Source: https://hgvs-nomenclature.org/stable/background/numbering/. Offsets into the spliced transcript are 0-based;
positions are oriented (``oriented.py``) and 0-based.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate


class Numbering:
    """A transcript's exons as oriented half-open spans in order, and the coding part of it as spliced offsets."""

    def __init__(self, exons: Sequence[tuple[int, int]], coding: tuple[int, int] | None) -> None:
        self.exons = tuple(exons)
        self.coding = coding
        self._starts = [start for start, _ in exons]
        self._before = [0, *accumulate(end - start for start, end in exons)]

    @property
    def span(self) -> tuple[int, int]:
        """The whole transcript, introns included."""
        return self.exons[0][0], self.exons[-1][1]

    def covers(self, position: int) -> bool:
        """Whether the position lies in an exon or an intron of the transcript."""
        return self.exons[0][0] <= position < self.exons[-1][1]

    def exon(self, position: int) -> int | None:
        """The number of the exon (from 0) the position lies in; None in an intron or outside."""
        at = bisect_right(self._starts, position) - 1
        return at if at >= 0 and position < self.exons[at][1] else None

    def exons_near(self, start: int, end: int) -> range:
        """The numbers of the exons that the span touches, and of the one that begins before it."""
        return range(max(0, bisect_right(self._starts, start) - 1), bisect_right(self._starts, end + 1))

    def spliced(self, position: int, exon: int) -> int:
        """The spliced offset of a position in this exon (or right behind it)."""
        return self._before[exon] + position - self.exons[exon][0]

    def offset(self, position: int) -> int:
        """The spliced offset of an exon's position; ValueError for any other."""
        exon = self.exon(position)
        if exon is None:
            raise ValueError("the position lies in no exon")
        return self.spliced(position, exon)

    def label(self, position: int) -> str:
        """The position's name; ValueError outside the transcript, where HGVS has none."""
        if not self.covers(position):
            raise ValueError("the position lies outside the transcript")
        at = bisect_right(self._starts, position) - 1
        start, end = self.exons[at]
        if position < end:
            return self._number(self._before[at] + position - start)
        after, before = position - end + 1, self.exons[at + 1][0] - position
        # The middle base of an intron of uneven length counts from the exon before it.
        if after <= before:
            return f"{self._number(self._before[at + 1] - 1)}+{after}"
        return f"{self._number(self._before[at + 1])}-{before}"

    def _number(self, offset: int) -> str:
        if self.coding is None:
            return str(offset + 1)
        first, end = self.coding
        if offset < first:
            return f"-{first - offset}"
        return f"*{offset - end + 1}" if offset >= end else str(offset - first + 1)
