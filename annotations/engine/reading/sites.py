"""Where the records of a batch stand and how much they hold: numbers for watching over the work they cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.integer]


@dataclass(frozen=True)
class Sites:
    """One item a record, in the records' order."""

    first_line: int
    """The first record's line, counted from 1 in the upload; the others follow on it. 0 where it is not known."""
    positions: Ints
    alleles: Ints
    """Alternate alleles, at least 1."""
    sizes: Ints
    """Bytes of the line."""

    @property
    def split_sizes(self) -> NDArray[np.int64]:
        """Bytes of the lines that one record an allele makes."""
        return np.multiply(self.alleles, self.sizes, dtype=np.int64)

    def __len__(self) -> int:
        return len(self.positions)

    def __getitem__(self, part: slice) -> Self:
        line = self.first_line and self.first_line + part.indices(len(self))[0]
        return type(self)(line, self.positions[part], self.alleles[part], self.sizes[part])

    @classmethod
    def one(cls, line: int, position: int, alleles: int, size: int) -> Self:
        """A single record's."""
        return cls(line, np.array([position]), np.array([alleles]), np.array([size]))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Several, one after the other; the first's line stands for all."""
        columns = ([part.positions, part.alleles, part.sizes] for part in parts)
        return cls(parts[0].first_line, *(np.concatenate(column) for column in zip(*columns, strict=True)))

    @classmethod
    def of_lines(cls, lines: Sequence[bytes]) -> Self:
        """Those of checked lines whose place in the upload is not known any more."""
        fields = [line.split(b"\t", 5) for line in lines]
        return cls(
            first_line=0,
            positions=np.array([int(row[1]) for row in fields]),
            alleles=np.array([row[4].count(b",") + 1 for row in fields]),
            sizes=np.array([len(line) for line in lines]),
        )
