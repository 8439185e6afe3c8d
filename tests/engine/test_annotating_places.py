"""Which transcript a record is told of, its names, and the genes around it, through the whole engine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from annotations.engine.gene_models import read_gene_models
from annotations.engine.hgvs.genetic_code import THREE_LETTERS, genetic_code
from annotations.engine.hgvs.names import TranscriptNamer
from annotations.engine.install.installer import install_reference
from annotations.engine.reference import load_reference
from tests.engine import toy
from tests.engine.annotating import RCRS, Annotated, annotated, vcf

#: Base 1 to 2000 of a contig with two genes: FWD on the forward strand (two transcripts), REV on the reverse.
BASES = "ACGTTGCAAGCTTCGA" * 125
CODING = "ATGGCCAAATTTCCCGGGTGA"
SITES = "##fileformat=VCFv4.2\n##contig=<ID=1,length=2000>\n"


def line(kind: str, first: int, last: int, strand: str, attributes: str) -> str:
    return f"1\ttoy\t{kind}\t{first}\t{last}\t.\t{strand}\t{'0' if kind == 'CDS' else '.'}\t{attributes}"


@pytest.fixture(scope="module")
def two_genes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """FWD at 601-800 in two transcripts, of which F2 is MANE's; REV at 1200-1400, non-coding, with an intron."""
    directory = tmp_path_factory.mktemp("two-genes")
    bases = BASES[:620] + CODING + BASES[620 + len(CODING) :]
    biotype = "biotype=protein_coding"
    gff = [
        line("gene", 601, 800, "+", f"ID=gene:F;Name=FWD;{biotype}"),
        line("mRNA", 601, 700, "+", f"ID=transcript:F1;Parent=gene:F;{biotype}"),
        line("exon", 601, 700, "+", "Parent=transcript:F1"),
        line("CDS", 621, 641, "+", "Parent=transcript:F1"),
        line(
            "mRNA", 601, 800, "+", f"ID=transcript:F2;Parent=gene:F;{biotype};tag=basic,Ensembl_canonical,MANE_Select"
        ),
        line("exon", 601, 680, "+", "Parent=transcript:F2"),
        line("exon", 751, 800, "+", "Parent=transcript:F2"),
        line("CDS", 621, 641, "+", "Parent=transcript:F2"),
        line("gene", 1200, 1400, "-", "ID=gene:R;Name=REV;biotype=lncRNA"),
        line("lnc_RNA", 1200, 1400, "-", "ID=transcript:R1;Parent=gene:R;biotype=lncRNA"),
        line("exon", 1200, 1250, "-", "Parent=transcript:R1"),
        line("exon", 1351, 1400, "-", "Parent=transcript:R1"),
    ]
    fasta = toy.write(directory, "two.fa", f">1\n{bases}\n")
    return install_reference(
        "TWO", fasta, toy.write(directory, "two.gff3", "\n".join(["##gff-version 3", *gff]) + "\n"), directory=directory
    ).directory


def alleles(*places: int) -> list[str]:
    """A substitution at each of these positions of TWO."""
    bases = BASES[:620] + CODING + BASES[620 + len(CODING) :]
    other = {"A": "C", "C": "T", "G": "A", "T": "G"}
    return [f"1 {place} . {bases[place - 1]} {other[bases[place - 1]]} . . ." for place in places]


@pytest.fixture(scope="module")
def placed(two_genes: Path, tmp_path_factory: pytest.TempPathFactory) -> Annotated:
    text = vcf(*alleles(50, 150, 600, 630, 720, 760, 900, 1300, 1390, 1900, 1901, 1990), header=SITES)
    return annotated(text, tmp_path_factory.mktemp("placed"), reference=two_genes)


def test_of_equal_consequences_manes_transcript_is_told(placed: Annotated) -> None:
    row = next(row for row in placed.rows if row["pos"] == 630)
    assert (row["gene"], row["transcript"], row["hgvs_c"], row["hgvs_p"]) == ("FWD", "F2", "c.10T>G", "p.(Phe4Val)")
    entries = dict(info.split("=", 1) for info in [f"BCSQ={placed.one(630, 'G')['BCSQ']}"])["BCSQ"]
    assert [entry.split("|")[2] for entry in entries.split(",")] == ["F1", "F2"]


def test_where_csq_names_the_gene_alone_the_transcript_there_is_found(placed: Annotated) -> None:
    rows = {row["pos"]: row for row in placed.rows}
    assert (rows[720]["consequence"], rows[720]["transcript"]) == ("intron_variant", "F2")
    assert rows[720]["hgvs_c"] == "c.*40-31A>C"
    assert (rows[1300]["consequence"], rows[1300]["transcript"]) == ("intron_variant", "R1")
    assert rows[1300]["hgvs_c"] == "n.51-50A>C"
    assert (rows[1390]["transcript"], rows[1390]["hgvs_c"]) == ("R1", "n.11G>A")


