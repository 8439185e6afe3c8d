"""An allele named after HGVS, as the alleles of the VCF that have this name.

The inverse of ``engine.hgvs.genomic``: HGVS wants the most 3' position, the table (normalised) the leftmost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from annotations.engine.sequence import ReferenceSequence

_NAME = re.compile(
    r"(?:(?P<contig>[^\s:]+):)?(?P<kind>[mg]\.)?(?P<start>\d+)(?:_(?P<end>\d+))?"
    r"(?:(?P<ref>[ACGTN]+)>(?P<alt>[ACGTN]+)|(?P<delins>del[ACGTN]*ins)(?P<inserted>[ACGTN]+)"
    r"|(?P<del>del)[ACGTN]*|(?P<dup>dup)[ACGTN]*|ins(?P<ins>[ACGTN]+))?",
    re.IGNORECASE,
)
#: Bases a name may span; a longer allele is symbolic in a VCF.
MAX_SPAN = 10_000
#: How far an insertion or deletion is moved to the left at most.
MAX_SHIFT = 1_000


@dataclass(frozen=True)
class Named:
    """A name's parts. ``contig`` is "" when it names none; ``mitochondrial`` when it begins with ``m.``."""

    contig: str
    mitochondrial: bool
    start: int
    end: int
    #: "position", "substitution", "deletion", "duplication", "insertion" or "delins".
    change: str
    ref: str = ""
    alt: str = ""


def read_name(text: str) -> Named | None:
    """Read ``m.11778G>A``, ``MT:11778G>A``, ``chr1:g.24del``, ``m.11778``; None when the text is no such name."""
    found = _NAME.fullmatch(text.strip())
    if not found or not (found["kind"] or found["ref"] or (found["contig"] and found.end() > found.end("start"))):
        return None
    start = int(found["start"][:12])
    end = int((found["end"] or found["start"])[:12])
    changes = (("ref", "substitution"), ("delins", "delins"), ("del", "deletion"), ("dup", "duplication"))
    change = next((word for group, word in changes if found[group]), "insertion" if found["ins"] else "position")
    alt = (found["alt"] or found["inserted"] or found["ins"] or "").upper()
    mitochondrial = (found["kind"] or "").lower() == "m."
    return Named(found["contig"] or "", mitochondrial, start, end, change, (found["ref"] or "").upper(), alt)


def vcf_allele(named: Named, sequence: ReferenceSequence) -> tuple[int, str, str] | None:
    """Return POS, REF and ALT of a change, left-aligned; None for a bare position, or a place beyond the contig."""
    start, end = named.start, named.end
    if named.change == "position" or not start <= end < start + MAX_SPAN:
        return None
    taken = sequence.fetch(start - 1, end).decode("latin-1") if start >= 1 else ""
    if len(taken) != end - start + 1:
        return None
    if named.change in {"substitution", "delins"}:
        return _trimmed(start, named.ref or taken, named.alt)
    if named.change == "insertion":
        return _left_aligned(start + 1, named.alt, sequence, inserted=True)
    return _left_aligned(start, taken, sequence, inserted=named.change == "duplication")


def _left_aligned(start: int, piece: str, sequence: ReferenceSequence, *, inserted: bool) -> tuple[int, str, str]:
    """A piece inserted before, or deleted from, ``start``, moved left while its last base is the one before it."""
    before = sequence.fetch(max(0, start - 1 - MAX_SHIFT), start - 1).decode("latin-1")
    while before and len(before) > 1 and piece[-1] == before[-1]:
        piece, before, start = before[-1] + piece[:-1], before[:-1], start - 1
    if not before:  # VCF 1.6.1: at the contig's first base, the base after the piece is kept instead
        after = sequence.fetch(start - 1 + (0 if inserted else len(piece)), start + (0 if inserted else len(piece)))
        kept = after.decode("latin-1")
        return (start, kept, piece + kept) if inserted else (start, piece + kept, kept)
    anchor = before[-1]
    return (start - 1, anchor, anchor + piece) if inserted else (start - 1, anchor + piece, anchor)


def _trimmed(start: int, ref: str, alt: str) -> tuple[int, str, str]:
    """Drop equal ends, as ``bcftools norm`` does: behind first, then before, leaving a base on either side."""
    while len(ref) > 1 and len(alt) > 1 and ref[-1] == alt[-1]:
        ref, alt = ref[:-1], alt[:-1]
    while len(ref) > 1 and len(alt) > 1 and ref[0] == alt[0]:
        ref, alt, start = ref[1:], alt[1:], start + 1
    return start, ref, alt
