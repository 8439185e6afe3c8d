"""What ``bcftools csq`` says of an allele (INFO/BCSQ), in the words of the Sequence Ontology.

A BCSQ value is a comma list, one entry a transcript:
``[*]word[&word…]|gene|transcript|biotype|strand|amino acids|dna``; the last three are there for coding changes.
A leading ``*`` marks a consequence behind a stop; ``@POS`` points to the record that holds a compound change
(http://samtools.github.io/bcftools/howtos/csq-calling.html).

Impact and the order of severity are those of Ensembl VEP
(https://www.ensembl.org/info/genome/variation/prediction/predicted_data.html).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from annotations.engine.results import gene_ends
from annotations.engine.results.protein import protein_change

#: Ensembl's table, most severe first, for the terms that ``bcftools csq`` and gene_ends can mean.
IMPACT_BY_TERM = {
    "transcript_ablation": "HIGH",
    "splice_acceptor_variant": "HIGH",
    "splice_donor_variant": "HIGH",
    "stop_gained": "HIGH",
    "frameshift_variant": "HIGH",
    "stop_lost": "HIGH",
    "start_lost": "HIGH",
    "transcript_amplification": "HIGH",
    "feature_elongation": "HIGH",
    "feature_truncation": "HIGH",
    "inframe_insertion": "MODERATE",
    "inframe_deletion": "MODERATE",
    "missense_variant": "MODERATE",
    "protein_altering_variant": "MODERATE",
    "splice_region_variant": "LOW",
    "incomplete_terminal_codon_variant": "LOW",
    "start_retained_variant": "LOW",
    "stop_retained_variant": "LOW",
    "synonymous_variant": "LOW",
    "coding_sequence_variant": "MODIFIER",
    "5_prime_UTR_variant": "MODIFIER",
    "3_prime_UTR_variant": "MODIFIER",
    "non_coding_transcript_exon_variant": "MODIFIER",
    "intron_variant": "MODIFIER",
    "NMD_transcript_variant": "MODIFIER",
    "upstream_gene_variant": "MODIFIER",
    "intergenic_variant": "MODIFIER",
}
SEVERITY = {term: rank for rank, term in enumerate(IMPACT_BY_TERM)}
IMPACTS = ("HIGH", "MODERATE", "LOW", "MODIFIER")

#: The words of bcftools' csq.c (1.24) and the Sequence Ontology's term for each.
TERM_BY_WORD = {
    "synonymous": "synonymous_variant",
    "missense": "missense_variant",
    "stop_lost": "stop_lost",
    "stop_gained": "stop_gained",
    "inframe_deletion": "inframe_deletion",
    "inframe_insertion": "inframe_insertion",
    "inframe_altering": "protein_altering_variant",
    "frameshift": "frameshift_variant",
    "splice_acceptor": "splice_acceptor_variant",
    "splice_donor": "splice_donor_variant",
    "splice_region": "splice_region_variant",
    "start_lost": "start_lost",
    "start_retained": "start_retained_variant",
    "stop_retained": "stop_retained_variant",
    "5_prime_utr": "5_prime_UTR_variant",
    "3_prime_utr": "3_prime_UTR_variant",
    "non_coding": "non_coding_transcript_exon_variant",
    "intron": "intron_variant",
    "coding_sequence": "coding_sequence_variant",
    "feature_elongation": "feature_elongation",
    "feature_truncation": "feature_truncation",
    "NMD_transcript": "NMD_transcript_variant",
    gene_ends.UNFINISHED: "incomplete_terminal_codon_variant",
}

_REGION_BY_TERM = {
    "splice_acceptor_variant": "splice site",
    "splice_donor_variant": "splice site",
    "splice_region_variant": "splice site",
    "5_prime_UTR_variant": "UTR",
    "3_prime_UTR_variant": "UTR",
    "intron_variant": "intron",
    "upstream_gene_variant": "promoter",
    "intergenic_variant": "outside genes",
}
#: By csq's spelling of the biotype in small letters.
_RNA_REGIONS = {"mt_trna": "tRNA", "trna": "tRNA", "mt_rrna": "rRNA", "rrna": "rRNA"}


@dataclass(slots=True)
class Consequence:
    """What one allele does to the transcript it hits hardest; ``genes`` are all it falls in, comma-joined.

    ``terms`` are Sequence Ontology terms joined by ``&``, the most severe first, and ``worst`` is that first one.
    Empty strings stand for "none".
    """

    terms: str
    worst: str
    impact: str
    gene: str = ""
    transcript: str = ""
    protein: str = ""
    region: str = ""
    genes: str = ""
    #: Amino acids as csq writes them, ``52A>52T``; None where they are not of this allele alone.
    amino_acids: str | None = ""

    @property
    def is_outside(self) -> bool:
        """Whether it lies in no transcript."""
        return self.worst in ("intergenic_variant", "upstream_gene_variant")


INTERGENIC = Consequence("intergenic_variant", "intergenic_variant", "MODIFIER", region="outside genes")
UPSTREAM = Consequence("upstream_gene_variant", "upstream_gene_variant", "MODIFIER", region="promoter")


def worst_consequence(
    bcsq: str,
    unfinished: Mapping[str, str] = MappingProxyType({}),
    rank: Callable[[str], int] = lambda _transcript: 0,
) -> Consequence:
    """The most severe of BCSQ's entries; ``unfinished`` are the genes of GeneEnds.

    Of equals, those behind a stop come after the others, then the transcript of the lowest ``rank`` comes first, and
    then csq's own order counts.
    """
    if not bcsq or bcsq == ".":
        return INTERGENIC
    entries = [gene_ends.named(text.split("|"), unfinished) for text in bcsq.split(",")]
    chosen = entries[0]
    if len(entries) > 1:
        # min() keeps the first of equals, which is csq's own order of transcripts.
        chosen = min(entries, key=lambda entry: (*_severity(entry), rank(entry[2]) if len(entry) > 2 else 0))
    found = _of_entry(chosen)
    found.genes = found.gene if len(entries) == 1 else ",".join(dict.fromkeys(e[1] for e in entries if e[1:2] > [""]))
    return found


def every_consequence(bcsq: str, unfinished: Mapping[str, str] = MappingProxyType({})) -> list[Consequence]:
    """Each of BCSQ's entries, one a transcript, in csq's order; none where there is no BCSQ."""
    if not bcsq or bcsq == ".":
        return []
    return [_of_entry(gene_ends.named(text.split("|"), unfinished)) for text in bcsq.split(",")]


def _of_entry(entry: list[str]) -> Consequence:
    words, gene, transcript, biotype = entry[:4] if len(entry) >= 4 else (entry[0], "", "", "")
    amino_acids = entry[5] if len(entry) > 5 else ""
    terms = _terms(words, ">" in amino_acids)
    return Consequence(
        terms="&".join(terms),
        worst=terms[0],
        impact=IMPACT_BY_TERM[terms[0]],
        gene=gene,
        transcript=transcript,
        protein=protein_change(amino_acids, frameshift="frameshift_variant" in terms) if amino_acids else "",
        region=_region(terms[0], biotype),
        genes=gene,
        # The changes of several alleles together ("123A>T+125G>C") say nothing of this one alone.
        amino_acids=None if len(entry) > 6 and "+" in entry[6] else amino_acids,
    )


def _severity(entry: list[str]) -> tuple[int, bool]:
    changed = len(entry) > 5 and ">" in entry[5]
    return SEVERITY[_terms(entry[0], changed)[0]], entry[0].startswith("*")


@functools.lru_cache(maxsize=1_000)
def _terms(words: str, changed: bool) -> tuple[str, ...]:
    """Sequence Ontology terms of csq's words, most severe first; ``changed`` says that an amino acid changes.

    A word of a later bcftools counts as a change of coding sequence, and so does ``@POS``.
    """
    terms = {TERM_BY_WORD.get(word, "coding_sequence_variant") for word in words.lstrip("*").split("&")}
    if {"start_lost", "synonymous_variant"} <= terms and not changed:
        # csq (1.24) calls ATA>ATG in the first codon "synonymous&start_lost" under genetic code 2, where both
        # are methionine and both begin a protein: the start is retained.
        terms = terms - {"start_lost"} | {"start_retained_variant"}
    return tuple(sorted(terms, key=SEVERITY.__getitem__))


def _region(worst: str, biotype: str) -> str:
    if worst == "non_coding_transcript_exon_variant":
        return _RNA_REGIONS.get(biotype.lower(), "non-coding gene")
    return _REGION_BY_TERM.get(worst, "coding sequence")
