"""The biotypes ``bcftools csq`` knows; it leaves out transcripts of any other.

From ``gff_parse_biotype`` in bcftools 1.24's ``gff.c``, which compares beginnings: ``protein_coding_LoF`` passes
for ``protein_coding``.
"""

from __future__ import annotations

_BEGINNINGS = (
    *("protein_coding", "pseudogene", "processed_transcript", "processed_pseudogene", "polymorphic_pseudogene"),
    *("artifact", "antisense", "ambiguous_orf"),
    *("IG_pseudogene", "IG_C", "IG_J_pseudogene", "IG_V", "IG_D", "IG_J", "IG_LV"),
    *("TR_V", "TR_J", "TR_C", "TR_D"),
    *("lincRNA", "lncRNA"),
    *("macro_lncRNA", "misc_RNA", "miRNA"),
    *("rRNA", "ribozyme", "retained_intron", "retrotransposed"),
    *("snRNA", "sRNA", "scRNA", "scaRNA", "snoRNA", "sense_intronic", "sense_overlapping"),
    *("tRNA_pseudogene", "transcribed_processed_pseudogene", "transcribed_unprocessed_pseudogene"),
    *("transcribed_unitary_pseudogene", "translated_unprocessed_pseudogene", "translated_processed_pseudogene"),
    *("nonsense_mediated_decay", "non_stop_decay", "NMD", "known_ncrna", "unitary_pseudogene"),
    *("unprocessed_pseudogene", "LRG_gene", "disrupted_domain", "vaultRNA", "bidirectional_promoter_lncRNA"),
)
#: Compared without regard to case, behind a first letter that is.
_ANY_CASE = {
    "M": ("mt_trna", "mt_rrna", "mrna"),
    "m": ("mrna",),
    "3": ("3prime_overlapping_ncrna", "3_prime_overlapping_ncrna"),
}


def is_usable(biotype: str) -> bool:
    """Whether csq would read a transcript of this biotype (or, where it has none, of this type in column 3)."""
    return biotype.startswith(_BEGINNINGS) or biotype.lower().startswith(_ANY_CASE.get(biotype[:1], ("\0",)))
