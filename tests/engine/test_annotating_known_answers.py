"""The annotation says what is known of real alleles of the mitochondrial genome."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from annotations.engine.reference import load_reference
from tests.engine.annotating import RCRS, Annotated, annotated, vcf

CONFIRMED = RCRS / "originals" / "mitomap_confirmed_mutations.vcf.gz"
KNOWN: tuple[str, ...] = ("MT 3460 . G A . . .", "MT 7445 . A G . . .", "MT 8527 . A G . . .", "MT 8993 . T G . . .")
KNOWN += ("MT 11778 . G A . . .", "MT 14484 . T C . . .")


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Annotated:
    return annotated(vcf(*KNOWN), tmp_path_factory.mktemp("known"))


@pytest.fixture(scope="module")
def confirmed(tmp_path_factory: pytest.TempPathFactory) -> Annotated:
    return annotated(CONFIRMED, tmp_path_factory.mktemp("confirmed"), name="confirmed.vcf.gz")


@pytest.mark.parametrize(
    ("pos", "alt", "answer"),
    [
        (3460, "A", ("MT-ND1", "missense_variant", "MODERATE", "A52T")),
        (11778, "A", ("MT-ND4", "missense_variant", "MODERATE", "R340H")),
        (14484, "C", ("MT-ND6", "missense_variant", "MODERATE", "M64V")),
        (8993, "G", ("MT-ATP6", "missense_variant", "MODERATE", "L156R")),
        (7445, "G", ("MT-CO1", "stop_retained_variant", "LOW", "*514*")),
    ],
)
def test_a_known_allele_has_its_known_answer(known: Annotated, pos: int, alt: str, answer: tuple[str, ...]) -> None:
    info = known.one(pos, alt)
    assert tuple(info[f"GAS_{name}"] for name in ("GENE", "CONSEQUENCE", "IMPACT", "PROTEIN")) == answer
    assert info["GAS_TRANSCRIPT"] == f"{answer[0]}-T"


def test_an_allele_in_two_genes_names_both(known: Annotated) -> None:
    info = known.one(8527, "G")
    assert {entry.split("|")[1] for entry in info["BCSQ"].split(",")} == {"MT-ATP8", "MT-ATP6"}
    row = next(row for row in known.rows if row["pos"] == 8527)
    assert sorted(row["genes"].split(",")) == ["MT-ATP6", "MT-ATP8"]
    assert known.summary["by_gene"]["MT-ATP8"] == 1
    assert known.summary["by_gene"]["MT-ATP6"] == 2


ENDS = {
    "MT 3305 . A T . . .": ("MT-ND1", "upstream_gene_variant", "MODIFIER"),  # between MT-TL1 and MT-ND1
    "MT 4260 . C CG . . .": ("MT-ND1", "incomplete_terminal_codon_variant", "LOW"),
    "MT 4260 . CT C . . .": ("MT-ND1", "incomplete_terminal_codon_variant", "LOW"),
    "MT 4469 . A G . . .": ("MT-TM", "non_coding_transcript_exon_variant", "MODIFIER"),  # MT-ND2 begins behind it
    "MT 5888 . TACCTCACCCCCACTG T . . .": ("MT-TY", "non_coding_transcript_exon_variant", "MODIFIER"),
    "MT 9990 . T C . . .": ("MT-CO3", "incomplete_terminal_codon_variant", "LOW"),
    "MT 15886 . CT TC . . .": ("MT-CYB", "coding_sequence_variant", "MODIFIER"),
    "MT 15887 . T C . . .": ("MT-CYB", "incomplete_terminal_codon_variant", "LOW"),
}


def test_the_last_bases_of_a_gene_are_in_it_and_no_intron(tmp_path: Path) -> None:
    rows = annotated(vcf(*ENDS), tmp_path).rows
    assert [(row["gene"], row["consequence"], row["impact"]) for row in rows] == list(ENDS.values())
    inside = [(gene, not consequence.startswith("upstream")) for gene, consequence, _ in ENDS.values()]
    assert [row["transcript"] for row in rows] == [f"{gene}-T" if within else None for gene, within in inside]


def test_the_sources_say_what_mitomap_says(known: Annotated) -> None:
    info = known.one(3460, "A")
    assert info["MITOMAP_DISEASE"] == "LHON"
    assert info["MITOMAP_STATUS"].startswith("Cfrm")
    assert info["MITOMAP_RATING"] == "P"
    row = next(row for row in known.rows if row["pos"] == 3460)
    assert row["known"] is True
    assert row["MITOMAP_AC"] == int(info["MITOMAP_AC"])
    assert row["MITOMAP_AF"] == pytest.approx(int(info["MITOMAP_AC"]) / 61883, abs=1e-6)


def test_every_confirmed_allele_is_annotated_with_its_own_amino_acid_change(confirmed: Annotated) -> None:
    expected = _confirmed_changes()
    found = {}
    for record, info in zip(confirmed.records, confirmed.info, strict=True):
        entries = [entry.split("|") for entry in info["BCSQ"].split(",")] if "BCSQ" in info else []
        changes = {f"{m[2]}{m[1]}{m[3]}" for e in entries if len(e) > 5 and (m := _SUBSTITUTION.fullmatch(e[5]))}
        key = (int(record["POS"]), record["ALT"])
        if key in expected:
            found[key] = changes & expected[key]
            assert info["GAS_PROTEIN"] in expected[key]
    assert len(confirmed.records) == 117
    assert confirmed.summary["annotated"] == 117
    assert confirmed.summary["by_source"]["MITOMAP confirmed"] == 117
    assert found == expected
    assert len(expected) == 58


_SUBSTITUTION = re.compile(r"(\d+)([A-Z*])>\d+([A-Z*])")


def _confirmed_changes() -> dict[tuple[int, str], set[str]]:
    """Position and ALT -> the amino-acid changes MITOMAP gives, where it gives any (Term is a stop)."""
    changes = {}
    with gzip.open(CONFIRMED, "rt", encoding="utf-8") as file:
        for line in file:
            if line.startswith("#"):
                continue
            fields = line.split("\t")
            given = re.search(r"AminoAcidChange=([^;]*)", fields[7])
            if given and (named := re.findall(r"\b([A-Z]\d+)([A-Z]\b|Term)", given[1])):
                changes[int(fields[1]), fields[4]] = {place + to.replace("Term", "*") for place, to in named}
    return changes


@pytest.mark.parametrize("name", ["chrM", "NC_012920.1", "M"])
def test_every_name_of_the_contig_gives_the_same_result(known: Annotated, name: str, tmp_path: Path) -> None:
    header = f"##fileformat=VCFv4.2\n##contig=<ID={name},length=16569>\n"
    records = [record.replace("MT ", f"{name} ", 1) for record in KNOWN]
    other = annotated(vcf(*records, header=header), tmp_path)
    assert other.records == known.records
    assert other.rows == known.rows
    assert other.summary["done"] == [f"Contigs brought to the reference's names: {name} to MT."]


def test_every_allele_of_every_source_is_found_with_the_sources_own_values(tmp_path: Path) -> None:
    reference = load_reference(RCRS)
    got = annotated(RCRS / "originals" / "mitomap_polymorphisms.vcf.gz", tmp_path)
    alleles = [(r["POS"], r["REF"], r["ALT"]) for r in got.records]
    for source in reference.sources:
        with gzip.open(source.file, "rt", encoding="utf-8") as file:
            lines = [line.rstrip("\n").split("\t") for line in file]
        values = {(fields[1], fields[2], fields[3]): fields[4:] for fields in lines[1:]}
        names = lines[0][4:]
        expected = [[None if v == "." else v for v in values.get(a, ["."] * len(names))] for a in alleles]
        assert [[info.get(name) for name in names] for info in got.info] == expected
        assert got.summary["by_source"][source.name] == sum(any(row) for row in expected)
    assert len(alleles) > 19_000
