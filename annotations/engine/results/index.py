"""Collects the places of a result's records while they are written, for its index (SAM specification, section 5).

An index sorts records into bins of 16 kb and eight times more each level up, by the smallest bin that holds the whole
record.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from annotations.engine.results.index_places import ContigPlaces, Numbers, Places, joined_chunks

#: Positions of a bin of the lowest level, as a power of two.
MIN_SHIFT = 14
TBI_DEPTH, CSI_DEPTH = 5, 6
_FAR = np.iinfo(np.int64).max
#: Offsets into a file's text as virtual offsets into the file.
Virtual = Callable[[Numbers], Numbers]


def virtual_offsets(block_starts: Sequence[int], block_bytes: int, size: int) -> Virtual:
    """The places in a BGZF file of offsets into its text.

    ``block_starts`` are where the file's blocks begin, each with ``block_bytes`` of text but the last, and then where
    the end block does; ``size`` is the text's whole length.
    """
    starts = np.array(block_starts, np.int64)

    def virtual(offsets: Numbers) -> Numbers:
        inside = (starts[np.minimum(offsets // block_bytes, len(starts) - 1)] << 16) | offsets % block_bytes
        return np.where(offsets == size, starts[-1] << 16, inside)

    return virtual


class IndexBuilder:
    """Collects the places of records in order; ``depth`` is the number of levels above the lowest."""

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._contigs: dict[str, _ContigIndex] = {}

    def add(self, contig: str, begins: Numbers, ends: Numbers, offsets: Numbers) -> None:
        """Add records of one contig, whose records follow one another.

        ``begins`` are 0-based and rise, ``ends`` are not included; ``offsets`` into the file's text tell where each
        record's line begins, and where the last one ends.
        """
        if contig not in self._contigs:
            self._contigs[contig] = _ContigIndex(self._depth)
        self._contigs[contig].add(begins, ends, offsets)

    def places(self, virtual: Virtual) -> Places:
        """What the index says, once the file is complete."""
        return {name: contig.places(virtual) for name, contig in self._contigs.items()}


class _ContigIndex:
    """One contig's chunks (runs of records in one bin) and, for each window of 16 kb, its first record's offset."""

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._chunks: list[NDArray[np.int64]] = []
        self._linear: Numbers = np.full(1, _FAR)
        self._records = 0

    def add(self, begins: Numbers, ends: Numbers, offsets: Numbers) -> None:
        """Add records (see IndexBuilder.add)."""
        bins = smallest_bins(begins, ends, self._depth)
        firsts = np.concatenate([[0], np.flatnonzero(np.diff(bins)) + 1])
        lasts = np.append(firsts[1:], len(bins))
        self._chunks.append(np.stack([bins[firsts], offsets[firsts], offsets[lasts]]))
        self._records += len(bins)
        self._add_windows(begins >> MIN_SHIFT, (ends - 1) >> MIN_SHIFT, offsets[:-1])

    def _add_windows(self, first: Numbers, last: Numbers, starts: Numbers) -> None:
        count = int(last.max()) + 1
        if count > len(self._linear):
            more = max(count, 2 * len(self._linear)) - len(self._linear)
            self._linear = np.concatenate([self._linear, np.full(more, _FAR)])
        windows, at = np.unique(first, return_index=True)
        self._linear[windows] = np.minimum(self._linear[windows], starts[at])
        for row in np.flatnonzero(last > first).tolist():
            covered = self._linear[first[row] : last[row] + 1]
            np.minimum(covered, starts[row], out=covered)

    def places(self, virtual: Virtual) -> ContigPlaces:
        """What was collected, as places in the file."""
        # Where no record reaches into a window, reading begins with the next one that has any.
        filled = self._linear[: int(np.flatnonzero(self._linear != _FAR)[-1]) + 1]
        windows = virtual(np.minimum.accumulate(filled[::-1])[::-1])
        bins, begins, ends = np.concatenate(self._chunks, axis=1)
        begins, ends = virtual(begins), virtual(ends)
        chunks = joined_chunks(bins, begins, ends)
        return ContigPlaces(*chunks, windows, int(begins[0]), int(ends[-1]), self._records)


def smallest_bins(begins: Numbers, ends: Numbers, depth: int) -> Numbers:
    """The number of the smallest bin that holds each [begin, end)."""
    last = ends - 1
    bins = bin_count(depth - 1) + (begins >> MIN_SHIFT)
    wide = np.flatnonzero(begins >> MIN_SHIFT != last >> MIN_SHIFT)
    for level in range(depth - 1, -1, -1):
        if not len(wide):
            break
        shift = MIN_SHIFT + 3 * (depth - level)
        bins[wide] = bin_count(level - 1) + (begins[wide] >> shift)
        wide = wide[begins[wide] >> shift != last[wide] >> shift]
    return bins


def first_windows(bins: Numbers, depth: int) -> Numbers:
    """The first window of 16 kb that each bin covers."""
    edges = np.array([bin_count(level - 1) for level in range(depth + 1)])
    level = np.searchsorted(edges, bins, "right") - 1
    windows: Numbers = (bins - edges[level]) << (3 * (depth - level))
    return windows


def bin_count(depth: int) -> int:
    """How many bins the levels down to this one have together: 1, 9, 73…, and none above the first."""
    return ((1 << 3 * (depth + 1)) - 1) // 7
