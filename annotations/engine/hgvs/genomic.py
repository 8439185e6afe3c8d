"""Genomic names of alleles, such as ``m.11778G>A``, ``g.24del`` or ``m.309dup``."""

from __future__ import annotations

from annotations.engine.hgvs.change import change_of, described
from annotations.engine.hgvs.oriented import Bases, OrientedSequence


class _NoBases:
    """A contig whose bases are not known: nothing can be moved along it."""

    def __len__(self) -> int:
        return 0

    def fetch(self, start: int, end: int) -> bytes:
        """None."""
        return b""


def genomic_name(pos: int, ref: str, alt: str, bases: Bases | None, *, mitochondrial: bool) -> str:
    """An allele's name on its contig; "" for what is no sequence. ``pos`` is the VCF's, 1-based.

    Without bases it is named where it stands.
    """
    if not (ref.isalpha() and alt.isalpha()):
        return ""
    along = OrientedSequence(_NoBases() if bases is None else bases, reverse=False)
    change = change_of(pos, ref, alt, along)
    return ("m." if mitochondrial else "g.") + described(change, along, lambda position: str(position + 1))
