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
    """Normalised records of one contig in order of position; REF and ALT as text, an item a record."""

    positions: Numbers
    ref: pa.Array
    alt: pa.Array
    #: ``POS\tREF\tALT``, by which alleles are compared.
    keys: pa.Array

    def part(self, first: int, last: int) -> Sought:
        """The records from ``first`` to the one before ``last``."""
        columns = (column.slice(first, last - first) for column in (self.ref, self.alt, self.keys))
        return Sought(self.positions[first:last], *columns)

    @cached_property
    def changed(self) -> tuple[Numbers, Numbers]:
        """First and last base that each record changes.

        A deletion's anchor (the first base, which VCF repeats in ALT) is not changed. An insertion changes no base
        and stands for the base before it.
        """
        length = pc.utf8_length(self.ref).to_numpy().astype(np.int64)
        anchored = pc.equal(pc.utf8_slice_codeunits(self.ref, 0, 1), pc.utf8_slice_codeunits(self.alt, 0, 1))
        anchored = pc.and_(anchored, pc.not_equal(pc.utf8_length(self.ref), pc.utf8_length(self.alt)))
        skipped = anchored.to_numpy(zero_copy_only=False) & (length > 1)
        return self.positions + skipped, self.positions + length - 1
