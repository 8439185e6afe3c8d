"""The result's index, made from the records' places while they are written (SAM specification, section 5; CSI, tabix).

A ``.tbi`` holds positions below 2^29; longer contigs need a ``.csi``. Both sort records into bins of 16 kb and
eight times more each level up, by the smallest bin that holds the whole record.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]

#: Positions of a bin of the lowest level, as a power of two.
MIN_SHIFT = 14
TBI_DEPTH, CSI_DEPTH = 5, 6
#: tabix' settings for VCF: the format; the columns of contig, begin and (no) end; the sign of comments; skipped.
_VCF = struct.pack("<6i", 2, 1, 2, 0, ord("#"), 0)
_FAR = np.iinfo(np.int64).max


class IndexBuilder:
    """Collects the places of records in order and makes the index of the BGZF file that holds them."""

    def __init__(self, *, csi: bool) -> None:
        self._csi = csi
        self._depth = CSI_DEPTH if csi else TBI_DEPTH
        self._contigs: dict[str, _ContigIndex] = {}

    def add(self, contig: str, begins: Numbers, ends: Numbers, offsets: Numbers) -> None:
        """Add records of one contig, whose records follow one another.

        ``begins`` are 0-based and rise, ``ends`` are not included; ``offsets`` into the file's text tell where each
        record's line begins, and where the last one ends.
        """
        if contig not in self._contigs:
            self._contigs[contig] = _ContigIndex(self._depth)
        self._contigs[contig].add(begins, ends, offsets)

    def to_bytes(self, block_starts: Sequence[int], block_bytes: int, size: int) -> bytes:
        """The index, not yet compressed.

        ``block_starts`` are where the file's blocks begin, each with ``block_bytes`` of text but the last, and then
        where the end block does; ``size`` is the text's whole length.
        """
        starts = np.array(block_starts, np.int64)

        def virtual(offsets: Numbers) -> Numbers:
            inside = (starts[np.minimum(offsets // block_bytes, len(starts) - 1)] << 16) | offsets % block_bytes
            return np.where(offsets == size, starts[-1] << 16, inside)

        names = b"".join(name.encode() + b"\0" for name in self._contigs)
        about = _VCF + struct.pack("<i", len(names)) + names
        count = struct.pack("<i", len(self._contigs))
        if self._csi:
            head = b"CSI\1" + struct.pack("<3i", MIN_SHIFT, self._depth, len(about)) + about + count
        else:
            head = b"TBI\1" + count + about
        parts = [one.to_bytes(virtual, csi=self._csi) for one in self._contigs.values()]
        return b"".join([head, *parts, struct.pack("<Q", 0)])


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

    def to_bytes(self, virtual: Callable[[Numbers], Numbers], *, csi: bool) -> bytes:
        """The contig's part of the index; ``virtual`` turns offsets into the text into places in the file."""
        # Where no record reaches into a window, reading begins with the next one that has any.
        filled = self._linear[: int(np.flatnonzero(self._linear != _FAR)[-1]) + 1]
        linear = virtual(np.minimum.accumulate(filled[::-1])[::-1])
        bins, begins, ends = np.concatenate(self._chunks, axis=1)
        begins, ends = virtual(begins), virtual(ends)
        whole = (int(begins[0]), int(ends[-1]))
        order = np.argsort(bins, kind="stable")
        bins, begins, ends = bins[order], begins[order], ends[order]
        bins, begins, ends = _joined(bins, begins, ends)
        numbers, at = np.unique(bins, return_index=True)
        edges = [*at.tolist(), len(bins)]
        bottoms = np.minimum(_first_window(numbers, self._depth), len(linear) - 1)
        lowest = linear[bottoms].tolist()
        pairs = np.stack([begins, ends], axis=1)
        parts = [struct.pack("<i", len(numbers) + 1)]
        for row, number in enumerate(numbers.tolist()):
            chunks = pairs[edges[row] : edges[row + 1]]
            parts.append(_bin_head(number, lowest[row], len(chunks), csi=csi) + chunks.astype("<u8").tobytes())
        parts.append(_bin_head(_bin_count(self._depth) + 1, 0, 2, csi=csi))
        parts.append(struct.pack("<4Q", *whole, self._records, 0))
        if not csi:
            parts.append(struct.pack("<i", len(linear)) + linear.astype("<u8").tobytes())
        return b"".join(parts)


def smallest_bins(begins: Numbers, ends: Numbers, depth: int) -> Numbers:
    """The number of the smallest bin that holds each [begin, end)."""
    last = ends - 1
    bins = _bin_count(depth - 1) + (begins >> MIN_SHIFT)
    wide = np.flatnonzero(begins >> MIN_SHIFT != last >> MIN_SHIFT)
    for level in range(depth - 1, -1, -1):
        if not len(wide):
            break
        shift = MIN_SHIFT + 3 * (depth - level)
        bins[wide] = _bin_count(level - 1) + (begins[wide] >> shift)
        wide = wide[begins[wide] >> shift != last[wide] >> shift]
    return bins


def _bin_count(depth: int) -> int:
    """How many bins the levels down to this one have together: 1, 9, 73…, and none above the first."""
    return ((1 << 3 * (depth + 1)) - 1) // 7


def _first_window(bins: Numbers, depth: int) -> Numbers:
    """The first window of 16 kb that each bin covers."""
    edges = np.array([_bin_count(level - 1) for level in range(depth + 1)])
    level = np.searchsorted(edges, bins, "right") - 1
    windows: Numbers = (bins - edges[level]) << (3 * (depth - level))
    return windows


def _joined(bins: Numbers, begins: Numbers, ends: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Chunks of one bin that meet in a block of the file as one: it is read once either way."""
    apart = np.ones(len(bins), np.bool_)
    apart[1:] = (bins[1:] != bins[:-1]) | (begins[1:] >> 16 > ends[:-1] >> 16)
    firsts = np.flatnonzero(apart)
    return bins[firsts], begins[firsts], ends[np.append(firsts[1:], len(bins)) - 1]


def _bin_head(number: int, lowest: int, chunks: int, *, csi: bool) -> bytes:
    return struct.pack("<IQi", number, lowest, chunks) if csi else struct.pack("<Ii", number, chunks)
