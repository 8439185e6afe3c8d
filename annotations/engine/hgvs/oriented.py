"""A contig read along one of its strands, so that what holds for a transcript is written once for both.

Oriented positions are 0-based and run from the strand's 5' end to its 3' end.
"""

from __future__ import annotations

from typing import Protocol

_COMPLEMENT = str.maketrans("ACGTUNRYSWKMBDHVacgtunryswkmbdhv", "TGCAANYRSWMKVHDBtgcaanyrswmkvhdb")


class Bases(Protocol):
    """The bases of a contig; positions are 0-based, half-open."""

    def __len__(self) -> int: ...

    def fetch(self, start: int, end: int) -> bytes:
        """The bases of [start, end), cut off at the contig's ends."""
        ...


def reverse_complement(bases: str) -> str:
    """The other strand's bases, from its 5' end.

    >>> reverse_complement("AACG")
    'CGTT'
    """
    return bases.translate(_COMPLEMENT)[::-1]


class OrientedSequence:
    """A contig's bases along the forward or the reverse strand."""

    def __init__(self, bases: Bases, *, reverse: bool) -> None:
        self._bases = bases
        self._length = len(bases)
        self.reverse = reverse

    def __len__(self) -> int:
        return self._length

    def fetch(self, start: int, end: int) -> str:
        """The bases of [start, end), cut off at the contig's ends."""
        start, end = max(start, 0), min(end, self._length)
        if start >= end:
            return ""
        if not self.reverse:
            return self._bases.fetch(start, end).decode("latin-1")
        return reverse_complement(self._bases.fetch(self._length - end, self._length - start).decode("latin-1"))

    def span(self, first: int, last: int) -> tuple[int, int]:
        """The oriented [start, end) of the genome's 1-based positions first to last."""
        return (self._length - last, self._length - first + 1) if self.reverse else (first - 1, last)

    def genomic(self, position: int) -> int:
        """The genome's 1-based position of an oriented one."""
        return self._length - position if self.reverse else position + 1
