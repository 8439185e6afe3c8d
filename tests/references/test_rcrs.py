"""The bundled rCRS: what is in it, against facts known from elsewhere, and that it can be made again."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import Counter
from pathlib import Path
from urllib.parse import unquote

import pysam
import pytest

from annotations.engine.genes import gff_attributes
from annotations.engine.reference import Reference, find_references, verify_reference
from annotations.references.make_rcrs import HERE, ORIGINALS, make_rcrs
from annotations.references.mitomap import read_confirmed, read_diseases, read_polymorphisms, readable

#: NCBI's table 2, vertebrate mitochondrial, codons in the order TCAG.
CODE_2 = "FFLLSSSSYY**CCWWLLLLPPPPHHQQRRRRIIMMTTTTNNKKSS**VVVVAAAADDEEGGGG"
COMPLEMENT = bytes.maketrans(b"ACGTN", b"TGCAN")


@pytest.fixture(scope="module")
def rcrs() -> Reference:
    [reference] = find_references([HERE.parent])
    return reference


def table(reference: Reference, name: str) -> dict[tuple[int, str, str], list[str]]:
    [source] = [source for source in reference.sources if source.name == name]
    with pysam.TabixFile(str(source.file)) as rows:
        alleles = [row.split("\t") for row in rows.fetch("MT")]
    assert len(alleles) == source.records
    return {(int(position), ref, alt): values for _, position, ref, alt, *values in alleles}


def translated(bases: bytes) -> str:
    codons = (bases[i : i + 3] for i in range(0, len(bases) - 2, 3))
    return "".join(
        CODE_2["TCAG".index(chr(c[0])) * 16 + "TCAG".index(chr(c[1])) * 4 + "TCAG".index(chr(c[2]))] for c in codons
    )


def test_it_says_what_it_covers_and_where_it_comes_from(rcrs: Reference) -> None:
    assert (rcrs.name, rcrs.assembly) == ("rCRS", "rCRS (NC_012920.1)")
    assert rcrs.note == "Covers mitochondrial DNA only."
    [contig] = rcrs.contigs
    assert (contig.name, contig.length, contig.genetic_code, contig.circular) == ("MT", 16569, 2, True)
    assert set(rcrs.contig_names()) == {"MT", "M", "chrM", "chrMT", "NC_012920.1"}
    assert {source.licence for source in rcrs.sources} == {"CC BY 3.0"}
    assert all("10.1002/0471250953.bi0123s44" in source.citation for source in rcrs.sources)
    assert "Creative Commons Attribution 3.0" in (HERE / "NOTICE").read_text()


def test_its_files_bear_their_checksums_and_the_manifest_names_every_one(rcrs: Reference) -> None:
    assert verify_reference(rcrs) == 16
    named = set(json.loads((HERE / "manifest.json").read_text())["files"])
    assert named == {str(p.relative_to(HERE)) for p in HERE.rglob("*") if p.is_file()} - {"manifest.json"}


def test_the_sequence_is_nc_012920_1(rcrs: Reference) -> None:
    bases = rcrs.sequence("MT").fetch(0, 16569)
    assert hashlib.md5(bases, usedforsecurity=False).hexdigest() == "c68f52674c9fb33aef52dcf399755519"
    assert bases[3106:3107] == b"N"
    assert bases.count(b"N") == 1


def test_it_has_13_protein_genes_22_trna_and_2_rrna(rcrs: Reference) -> None:
    genes = rcrs.genes("MT")
    assert Counter(gene.biotype for gene in genes) == {"protein_coding": 13, "Mt_tRNA": 22, "Mt_rRNA": 2}
    assert rcrs.transcripts == 37
    assert [g.name for g in genes if g.biotype == "protein_coding" and g.strand == "-"] == ["MT-ND6"]


def test_every_open_reading_frame_starts_and_has_no_stop_inside(rcrs: Reference) -> None:
    [gff] = rcrs.gff_for(["MT"])
    proteins = {}
    for line in gff.read_text().splitlines():
        columns = line.split("\t")
        if not line.startswith("#") and columns[2] == "CDS":
            bases = rcrs.sequence("MT").fetch(int(columns[3]) - 1, int(columns[4]))
            if columns[6] == "-":
                bases = bases.translate(COMPLEMENT)[::-1]
            name = gff_attributes(columns[8])["Parent"]
            proteins[name.removeprefix("transcript:").removesuffix("-T")] = (bases, translated(bases))
    assert len(proteins) == 13
    for name, (bases, protein) in proteins.items():
        assert bases[:3] in {b"ATG", b"ATA", b"ATT"}, name
        assert "*" not in protein[:-1], name
    # UniProt's lengths; five genes end in a codon that polyadenylation completes.
    lengths = {name: len(protein.rstrip("*")) for name, (_, protein) in proteins.items()}
    complex_one = {
        "MT-ND1": 318,
        "MT-ND2": 347,
        "MT-ND3": 115,
        "MT-ND4L": 98,
        "MT-ND4": 459,
        "MT-ND5": 603,
        "MT-ND6": 174,
    }
    others = {"MT-CO1": 513, "MT-CO2": 227, "MT-CO3": 261, "MT-ATP8": 68, "MT-ATP6": 226, "MT-CYB": 380}
    assert lengths == complex_one | others


def test_the_exports_have_the_expected_alleles_before_and_after(rcrs: Reference) -> None:
    split = {}
    for name in ("disease", "confirmed_mutations", "polymorphisms"):
        with gzip.open(ORIGINALS / f"mitomap_{name}.vcf.gz", "rt") as lines:
            split[name] = sum(line.split("\t")[4].count(",") + 1 for line in lines if not line.startswith("#"))
    assert split == {"disease": 1044, "confirmed_mutations": 117, "polymorphisms": 19235}
    diseases, dropped = read_diseases(ORIGINALS / "mitomap_disease.vcf.gz", rcrs.fasta)
    assert (len(diseases), dropped) == (1036, {"REF equal to ALT": 6, "another spelling of an allele": 2})
    confirmed, dropped = read_confirmed(ORIGINALS / "mitomap_confirmed_mutations.vcf.gz", rcrs.fasta)
    assert (len(confirmed), dropped.total()) == (117, 0)
    polymorphisms, dropped = read_polymorphisms(ORIGINALS / "mitomap_polymorphisms.vcf.gz", rcrs.fasta)
    assert (len(polymorphisms), dropped) == (19202, {"another spelling of an allele": 33})
    differing = [a for a in diseases.keys() & polymorphisms.keys() if diseases[a].count != polymorphisms[a].count]
    assert differing == [(16015, "T", "TATTCTCTGTTCTTTC")]
    assert len(diseases.keys() & polymorphisms.keys()) == 562
    assert confirmed.keys() <= diseases.keys()
    assert len(confirmed.keys() - polymorphisms.keys()) == 109
    assert all(confirmed[a].status == diseases[a].status for a in confirmed)
    assert [(source.name, source.records) for source in rcrs.sources] == [
        ("MITOMAP diseases", 1036),
        ("MITOMAP confirmed", 117),
        ("MITOMAP GenBank frequencies", 19676),
    ]


def test_known_alleles_have_their_diseases_ratings_and_counts(rcrs: Reference) -> None:
    diseases = table(rcrs, "MITOMAP diseases")
    ratings = table(rcrs, "MITOMAP confirmed")
    frequencies = table(rcrs, "MITOMAP GenBank frequencies")
    lhon = (11778, "G", "A")
    assert [unquote(v) for v in diseases[lhon]] == ["LHON / Progressive Dystonia", "Cfrm [P]"]
    assert (ratings[lhon], frequencies[lhon]) == (["P"], ["190", "0.003070"])
    assert unquote(diseases[3251, "A", "G"][0]) == "MM / MELAS with chorea-ballism"
    assert unquote(diseases[13514, "A", "G"][0]) == "Leigh Disease / MELAS / Ca2+ downregulation"
    assert frequencies[263, "A", "G"] == ["59299", "0.958244"]
    assert frequencies[8270, "CACCCCCTCT", "C"] == ["5179", "0.083690"]  # the 9-bp deletion, in two spellings
    assert frequencies[310, "T", "TC"] == ["18754", "0.303056"]  # 315.1C
    assert frequencies[16015, "T", "TATTCTCTGTTCTTTC"] == ["2", "0.000032"]
    assert [unquote(v) for v in diseases[7465, "A", "AC"]] == [
        "PEM / AMDF / Motor neuron disease-like",
        "Cfrm [P] / See 7471insC",
    ]
    assert Counter(rating for (rating,) in ratings.values()) == {"LP": 75, "P": 21, "VUS*": 21}
    assert (750, "A", "A") not in diseases


def test_every_fraction_is_the_exports_percentage_divided_by_100(rcrs: Reference) -> None:
    frequencies = table(rcrs, "MITOMAP GenBank frequencies")
    compared = 0
    with gzip.open(ORIGINALS / "mitomap_polymorphisms.vcf.gz", "rt") as lines:
        for line in lines:
            _, position, _, ref, alts, *_, info = line.split("\t") if not line.startswith("#") else ("",) * 6
            for i, alt in enumerate(alts.split(",")):
                if len(ref) == len(alt) == 1:
                    values = dict(part.split("=", 1) for part in info.split(";"))
                    percent = float(values["AF"].split(",")[i])
                    assert float(frequencies[int(position), ref, alt][1]) == pytest.approx(percent / 100, abs=1e-9)
                    compared += 1
    assert compared > 15_000


def test_every_allele_is_an_allele_of_the_sequence_and_left_aligned(rcrs: Reference) -> None:
    bases = rcrs.sequence("MT").fetch(0, 16569).decode()
    for source in rcrs.sources:
        for position, ref, alt in table(rcrs, source.name):
            assert bases[position - 1 : position - 1 + len(ref)] == ref != alt
            if len(ref) != len(alt) and position > 1:
                assert ref[-1] != alt[-1]


def test_values_are_safe_in_an_info_column(rcrs: Reference) -> None:
    for source in rcrs.sources:
        for values in table(rcrs, source.name).values():
            assert len(values) == len(source.fields)
            for value in values:
                assert value
                assert not set(value) & set(";=, \t")
                assert unquote(value).isprintable()


@pytest.mark.parametrize(
    ("exported", "text"),
    [
        ("MELAS-/-MM-&-EXIT", "MELAS / MM & EXIT"),
        ("MELAS|-possible-atherosclerosis-risk", "MELAS, possible atherosclerosis risk"),
        ("Ataxia+PEO-/-MELAS+-LD", "Ataxia+PEO / MELAS, LD"),
        ("Encephalomyopathy-+-Retinopathy", "Encephalomyopathy + Retinopathy"),
        ("Maternally-inherited-non-syndromic-deafness", "Maternally inherited non-syndromic deafness"),
        ("Severe-adult-onset-multisymptom-myopathy", "Severe adult-onset multisymptom myopathy"),
        ("Charcot-Marie-Tooth-(CMT)", "Charcot-Marie-Tooth (CMT)"),
        ("Reported---possibly-synergistic", "Reported - possibly synergistic"),
        ("Reported-[VUS-]", "Reported [VUS-]"),
        ("possibly-associated-w-DEAF", "possibly associated w DEAF"),
        ("LHON", "LHON"),
        ("", ""),
    ],
)
def test_texts_of_the_exports_become_readable(exported: str, text: str) -> None:
    assert readable(exported) == text


def test_making_it_again_gives_what_is_shipped(rcrs: Reference, tmp_path: Path) -> None:
    made = make_rcrs(tmp_path)

    def contents(directory: Path) -> dict[str, bytes]:
        """Everything but the index, the manifest and how well the tables are compressed, which zlib decides."""
        files = (path for path in directory.rglob("*") if path.is_file() and path.suffix != ".tbi")
        return {
            str(path.relative_to(directory)): gzip.decompress(data) if path.suffix == ".gz" else data
            for path in files
            if path.name != "manifest.json" and (data := path.read_bytes())
        }

    def manifest(directory: Path) -> dict[str, object]:
        loaded: dict[str, object] = json.loads((directory / "manifest.json").read_text())
        files = loaded["files"]
        assert isinstance(files, dict)
        return loaded | {"files": sorted(files)}

    assert contents(made.directory) == contents(rcrs.directory)
    assert manifest(made.directory) == manifest(rcrs.directory)
