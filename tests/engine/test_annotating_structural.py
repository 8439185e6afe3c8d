"""Structural variants say which transcripts they meet and how; the blocks of a gVCF are counted and left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from annotations.engine.gene_models import read_gene_models
from annotations.engine.placing.structural import structural_consequence, structural_kind, structural_span
from tests.engine import toy
from tests.engine.annotating import Annotated, annotated, vcf
from tests.engine.test_annotating_places import line

HEADER = (
    "##fileformat=VCFv4.2\n##contig=<ID=MT,length=16569>\n"
    '##INFO=<ID=END,Number=1,Type=Integer,Description="End">\n'
    '##INFO=<ID=SVLEN,Number=.,Type=Integer,Description="Length">\n'
    '##INFO=<ID=SVTYPE,Number=1,Type=String,Description="Type">\n'
)


@pytest.fixture(scope="module")
def structural(tmp_path_factory: pytest.TempPathFactory) -> Annotated:
    records = (
        "MT 100 . G <DEL> . . END=200;SVTYPE=DEL",
        "MT 3000 . A <DEL> . . END=3250;SVTYPE=DEL",
        "MT 8469 . T <DEL> . . SVTYPE=DEL;SVLEN=-4977",
        "MT 10000 . G <DUP:TANDEM> . . END=10420;SVTYPE=DUP",
        "MT 11000 . C <DUP> . . END=11100;SVTYPE=DUP",
        "MT 12400 . A <INV> . . END=12500;SVTYPE=INV",
        "MT 12600 . A <CNV> . . END=12700;SVTYPE=CNV",
        "MT 13000 . G <INS> . . SVTYPE=INS",
        "MT 14000 . T T]MT:15000] . . SVTYPE=BND",
        "MT 14700 . C <FOO> . . .",
    )
    return annotated(vcf(*records, header=HEADER), tmp_path_factory.mktemp("structural"))


def test_the_transcripts_a_structural_variant_meets_are_told(structural: Annotated) -> None:
    told = {row["pos"]: (row["consequence"], row["impact"], row["gene"]) for row in structural.rows}
    assert told == {
        100: ("upstream_gene_variant", "MODIFIER", "MT-TF"),
        3000: ("feature_truncation&non_coding_transcript_exon_variant", "HIGH", "MT-RNR2"),
        8469: ("transcript_ablation", "HIGH", "MT-ND4"),  # the common deletion of 4,977 bases
        10000: ("transcript_amplification", "HIGH", "MT-ND3"),
        11000: ("feature_elongation&coding_sequence_variant", "HIGH", "MT-ND4"),
        12400: ("coding_sequence_variant", "MODIFIER", "MT-ND5"),
        12600: ("coding_sequence_variant", "MODIFIER", "MT-ND5"),
        13000: ("feature_elongation&coding_sequence_variant", "HIGH", "MT-ND5"),
        14000: ("feature_truncation&coding_sequence_variant", "HIGH", "MT-ND5"),
        14700: (None, None, None),
    }
    genes = {row["pos"]: (row["genes"] or "").split(",") for row in structural.rows}
    assert genes[3000] == ["MT-RNR2", "MT-TL1"]
    assert len(genes[8469]) == 12
    in_file = [info.get("GAS_GENES", info.get("GAS_GENE", "")).split(",") for info in structural.info]
    assert in_file == list(genes.values())
    assert "GAS_GENES" not in structural.one(11_000, "<DUP>")  # GAS_GENE says it
    assert any(line.startswith("##INFO=<ID=GAS_GENES,Number=.,Type=String,") for line in structural.header)
    assert structural.summary["not_annotated"] == {"symbolic_allele": 1}
    assert structural.summary["by_region"]["whole transcript"] == 2
    assert not any(row["hgvs_g"] for row in structural.rows)


@pytest.mark.parametrize(
    ("kind", "span", "terms"),
    [
        ("DEL", (150, 160), "intron_variant"),
        ("DEL", (90, 160), "feature_truncation&coding_sequence_variant&intron_variant"),
        ("DEL", (1, 60), "feature_truncation&3_prime_UTR_variant&coding_sequence_variant"),
        ("DEL", (40, 300), "transcript_ablation"),
        ("BND", (150, 150), "feature_truncation&intron_variant"),
        ("INV", (40, 300), "3_prime_UTR_variant&5_prime_UTR_variant&coding_sequence_variant&intron_variant"),
    ],
)
def test_the_parts_of_a_transcript_that_are_met_are_named(
    tmp_path: Path, kind: str, span: tuple[int, int], terms: str
) -> None:
    lines = [
        line("gene", 51, 250, "-", "ID=gene:G;Name=G"),
        line("mRNA", 51, 250, "-", "ID=transcript:T;Parent=gene:G;biotype=protein_coding"),
        line("exon", 51, 100, "-", "Parent=transcript:T"),
        line("exon", 201, 250, "-", "Parent=transcript:T"),
        line("CDS", 56, 100, "-", "Parent=transcript:T"),
        line("CDS", 201, 230, "-", "Parent=transcript:T"),
    ]
    models = read_gene_models(toy.write(tmp_path, "g.gff3", "##gff-version 3\n" + "\n".join(lines) + "\n"))
    found = structural_consequence(models, kind, *span)
    assert found
    assert sorted(found.terms.split("&")) == sorted(terms.split("&"))
    assert structural_consequence(models, kind, 300, 310) is None


def test_where_a_structural_variant_ends_is_read_from_end_or_its_length() -> None:
    assert structural_span("DEL", 10, b"SVTYPE=DEL;END=20") == (11, 20)
    assert structural_span("DEL", 10, b"SVLEN=-5;SVTYPE=DEL") == (11, 15)
    assert structural_span("DUP", 10, b"SVTYPE=DUP;CIEND=3;XEND=9") == (11, 11)
    assert structural_span("INS", 10, b"END=10") == (10, 11)
    kinds = [structural_kind(alt, "symbolic_allele") for alt in (b"<DEL:ME:ALU>", b"<CN0>", b"<NON_REF>", b"<DELETED>")]
    assert kinds == ["DEL", "CNV", "", ""]


def test_the_blocks_of_a_gvcf_are_kept_and_counted_and_its_variants_annotated(tmp_path: Path) -> None:
    records = ("MT 3400 . C <NON_REF> . . END=3459", "MT 3460 . G A,<NON_REF> . . .", "MT 3461 . C <*> . . END=3500")
    got = annotated(vcf(*records, header=HEADER), tmp_path)
    assert [(record["POS"], record["ALT"]) for record in got.records] == [
        ("3400", "<NON_REF>"),
        ("3460", "A"),
        ("3460", "<NON_REF>"),
        ("3461", "<*>"),
    ]
    assert got.info[0] == {"END": "3459", "GAS_NOT_ANNOTATED": "reference_block"}
    assert got.one(3460, "A")["GAS_HGVSP"] == "p.(Ala52Thr)"
    assert got.summary["not_annotated"] == {"reference_block": 3}
    assert got.summary["annotated"] == 1
    assert "reference block of a gVCF" in got.log
