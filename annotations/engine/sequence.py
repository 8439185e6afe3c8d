"""Bases of a FASTA by position, from the memory-mapped file. Positions are 0-based, half-open."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from annotations.engine.fasta_index import FastaIndexEntry

_UPPER_TABLE = bytes(range(256)).upper()
_UPPER = np.frombuffer(_UPPER_TABLE, dtype=np.uint8)


class ReferenceSequence:
    """The bases of one contig, upper case, straight from the memory-mapped FASTA."""

    def __init__(self, data: NDArray[np.uint8], entry: FastaIndexEntry) -> None:
        self._data = data
        self._entry = entry

    def __len__(self) -> int:
        return self._entry.length

    def at(self, positions: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The bases at 0-based positions; IndexError when one lies outside the contig."""
        if positions.size and (int(positions.min()) < 0 or int(positions.max()) >= len(self)):
            raise IndexError("position outside the contig")
        rows, columns = np.divmod(positions, self._entry.line_bases)
        bases: NDArray[np.uint8] = self._data[self._entry.offset + rows * self._entry.line_bytes + columns]
        return np.take(_UPPER, bases)

    def fetch(self, start: int, end: int) -> bytes:
        """The bases of [start, end), cut off at the contig's ends."""
        start, end = max(start, 0), min(end, len(self))
        if start >= end:
            return b""
        raw = self._data[self._byte(start) : self._byte(end - 1) + 1].tobytes()
        return raw.translate(_UPPER_TABLE, b"\r\n")

    def _byte(self, position: int) -> int:
        row, column = divmod(position, self._entry.line_bases)
        return self._entry.offset + row * self._entry.line_bytes + column


def open_sequences(fasta: Path, index: Mapping[str, FastaIndexEntry]) -> dict[str, ReferenceSequence]:
    """Every contig of an uncompressed FASTA, over one memory map."""
    # As a plain array: each slice of a memmap object costs microseconds.
    data = np.asarray(np.memmap(fasta, dtype=np.uint8, mode="r"))
    return {name: ReferenceSequence(data, entry) for name, entry in index.items()}
