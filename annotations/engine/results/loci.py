"""Where a block's records stand and what their alleles are. They must come in order, as the index needs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from annotations.engine.results.sought import Sought
from annotations.engine.results.textblock import ALT, CHROM, POS, REF, TextBlock, text_array


class OutOfOrderError(Exception):
    """A record comes before one that was already written."""


@dataclass(frozen=True)
class Loci:
    """Contig, position and allele of each record: ``pairs[allele_codes[i]]`` is what record i has."""

    contig: pa.DictionaryArray
    pos: pa.Array
    #: Contigs with their first record and the one behind their last.
    runs: Sequence[tuple[str, int, int]]
    #: Distinct (REF, ALT).
    pairs: Sequence[tuple[str, str]]
    allele_codes: NDArray[np.int64]
    #: The same for the sources.
    sought: Sought

    @classmethod
    def of(cls, block: TextBlock, order: SortedCheck) -> Self:
        """Read a block's. Raises OutOfOrderError when it is not sorted by position."""
        contig = block.words(CHROM)
        pos = text_array(block.column(POS)).cast(pa.int64())
        runs = order.check(contig, pos.to_numpy())
        # With the tab between them, as they stand there.
        alleles = text_array(block.cut(block.starts[REF], block.ends[ALT])).dictionary_encode()
        pairs = [_pair(pair) for pair in alleles.dictionary.to_pylist()]
        return cls(contig, pos, runs, pairs, alleles.indices.to_numpy(), Sought(pos.to_numpy(), alleles))

    @property
    def positions(self) -> NDArray[np.int64]:
        """POS as numbers."""
        return self.sought.positions

    @property
    def contigs(self) -> list[str]:
        """The contigs' names, in order."""
        return list(dict.fromkeys(name for name, _, _ in self.runs))

    def allele(self, row: int) -> tuple[int, str, str]:
        """Position, REF and ALT of one record."""
        return int(self.positions[row]), *self.pairs[self.allele_codes[row]]


class SortedCheck:
    """Watches that records come contig by contig and by position, as the index needs them."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._contig: str | None = None
        self._pos = 0

    def check(self, contig: pa.DictionaryArray, positions: NDArray[np.int64]) -> list[tuple[str, int, int]]:
        """Look at one block; answers its contigs with first and last record (not included)."""
        encoded = pc.run_end_encode(contig.indices)
        names = contig.dictionary.take(encoded.values).to_pylist()
        runs = []
        start = 0
        for name, end in zip(names, encoded.run_ends.to_pylist(), strict=True):
            piece = positions[start:end]
            if name != self._contig:
                if name in self._seen:
                    raise OutOfOrderError
                self._seen.add(name)
                self._contig, self._pos = name, 0
            if piece[0] < self._pos or (np.diff(piece) < 0).any():
                raise OutOfOrderError
            self._pos = int(piece[-1])
            runs.append((name, start, end))
            start = end
        return runs


def _pair(pair: str) -> tuple[str, str]:
    ref, _, alt = pair.partition("\t")
    return ref, alt
