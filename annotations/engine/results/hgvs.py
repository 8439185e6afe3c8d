"""Genomic names of alleles after HGVS (https://hgvs-nomenclature.org/stable/recommendations/DNA/)."""

from __future__ import annotations

from annotations.engine.reference import ReferenceSequence

#: How far an insertion or deletion is moved towards the 3' end at most; a longer repeat keeps a name short of it.
MAX_SHIFT = 1_000


def genomic_name(pos: int, ref: str, alt: str, sequence: ReferenceSequence | None, *, mitochondrial: bool) -> str:
    """An allele such as ``m.11778G>A``, ``g.24del`` or ``m.309dup``; "" for what is no sequence.

    ``pos`` is the VCF's (1-based, normalised). HGVS wants the most 3' position, VCF the leftmost: insertions and
    deletions are moved along ``sequence``.
    """
    if not (ref.isalpha() and alt.isalpha()):
        return ""
    ref, alt = ref.upper(), alt.upper()
    while ref and alt and ref[0] == alt[0]:
        ref, alt, pos = ref[1:], alt[1:], pos + 1
    while ref and alt and ref[-1] == alt[-1]:
        ref, alt = ref[:-1], alt[:-1]
    kind = "m." if mitochondrial else "g."
    return kind + (_insertion(pos, alt, sequence) if alt and not ref else _change(pos, ref, alt, sequence))


def _change(pos: int, ref: str, alt: str, sequence: ReferenceSequence | None) -> str:
    if len(ref) == len(alt) == 1:
        return f"{pos}{ref}>{alt}"
    if alt:
        return f"{_span(pos, len(ref))}delins{alt}"
    if not ref:
        return f"{pos}="
    pos, _ = _shifted(pos, ref, pos + len(ref), sequence)
    return f"{_span(pos, len(ref))}del"


def _insertion(pos: int, alt: str, sequence: ReferenceSequence | None) -> str:
    pos, alt = _shifted(pos, alt, pos, sequence)
    if sequence is not None and pos > len(alt) and sequence.fetch(pos - 1 - len(alt), pos - 1) == alt.encode():
        return f"{_span(pos - len(alt), len(alt))}dup"
    return f"{pos - 1}_{pos}ins{alt}"


def _span(start: int, length: int) -> str:
    return str(start) if length == 1 else f"{start}_{start + length - 1}"


def _shifted(pos: int, piece: str, following: int, sequence: ReferenceSequence | None) -> tuple[int, str]:
    """Move an inserted or deleted piece right while the base that follows it equals its first."""
    if sequence is None:
        return pos, piece
    for base in sequence.fetch(following - 1, following - 1 + MAX_SHIFT).decode("latin-1"):
        if base != piece[0]:
            break
        piece, pos = piece[1:] + base, pos + 1
    return pos, piece
