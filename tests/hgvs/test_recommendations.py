"""Names on small transcripts, in the manner of the examples in HGVS' recommendations."""

from __future__ import annotations

import pytest

from annotations.engine.hgvs.change import change_of
from annotations.engine.hgvs.genetic_code import genetic_code
from annotations.engine.hgvs.genomic import genomic_name
from annotations.engine.hgvs.names import TranscriptNamer
from annotations.engine.hgvs.oriented import OrientedSequence, reverse_complement
from annotations.engine.transcripts import Transcript
from tests.hgvs.test_round_trip import Genome


class Written:
    """A transcript written as text: UTRs and introns in small letters, coding bases in capitals; ``|`` ends an exon."""

    def __init__(self, text: str, *, reverse: bool = False, code: int = 1, begin: int = 5) -> None:
        exons, at = [], begin
        for number, part in enumerate(text.split("|")):
            if number % 2 == 0:
                exons.append((at + 1, at + len(part)))
            at += len(part)
        bare = "t" * begin + text.replace("|", "") + "t" * 5
        coding = [p for a, b in exons for p in range(a, b + 1) if bare[p - 1].isupper()]
        self.genome = bare.upper()
        size = len(bare)
        if reverse:
            self.genome = reverse_complement(self.genome)
            exons = [(size - b + 1, size - a + 1) for a, b in reversed(exons)]
            coding = [size - p + 1 for p in reversed(coding)]
        edges = (coding[0], coding[-1]) if coding else None
        transcript = Transcript("T", "G", reverse, "protein_coding", tuple(exons), edges)
        self.reverse, self.size = reverse, size
        self.namer = TranscriptNamer(transcript, Genome(self.genome), genetic_code(code))
        self.text, self.begin = bare, begin

    def named(self, old: str, new: str) -> tuple[str, str]:
        """The names of the change from the text ``old`` (with its surroundings, once in the transcript) to ``new``."""
        place = self.text.upper().index(old.upper())
        assert self.text.upper().count(old.upper()) == 1
        at = self.size - place - len(old) if self.reverse else place
        ref, alt = (reverse_complement(old), reverse_complement(new)) if self.reverse else (old, new)
        assert self.genome[at : at + len(ref)] == ref.upper()
        names = self.namer.names(at + 1, ref, alt)
        return names.coding, names.protein


#: MetAspAlaTyrArgGlnSerTrpTrpLysHisTer in two exons.
TWO_EXONS = "ggac|gtaagtccccag|gcATGGATGCATAC|gtatgtccttgcag|CGTCAGAGCTGGTGGAAGCACTAAaacctgactcc"
EVERY_STRAND = pytest.mark.parametrize("reverse", [False, True])


@EVERY_STRAND
@pytest.mark.parametrize(
    ("old", "new", "coding", "protein"),
    [
        ("GATGCAT", "GATCCAT", "c.7G>C", "p.(Ala3Pro)"),
        ("GCATAC", "GCATAA", "c.12C>A", "p.(Tyr4Ter)"),
        ("GCATACG", "GCATAG", "c.12del", "p.(Arg5ValfsTer10)"),
        ("ATGGATGCA", "ATGGACGCA", "c.6T>C", "p.(Asp2=)"),
        ("GGCATGG", "GGCACGG", "c.2T>C", "p.(Met1?)"),
        ("GGCATGG", "GGCGG", "c.1_2del", "p.(Met1?)"),
        ("AGGCATG", "AGGGATG", "c.-1C>G", ""),
        ("CTGGTGGAAG", "CTGGAAG", "c.25_27del", "p.(Trp9del)"),
        ("CTGGTGGAAG", "CTGGTGGTGGAAG", "c.25_27dup", "p.(Trp9dup)"),
        ("CAGAGCTGG", "CAGGCTAGCTGG", "c.18_19insGCT", "p.(Gln6_Ser7insAla)"),
        ("CAGAGCTGG", "CAGGCTTAAAGCTGG", "c.18_19insGCTTAA", "p.(Gln6_Ser7insAlaTer)"),
        ("CAGAGCTGG", "CAGTAAAGCTGG", "c.18_19insTAA", "p.(Ser7Ter)"),
        ("CAGAGCTGG", "CAGAGGTTGG", "c.21delinsGT", "p.(Ser7ArgfsTer?)"),
        ("CAGAGCTGG", "CAGTGCGGTTGG", "c.19_21delinsTGCGGT", "p.(Ser7delinsCysGly)"),
        ("CAGAGCTGG", "CTCTGCTGG", "c.17_19inv", "p.(Gln6_Ser7delinsLeuCys)"),
        ("CGTCAG", "CGTCCAG", "c.16dup", "p.(Gln6ProfsTer?)"),
        ("CACTAAAAC", "CACCAAAAC", "c.34T>C", "p.(Ter12GlnextTer?)"),
        ("CACTAAAAC", "CACAAAAC", "c.34del", "p.(Ter12LysextTer2)"),
        ("CACTAAAACCTG", "CACTAAAACTG", "c.*4del", ""),
        ("GGATGC", "GGTGC", "c.5del", "p.(Asp2ValfsTer13)"),
        ("CACTAAAACC", "CACTTAAAACC", "c.34dup", "p.(Ter12LeuextTer?)"),
        ("AAGCACTAAAAC", "AAGCACCACTAAAAC", "c.31_33dup", "p.(Ter12HisextTer1)"),
        ("AAGCACTAAAAC", "AAGCAC", "c.34_*3del", "p.(Ter12LeuextTer?)"),
        ("AAGCACTAAAAC", "AAGTAAAAC", "c.31_33del", "p.(His11del)"),
        ("AACCTG", "AACGTG", "c.*4C>G", ""),
        ("GACGTA", "GACATA", "c.-3+1G>A", ""),
        ("CCCAGGCA", "CCCACGCA", "c.-2-1G>C", ""),
        ("TACGTATG", "TACGCATG", "c.12+2T>C", "p.?"),
        ("CATACGTATG", "CATACGTACG", "c.12+4T>C", ""),
        ("TGCAGCGTC", "TGCATCGTC", "c.13-1G>T", "p.?"),
        ("GTCCTTGC", "GTCCATGC", "c.13-6T>A", ""),
        ("GCATACGTATG", "GCATATG", "c.12_12+3del", "p.?"),
    ],
)
def test_a_change_has_its_name_on_either_strand(
    *, reverse: bool, old: str, new: str, coding: str, protein: str
) -> None:
    assert Written(TWO_EXONS, reverse=reverse).named(old, new) == (coding, protein)


