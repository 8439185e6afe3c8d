"""What names need of a block's distinct alleles, worked out once a pair of REF and ALT."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from annotations.engine.gene_models import Flags, Numbers
from annotations.engine.hgvs.oriented import reverse_complement

_BASES = frozenset("ACGT")


class Alleles:
    """Distinct (REF, ALT) by number.

    ``single`` are substitutions of one base. ``plain`` are pieces deleted or inserted behind the base that REF and
    ALT share, which is another than the piece's last: so they stand leftmost, as norm leaves them.
    """

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self.pairs = [(ref.upper(), alt.upper()) for ref, alt in pairs]
        single = [len(ref) == len(alt) == 1 and ref != alt and {ref, alt} <= _BASES for ref, alt in self.pairs]
        self.single: Flags = np.array(single, np.bool_)
        self.sequence: Flags = np.array([ref.isalpha() and alt.isalpha() for ref, alt in self.pairs], np.bool_)
        self.lengths: Numbers = np.array([len(ref) for ref, _ in self.pairs], np.int64)
        self.pieces = [_piece(ref, alt) for ref, alt in self.pairs]
        self.sizes: Numbers = np.array([len(piece) for piece in self.pieces], np.int64)
        self.plain: Flags = self.sizes > 0
        self.deletes: Flags = self.plain & (self.lengths > 1)
        #: The change as a name has it behind its position, along either strand.
        self.forward = _texts(self.pairs, self.pieces)
        turned = [(reverse_complement(ref), reverse_complement(alt)) for ref, alt in self.pairs]
        self.reverse = _texts(turned, [reverse_complement(piece) for piece in self.pieces])
        self._letters = np.frombuffer("".join(self.pieces).encode("latin-1", "replace"), np.uint8)
        self._begins = np.cumsum(self.sizes) - self.sizes

    def letter(self, codes: Numbers, place: int) -> NDArray[np.uint8]:
        """The pieces' base at a place, counted on from their first when the place lies behind their last."""
        letters: NDArray[np.uint8] = self._letters[self._begins[codes] + place % self.sizes[codes]]
        return letters


def _piece(ref: str, alt: str) -> str:
    """What is deleted or inserted behind the shared first base; "" where the allele is anything else."""
    if len(alt) == 1 < len(ref) and ref[0] == alt != ref[-1] and ref.isalpha():
        return ref[1:]
    if len(ref) == 1 < len(alt) and alt[0] == ref != alt[-1] and alt.isalpha():
        return alt[1:]
    return ""


def _texts(pairs: Sequence[tuple[str, str]], pieces: Sequence[str]) -> pa.Array:
    texts = []
    for (ref, alt), piece in zip(pairs, pieces, strict=True):
        changed = "del" if len(ref) > 1 else f"ins{piece}"
        texts.append(changed if piece else f"{ref}>{alt}")
    return pa.array(texts, pa.string())
