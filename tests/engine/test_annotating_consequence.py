"""BCSQ values, as csq writes them, in the words of the Sequence Ontology and of researchers."""

from __future__ import annotations

import pytest

from annotations.engine.hgvs.genomic import genomic_name
from annotations.engine.results.alleles import reason_not_annotated, substitution, variant_class
from annotations.engine.results.consequence import IMPACT_BY_TERM, TERM_BY_WORD, worst_consequence
from annotations.engine.results.outputs import stem
from annotations.engine.results.protein import protein_change


@pytest.mark.parametrize(
    ("amino_acids", "frameshift", "change"),
    [
        ("52A>52T", False, "A52T"),
        ("340R>340*", False, "R340*"),
        ("12L", False, "L12L"),
        ("514*", False, "*514*"),
        ("514*>514K", False, "*514K"),
        ("68ITLY*>68IQ*", True, "T69fs"),
        ("68ITLY*>68I*", True, "T69*"),
        ("10PTMIT>10P", False, "T11_T14del"),
        ("10PT>10P", False, "T11del"),
        ("141S>141SA", False, "S141_142insA"),
        ("254L>254PV", False, "L254delinsPV"),
        ("29FL>29FV", False, "L30V"),
        ("", False, ""),
    ],
)
def test_a_change_of_protein_is_one_word(amino_acids: str, frameshift: bool, change: str) -> None:
    assert protein_change(amino_acids, frameshift=frameshift) == change


def test_the_most_severe_transcript_wins_and_all_genes_are_named() -> None:
    found = worst_consequence(
        "stop_retained|ATP8|T8|protein_coding|+|69*|8572G>A,missense|ATP6|T6|protein_coding|+|16G>16S|8572G>A"
    )
    assert (found.gene, found.transcript, found.terms, found.protein) == ("ATP6", "T6", "missense_variant", "G16S")
    assert found.genes == "ATP8,ATP6"


def test_of_equals_the_one_that_stands_behind_a_stop_loses() -> None:
    found = worst_consequence("*missense|A|TA|protein_coding|+|1A>1C|x,missense|B|TB|protein_coding|+|1A>1C|x")
    assert (found.gene, found.terms) == ("B", "missense_variant")


def test_joined_words_are_ordered_by_severity() -> None:
    found = worst_consequence("frameshift&splice_region&stop_gained|G|T|protein_coding|+|1A>1C|x")
    assert found.terms == "stop_gained&frameshift_variant&splice_region_variant"
    assert (found.worst, found.impact) == ("stop_gained", "HIGH")


def test_a_start_that_stays_methionine_is_retained() -> None:
    found = worst_consequence("synonymous&start_lost|MT-ND1|T|protein_coding|+|1M|3309A>G")
    assert (found.worst, found.impact, found.protein) == ("start_retained_variant", "LOW", "M1M")


@pytest.mark.parametrize(
    ("bcsq", "term", "region"),
    [
        ("", "intergenic_variant", "outside genes"),
        ("@123", "coding_sequence_variant", "coding sequence"),
        ("intron|G||protein_coding", "intron_variant", "intron"),
        ("non_coding|MT-TF||MT_tRNA", "non_coding_transcript_exon_variant", "tRNA"),
        ("non_coding|MT-RNR1||MT_rRNA", "non_coding_transcript_exon_variant", "rRNA"),
        ("5_prime_utr|G|T|protein_coding", "5_prime_UTR_variant", "UTR"),
        ("word_of_2030|G|T|protein_coding", "coding_sequence_variant", "coding sequence"),
    ],
)
def test_other_values_have_a_term_and_a_region(bcsq: str, term: str, region: str) -> None:
    found = worst_consequence(bcsq)
    assert (found.terms, found.region, found.impact) == (term, region, "MODIFIER")


def test_every_word_of_csq_has_a_term_with_an_impact() -> None:
    assert set(TERM_BY_WORD.values()) <= set(IMPACT_BY_TERM)


def test_alleles_have_classes() -> None:
    pairs = {"SNV": "A G", "insertion": "A AT", "deletion": "CAT C", "MNV": "AT GC", "indel": "AT G"}
    for expected, pair in pairs.items():
        assert variant_class(*pair.split()) == expected
    assert variant_class("A", "<DEL>") == "symbolic"
    assert [variant_class("A", alt) for alt in ("*", ".", "A]1:2]", "A")] == ["other"] * 4
    assert [substitution("A", alt) for alt in ("G", "C", "A", "AT")] == ["transition", "transversion", "", ""]
    reasons = [reason_not_annotated("A", alt) for alt in ("T", "<DEL>", "*", ".", "A[1:2[", "A")]
    assert reasons == [
        "",
        "symbolic_allele",
        "spanning_deletion",
        "no_alternate_allele",
        "breakend",
        "same_as_reference",
    ]


def test_genomic_names_follow_hgvs() -> None:
    pairs = [("G", "A"), ("GAT", "G"), ("G", "GA"), ("GA", "TT"), ("GA", "TC")]
    named = [genomic_name(10, ref, alt, None, mitochondrial=True) for ref, alt in pairs]
    assert named == ["m.10G>A", "m.11_12del", "m.10_11insA", "m.10_11delinsTT", "m.10_11inv"]
    assert genomic_name(10, "G", "<DEL>", None, mitochondrial=False) == ""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("exome.vcf", "exome"),
        ("exome.vcf.gz", "exome"),
        ("a.b.BCF", "a.b"),
        ("../../etc/passwd", "passwd"),
        ("C:\\data\\my file.vcf", "my_file"),
        (".vcf", "variants"),
        ("Müller & Söhne.vcf", "M_ller_S_hne"),
        ("x" * 300 + ".vcf", "x" * 120),
    ],
)
def test_output_names_are_safe(name: str, expected: str) -> None:
    assert stem(name) == expected
