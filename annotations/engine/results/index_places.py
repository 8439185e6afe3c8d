"""Where an indexed file's records stand, contig by contig: of a whole file, or of a part that others join.

Places are virtual offsets (SAM specification, section 4.1.1): where a BGZF block begins in the file, times 2^16, and
how far into its text. Files are joined block by block, so that all places of a part move by as much as its blocks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]

_BLOCK_SHIFT = 16
_FAR = np.iinfo(np.int64).max


@dataclass(frozen=True)
class ContigPlaces:
    """One contig's chunks (runs of records in one bin, sorted by bin) and windows of 16 kb."""

    bins: Numbers
    begins: Numbers
    ends: Numbers
    #: For each window up to the last that a record reaches, where the first record begins that reaches so far.
    windows: Numbers
    #: Where its first record begins and its last one ends, and how many they are.
    first: int
    last: int
    records: int

    def moved(self, by: int) -> ContigPlaces:
        """The same in a file that has ``by`` more bytes before it."""
        shift = by << _BLOCK_SHIFT
        return ContigPlaces(
            self.bins,
            self.begins + shift,
            self.ends + shift,
            self.windows + shift,
            self.first + shift,
            self.last + shift,
            self.records,
        )

    def followed_by(self, other: ContigPlaces) -> ContigPlaces:
        """Both of one contig, the records of ``other`` behind these."""
        windows = np.full(max(len(self.windows), len(other.windows)), _FAR)
        for one in (self.windows, other.windows):
            windows[: len(one)] = np.minimum(windows[: len(one)], one)
        chunks = (np.concatenate([self.bins, other.bins]), np.concatenate([self.begins, other.begins]))
        joined = joined_chunks(*chunks, np.concatenate([self.ends, other.ends]))
        return ContigPlaces(*joined, windows, self.first, other.last, self.records + other.records)

    def to_json(self) -> dict[str, Any]:
        """The places in types that JSON has."""
        return {name: it.tolist() if isinstance(it, np.ndarray) else it for name, it in vars(self).items()}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """What to_json() made."""
        arrays: dict[str, Any] = {name: np.array(it, np.int64) for name, it in told.items() if isinstance(it, list)}
        return cls(**{**told, **arrays})


#: The contigs of a file, in its order.
Places = Mapping[str, ContigPlaces]


def joined_places(places: Places, more: Places, *, moved: int) -> Places:
    """The places of a file and of what was put behind it, ``moved`` bytes from its beginning."""
    joined = dict(places)
    for contig, found in more.items():
        there = found.moved(moved)
        joined[contig] = joined[contig].followed_by(there) if contig in joined else there
    return joined


def joined_chunks(bins: Numbers, begins: Numbers, ends: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Chunks sorted by bin; those of one bin that meet in a block of the file as one: it is read once either way."""
    order = np.argsort(bins, kind="stable")
    bins, begins, ends = bins[order], begins[order], ends[order]
    apart = np.ones(len(bins), np.bool_)
    apart[1:] = (bins[1:] != bins[:-1]) | (begins[1:] >> _BLOCK_SHIFT > ends[:-1] >> _BLOCK_SHIFT)
    firsts = np.flatnonzero(apart)
    return bins[firsts], begins[firsts], ends[np.append(firsts[1:], len(bins)) - 1]
