"""What can be read off one alternate allele by itself: its class, and why it cannot be annotated."""

from __future__ import annotations

CLASSES = ("SNV", "insertion", "deletion", "MNV", "indel", "symbolic", "other")
#: Why a record has no consequence, in words for the log and the pages.
REASONS = {
    "ref_mismatch": "REF is not what the reference has there",
    "beyond_contig": "position beyond the end of the contig",
    "end_beyond_ref": "END lies beyond REF",
    "ambiguous_reference": "REF holds letters that stand for several bases",
    "ambiguous_allele": "ALT holds letters that stand for several bases",
    "same_as_reference": "ALT is the same as REF",
    "unknown_contig": "contig that the reference lacks",
    "symbolic_allele": "symbol for a sequence, of a kind not known here",
    "reference_block": "reference block of a gVCF, or its allele for all others",
    "no_alternate_allele": "no alternate allele",
    "spanning_deletion": "allele deleted by another record (*)",
    "breakend": "breakend",
}
#: Reasons that can be read off the allele itself.
ALLELE_REASONS = frozenset(
    {"no_alternate_allele", "spanning_deletion", "breakend", "symbolic_allele", "reference_block"}
)
#: What GATK and bcftools write of positions where a sample is like the reference.
_REFERENCE_BLOCKS = frozenset({"<NON_REF>", "<*>"})
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
    if ref == alt:
        return "other"
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


def reason_not_annotated(ref: str, alt: str) -> str:
    """Why an allele that is no sequence, or REF's own, gets no consequence; "" for another sequence."""
    if alt.isalpha():
        return "same_as_reference" if ref == alt else ""
    if alt in (".", ""):
        return "no_alternate_allele"
    if alt in _REFERENCE_BLOCKS:
        return "reference_block"
    if alt == "*":
        return "spanning_deletion"
    if "[" in alt or "]" in alt or alt.startswith(".") or alt.endswith("."):
        return "breakend"
    return "symbolic_allele"
