"""How far insertions and deletions are moved for their names, for many records at once.

``hgvs/change.py`` says the same of one. norm leaves an allele leftmost, which is where HGVS wants it on a transcript of
the reverse strand; for the forward strand and the genome it goes right while the base behind equals its first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from annotations.engine.gene_models import Flags, Numbers
from annotations.engine.placing.alleles import Alleles
from annotations.engine.sequence import ReferenceSequence

#: Bases a piece is moved here at most; longer repeats are left to ``hgvs/change.py``.
MAX_SHIFT = 200


@dataclass(frozen=True)
class Moved:
    """Records whose place is known: substitutions, and plain insertions and deletions with their ``shift``."""

    alleles: Alleles
    positions: Numbers
    codes: Numbers
    shift: Numbers
    #: False for what has to be named one by one.
    known: Flags

    def edges(self, rows: Numbers, reverse: Flags) -> tuple[Numbers, Numbers]:
        """First and last position that a name along the strand tells: what changes, or what is beside an insertion."""
        positions, codes = self.positions[rows], self.codes[rows]
        sizes, deletes = self.alleles.sizes[codes], self.alleles.deletes[codes]
        moved = positions + np.where(reverse, 0, self.shift[rows])
        doubled = self._doubles(rows)
        # A doubled piece is named by its copy in the reference: before the place, along the strand.
        before = np.where(reverse, positions + 1, moved + 1 - sizes)
        first = np.where(deletes, moved + 1, np.where(doubled, before, moved))
        last = np.where(deletes, moved + sizes, np.where(doubled, before + sizes - 1, moved + 1))
        single = self.alleles.single[codes]
        return np.where(single, positions, first), np.where(single, positions, last)

    def texts(self, rows: Numbers, reverse: Flags) -> pa.Array:
        """What follows the positions in a name: ``A>G``, ``del``, ``dup``, ``insAC``."""
        codes = self.codes[rows]
        size = len(self.alleles.pairs)
        # Both strands' texts, "dup", and what was turned round by moving.
        turned = np.flatnonzero((self.shift[rows] > 0) & ~reverse & ~self._doubles(rows) & ~self.alleles.deletes[codes])
        places = np.where(self._doubles(rows), 2 * size, codes + size * reverse)
        places[turned] = 2 * size + 1 + np.arange(len(turned))
        extra = ["dup"]
        for code, shift in zip(codes[turned].tolist(), self.shift[rows[turned]].tolist(), strict=True):
            piece = self.alleles.pieces[code]
            extra.append(f"ins{piece[shift:]}{piece[:shift]}")
        every = pa.concat_arrays([self.alleles.forward, self.alleles.reverse, pa.array(extra, pa.string())])
        return every.take(pa.array(places))

    def _doubles(self, rows: Numbers) -> Flags:
        """Whether the inserted piece stands in the reference right behind the place: it was moved by its own length."""
        codes = self.codes[rows]
        inserts = self.alleles.plain[codes] & ~self.alleles.deletes[codes]
        doubles: Flags = inserts & (self.shift[rows] >= self.alleles.sizes[codes])
        return doubles


def moved(alleles: Alleles, positions: Numbers, codes: Numbers, wanted: Flags, sequence: ReferenceSequence) -> Moved:
    """Find the shift along the contig of every plain record that is ``wanted``."""
    shift = np.zeros(len(positions), np.int64)
    rows = np.flatnonzero(wanted & alleles.plain[codes])
    behind = positions[rows] - 1 + alleles.lengths[codes[rows]]
    known = wanted & (alleles.single | alleles.plain)[codes]
    for step in range(MAX_SHIFT + 1):
        goes_on = behind + step < len(sequence)
        goes_on[goes_on] = sequence.at(behind[goes_on] + step) == alleles.letter(codes[rows[goes_on]], step)
        rows, behind = rows[goes_on], behind[goes_on]
        if not len(rows):
            break
        shift[rows] += 1
    known[rows] = False
    return Moved(alleles, positions, codes, shift, known)
