"""What can be read off one alternate allele by itself: its class, and why it cannot be annotated."""

from __future__ import annotations

CLASSES = ("SNV", "insertion", "deletion", "MNV", "indel", "symbolic", "other")
#: Reasons that can be read off the allele itself.
ALLELE_REASONS = frozenset({"no_alternate_allele", "spanning_deletion", "breakend", "symbolic_allele"})
_TRANSITIONS = frozenset({"AG", "GA", "CT", "TC"})
_BASES = frozenset("ACGT")


def variant_class(ref: str, alt: str) -> str:
    """One of CLASSES. After normalisation a pure insertion keeps all of REF, a pure deletion all of ALT.

    >>> variant_class("A", "G"), variant_class("A", "AT"), variant_class("CAT", "C"), variant_class("AT", "G")
    ('SNV', 'insertion', 'deletion', 'indel')
    """
    ref, alt = ref.upper(), alt.upper()
    if alt.startswith("<"):
        return "symbolic"
    if not (alt.isalpha() and ref.isalpha()):
        return "other"
    if len(ref) == len(alt):
        return "SNV" if len(ref) == 1 else "MNV"
    if len(alt) > len(ref):
        return "insertion" if _keeps(ref, alt) else "indel"
    return "deletion" if _keeps(alt, ref) else "indel"


def _keeps(short: str, long: str) -> bool:
    """Whether taking one piece out of ``long`` leaves ``short``."""
    head = 0
    while head < len(short) and short[head] == long[head]:
        head += 1
    return long.endswith(short[head:])


def substitution(ref: str, alt: str) -> str:
    """Whether an SNV between A, C, G and T is a "transition" or a "transversion"; "" for all else."""
    ref, alt = ref.upper(), alt.upper()
    if len(ref) != 1 or ref == alt or ref not in _BASES or alt not in _BASES:
        return ""
    return "transition" if ref + alt in _TRANSITIONS else "transversion"


def reason_not_annotated(alt: str) -> str:
    """Why an allele that is no sequence gets no consequence; "" for a sequence."""
    if alt.isalpha():
        return ""
    if alt in (".", ""):
        return "no_alternate_allele"
    if alt == "*":
        return "spanning_deletion"
    if "[" in alt or "]" in alt or alt.startswith(".") or alt.endswith("."):
        return "breakend"
    return "symbolic_allele"
