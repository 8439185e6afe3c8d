"""Bases of a FASTA by position: the ``.fai`` index and the memory-mapped file. Positions are 0-based, half-open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from annotations.engine.errors import ReferenceBroken

_UPPER_TABLE = bytes(range(256)).upper()
_UPPER = np.frombuffer(_UPPER_TABLE, dtype=np.uint8)


@dataclass(frozen=True)
class FastaIndexEntry:
    """One line of a ``.fai``: where a contig's bases lie in the FASTA (bytes and bases)."""

    length: int
    offset: int
    line_bases: int
    line_bytes: int


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


def read_fasta_index(path: Path) -> dict[str, FastaIndexEntry]:
    """A ``.fai`` by contig name, in file order; ReferenceBroken when it is not one."""
    try:
        rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
        return {name: FastaIndexEntry(*map(int, numbers)) for name, *numbers in rows}
    except (OSError, TypeError, ValueError) as error:
        raise ReferenceBroken(f"The FASTA index {path.name} cannot be read.") from error


def open_sequences(fasta: Path, index: Mapping[str, FastaIndexEntry]) -> dict[str, ReferenceSequence]:
    """Every contig of an uncompressed FASTA, over one memory map."""
    data = np.memmap(fasta, dtype=np.uint8, mode="r")
    return {name: ReferenceSequence(data, entry) for name, entry in index.items()}