@EVERY_STRAND
def test_a_deletion_at_an_exons_end_is_moved_into_the_intron_and_never_over_it(*, reverse: bool) -> None:
    # ..GAT gta../..cag TCA..: the last T of the exon goes, and the next exon begins with T (HGVS: c.3921del).
    junction = Written("cATGGAT|gtaagtccccag|TCACATTAAcc", reverse=reverse)
    assert junction.named("GGATGTAA", "GGAGTAA")[0] == "c.6del"
    # ..CAG gta..: one of both Gs goes (c.1704+1del); ..cag GTT..: likewise, and it is the exon's (c.1813del).
    border = Written("cATGCAG|gtaagtccccag|GTTCATTAAcc", reverse=reverse)
    assert border.named("GCAGGTAA", "GCAGTAA") == ("c.6+1del", "p.?")
    assert border.named("CCCAGGTTC", "CCCAGTTC") == ("c.7del", "p.(Val3PhefsTer?)")
    assert border.named("CCCAGGTTC", "CCCAGGGTTC") == ("c.7dup", "p.(Val3GlyfsTer?)")


@EVERY_STRAND
def test_the_middle_of_an_uneven_intron_counts_from_the_exon_before(*, reverse: bool) -> None:
    text = Written("cATGGAC|gtccACGTCag|TCACATTAAcc".replace("ACGTC", "acgtc"), reverse=reverse)
    assert text.named("CCACGTC", "CCATGTC")[0] == "c.6+6C>T"
    assert text.named("CCACGTC", "CCACATC")[0] == "c.7-5G>A"


def test_a_non_coding_transcript_is_numbered_from_its_first_base() -> None:
    assert Written("gacttgacc|gtaagtag|acctgttag").named("CTTGACC", "CTTCACC") == ("n.6G>C", "")


def test_selenocysteine_is_read_where_the_protein_goes_on() -> None:
    text = Written("ccATGGCATGACATAAATAAcc")
    assert text.named("GCATGACAT", "GCATGGCAT") == ("c.9A>G", "p.(Sec3Trp)")
    assert text.named("GCATGACAT", "GCTTGACAT") == ("c.6A>T", "p.(Ala2=)")


def test_a_transcript_without_its_first_codon_has_no_start_to_lose() -> None:
    assert Written("ACGGATGCATAAcc").named("TTACGGAT", "TTACAGAT")[1] == "p.(Thr1=)"


def test_a_genomic_name_is_moved_along_a_long_repeat_to_its_end() -> None:
    genome = Genome("C" + "TG" * 5_000 + "A")
    assert genomic_name(1, "CTG", "C", genome, mitochondrial=False) == "g.10000_10001del"
    assert genomic_name(1, "C", "CTG", genome, mitochondrial=False) == "g.10000_10001dup"


def test_an_allele_without_a_change_is_named_so() -> None:
    assert genomic_name(2, "TG", "TG", Genome("CTGA"), mitochondrial=False) == "g.2_3="


def test_what_no_transcript_reaches_has_no_name_there() -> None:
    text = Written("gacttgacc")
    assert text.namer.names(3, "T", "A").coding == ""
    assert text.namer.names(4, "TTGA", "T").coding == ""
    assert text.namer.names(7, "<DEL>", "A").coding == ""


def test_a_change_is_trimmed_before_it_is_moved() -> None:
    along = OrientedSequence(Genome("ACGTTTTA"), reverse=False)
    change = change_of(2, "CGTT", "CGT", along)
    assert (change.start, change.deleted, change.inserted) == (6, "T", "")


@pytest.mark.parametrize(("code", "protein"), [(1, "p.(Trp2Ter)"), (2, "p.(Trp2=)")])
def test_the_contigs_genetic_code_is_used(code: int, protein: str) -> None:
    assert Written("ccATGTGGCATTAAcc", code=code).named("GTGGC", "GTGAC")[1] == protein
