"""What a block's records are looked up by in the sources, and what a look-up answers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
#: A source's fields for what was found (None: nothing), and each record's place among them, -1 where not found.
Found = tuple[pa.Table | None, Numbers]


@dataclass(frozen=True)
class Sought:
    """Normalised records of one contig in order of position."""

    positions: Numbers
    #: ``REF\tALT`` of each.
    alleles: pa.DictionaryArray

    def part(self, first: int, last: int) -> Sought:
        """The records from ``first`` to the one before ``last``."""
        return Sought(self.positions[first:last], self.alleles.slice(first, last - first))

    def keys(self, rows: Numbers) -> pa.Array:
        r"""``POS\tREF\tALT``, by which alleles are compared, of some records."""
        alleles = self.alleles.take(pa.array(rows)).cast(pa.string())
        return pc.binary_join_element_wise(pa.array(self.positions[rows]).cast(pa.string()), alleles, "\t")

    @cached_property
    def changed(self) -> tuple[Numbers, Numbers]:
        """First and last base that each record changes.

        A deletion's anchor (the first base, which VCF repeats in ALT) is not changed. An insertion changes no base
        and stands for the base before it.
        """
        pairs = [text.split("\t") for text in self.alleles.dictionary.to_pylist()]
        codes = self.alleles.indices.to_numpy()
        length = np.array([len(ref) for ref, _ in pairs], np.int64)[codes]
        anchored = [ref[:1] == alt[:1] and len(alt) != len(ref) > 1 for ref, alt in pairs]
        return self.positions + np.array(anchored, np.bool_)[codes], self.positions + length - 1