def test_the_five_hundred_bases_before_a_transcript_are_its_promoter(placed: Annotated) -> None:
    rows = {row["pos"]: row for row in placed.rows}
    told = {pos: (row["consequence"], row["gene"], row["upstream_distance"]) for pos, row in rows.items()}
    assert told[50] == ("intergenic_variant", None, None)
    assert told[150] == ("upstream_gene_variant", "FWD", 451)
    assert told[600] == ("upstream_gene_variant", "FWD", 1)
    assert told[900] == ("intergenic_variant", None, None)  # behind FWD, and behind REV, which runs the other way
    assert told[1900] == ("upstream_gene_variant", "REV", 500)
    assert told[1901] == ("intergenic_variant", None, None)
    assert placed.summary["by_region"]["promoter"] == 3
    assert placed.summary["by_gene"]["REV"] == 3
    info = placed.one(150, rows[150]["alt"])
    assert (info["GAS_DISTANCE"], info["GAS_NEAREST"]) == ("451", ".,FWD:451")


def test_an_allele_between_genes_names_the_nearest_on_both_sides(placed: Annotated) -> None:
    rows = {row["pos"]: row for row in placed.rows}
    sides = ("gene_before", "gene_before_distance", "gene_after", "gene_after_distance")
    assert [rows[900][side] for side in sides] == ["FWD", 100, "REV", 300]
    assert [rows[50][side] for side in sides] == [None, None, "FWD", 551]
    assert [rows[1990][side] for side in sides] == ["REV", 590, None, None]
    assert placed.one(900, rows[900]["alt"])["GAS_NEAREST"] == "FWD:100,REV:300"
    assert [rows[630][side] for side in sides] == [None] * 4
    assert "GAS_NEAREST" not in placed.one(630, "G")


def test_names_stand_in_info_and_the_header_says_what_they_are(tmp_path: Path) -> None:
    got = annotated(vcf("MT 7445 . A G . . .", "MT 11778 . G A . . .", "MT 11778 . G <DEL> . . ."), tmp_path)
    info = got.one(11778, "A")
    names = tuple(info[f"GAS_{name}"] for name in ("TRANSCRIPT", "HGVSG", "HGVSC", "HGVSP"))
    assert names == ("MT-ND4-T", "m.11778G>A", "c.1019G>A", "p.(Arg340His)")
    # An equals sign may not stand in an INFO value.
    assert got.one(7445, "G")["GAS_HGVSP"] == "p.(Ter514%3D)"
    assert [row["hgvs_p"] for row in got.rows][:2] == ["p.(Ter514=)", "p.(Arg340His)"]
    assert not {key for key in got.one(11778, "<DEL>") if key.startswith("GAS_HGVS")}
    for name in ("GAS_TRANSCRIPT", "GAS_HGVSG", "GAS_HGVSC", "GAS_HGVSP", "GAS_DISTANCE", "GAS_NEAREST"):
        [declared] = [text for text in got.header if text.startswith(f"##INFO=<ID={name},")]
        assert re.search(r'Description="[^"]{20,}"', declared)


def test_csq_and_the_names_tell_the_same_of_every_base_of_the_mitochondrial_genes(tmp_path: Path) -> None:
    """Two programs that share no code: csq's amino acids, and the name worked out from the sequence."""
    reference = load_reference(RCRS)
    models, bases = read_gene_models(reference.contigs[0].gff), reference.sequence("MT")
    namers = {
        number: TranscriptNamer(models.transcript(number), bases, genetic_code(2))
        for number in range(len(models))
        if models.transcript(number).coding
    }
    covered = sorted({pos for t in map(models.transcript, namers) for pos in range(t.start, t.end + 1)})
    text = bases.fetch(0, len(bases)).decode()
    others = {base: [other for other in "ACGT" if other != base] for base in "ACGT"}
    records = [f"MT {pos} . {text[pos - 1]} {others[text[pos - 1]][pos // 3 % 3]} . . ." for pos in covered]
    compared = 0
    got = annotated(vcf(*records), tmp_path)
    for record, info in zip(got.records, got.info, strict=True):
        for entry in info["BCSQ"].split(","):
            fields = entry.split("|")
            found = re.fullmatch(r"(\d+)([A-Z*])(?:>\d+([A-Z*]))?", fields[5]) if len(fields) > 5 else None
            if not found or found[1] == "1" or (found[2] == "*" and found[3]):
                continue
            name = namers[models.number[fields[2]]].names(int(record["POS"]), record["REF"], record["ALT"]).protein
            changed = THREE_LETTERS[found[3]] if found[3] else "="
            assert name == f"p.({THREE_LETTERS[found[2]]}{found[1]}{changed})"
            compared += 1
    assert compared > 11_000
