"""A file of another assembly is refused, by contig lengths or by its bases, and the assembly is named where told."""

from __future__ import annotations

from pathlib import Path

import pytest

from annotations.engine.errors import WrongReference
from annotations.engine.reading.assembly import assembly_of, yoruba_to_rcrs
from annotations.engine.reading.preflight import preflight
from annotations.engine.reference import Contig, Reference
from tests.engine.small_vcf import META, RECORDS, put, rcrs, read_all, vcf

REFERENCE = rcrs()
BASES = REFERENCE.sequence("MT").fetch(0, 16_569).decode()
CHOOSE = "Choose the reference that the variants were called on."


def snvs(positions: range, wrong: int = 0) -> list[str]:
    """True SNVs at these positions of rCRS; the first ``wrong`` bear another REF."""
    other = dict(zip("ACGTN", "CGTAA", strict=True))
    refs = [other[BASES[at - 1]] if nth < wrong else BASES[at - 1] for nth, at in enumerate(positions)]
    return [f"MT {at} . {ref} {other[ref]} . . ." for at, ref in zip(positions, refs, strict=True)]


def sentence(directory: Path, content: bytes) -> str:
    path = put(directory, content)
    with pytest.raises(WrongReference) as caught:
        read_all(path, REFERENCE)
    with pytest.raises(WrongReference):
        preflight(path, REFERENCE, name="input")
    return str(caught.value)


@pytest.mark.parametrize(("name", "length"), [("chrM", 16_571), ("MT", 16_571)])
def test_hg19_chrm_is_refused_as_yoruba_by_its_length(tmp_path: Path, name: str, length: int) -> None:
    content = vcf(*RECORDS, meta=(*META, f"##contig=<ID={name},length={length}>"))
    assert sentence(tmp_path, content) == (
        f"The header says that {name} has 16,571 bases, but MT of the reference rCRS has 16,569. "
        "These look like hg19 chrM (Yoruba, NC_001807) coordinates. Call the variants on rCRS, or lift the file over "
        "to it."
    )


def test_a_length_that_belongs_to_nothing_known_is_refused_without_a_guess(tmp_path: Path) -> None:
    content = vcf(*RECORDS, meta=(*META, "##contig=<ID=MT,length=16300>"))
    assert sentence(tmp_path, content) == (
        f"The header says that MT has 16,300 bases, but MT of the reference rCRS has 16,569. {CHOOSE}"
    )


def test_more_than_a_tenth_of_wrong_bases_is_refused_and_a_tenth_is_not(tmp_path: Path) -> None:
    positions = range(1_000, 1_100)
    assert read_all(put(tmp_path, vcf(*snvs(positions, wrong=10), samples=())), REFERENCE).count(b"ref_mismatch") == 10
    told = sentence(tmp_path, vcf(*snvs(positions, wrong=11), samples=()))
    first = BASES[999]
    assert told == (
        "11 of 100 checked REF alleles are not what the reference rCRS has there (the first in line 10: REF is "
        f"{dict(zip('ACGT', 'CGTA', strict=True))[first]}, the reference has {first}). {CHOOSE}"
    )


def test_one_or_two_wrong_bases_of_a_small_file_are_the_records_fault(tmp_path: Path) -> None:
    for count in (1, 2):
        content = vcf(*snvs(range(1_000, 1_003), wrong=count), samples=())
        assert read_all(put(tmp_path, content), REFERENCE).count(b"ref_mismatch") == count
    assert sentence(tmp_path, vcf(*snvs(range(1_000, 1_003), wrong=3), samples=())).startswith("3 of 3 checked REF")


def test_yoruba_is_told_by_the_bases_alone(tmp_path: Path) -> None:
    shifted = []
    for at in range(400, 16_000, 130):
        rcrs_at = yoruba_to_rcrs(at)
        shifted.append(f"chrM {at} . {BASES[rcrs_at - 1]} N . . .")
    told = sentence(tmp_path, vcf(*shifted, samples=()))
    assert "These look like hg19 chrM (Yoruba, NC_001807) coordinates." in told


@pytest.mark.parametrize(
    ("lengths", "assembly"),
    [
        ({"chr1": 248_956_422, "chrM": 16_569}, "GRCh38 (hg38)"),
        ({"1": 249_250_621, "MT": 16_569}, "GRCh37 (hg19)"),
        ({"chr1": 249_250_621, "chrM": 16_571}, "GRCh37 (hg19)"),
        ({"1": 247_249_719, "X": 154_913_754}, "NCBI36 (hg18)"),
        ({"chr1": 248_387_328}, "T2T-CHM13v2.0"),
        ({"chrM": 16_571}, "hg19 chrM (Yoruba, NC_001807)"),
        ({"chrM": 16_569, "scaffold_1": 5}, ""),
        ({}, ""),
    ],
)
def test_assemblies_are_told_by_their_chromosomes_lengths(lengths: dict[str, int], assembly: str) -> None:
    assert assembly_of(lengths) == assembly


def test_a_whole_genome_of_another_assembly_is_named(tmp_path: Path) -> None:
    fasta = put(tmp_path, b">chr20\n" + b"A" * 64 + b"\n", "genome.fa")
    put(tmp_path, b"chr20\t64444167\t7\t64\t65\n", "genome.fa.fai")
    contig = Contig("chr20", 64_444_167, ("20",))
    genome = Reference("GRCh38", "GRCh38", "", "", tmp_path, fasta, (contig,), (), 0, ())
    content = vcf(meta=(*META, "##contig=<ID=20,length=63025520>"))
    with pytest.raises(WrongReference) as caught:
        read_all(put(tmp_path, content), genome)
    assert str(caught.value) == (
        "The header says that 20 has 63,025,520 bases, but chr20 of the reference GRCh38 has 64,444,167. "
        "These look like GRCh37 (hg19) coordinates."
    )


@pytest.mark.parametrize(
    ("line", "assembly"),
    [
        ("##reference=file:///data/human_g1k_v37.fasta", "GRCh37 (hg19)"),
        ("##reference=GRCh38", "GRCh38 (hg38)"),
        ("##contig=<ID=chr1,assembly=NCBI36>", "NCBI36 (hg18)"),
        ("##contig=<ID=1,assembly=b37>", "GRCh37 (hg19)"),
        ("##assembly=https://example.org/chm13v2.0.fa.gz", "T2T-CHM13v2.0"),
        ("##reference=mm10.fa", "GRCm38 (mm10)"),
        ("##source=made with hg19 tools", ""),
        ("##reference=lib37.fa", ""),
    ],
)
def test_an_assembly_that_the_header_names_is_told(tmp_path: Path, line: str, assembly: str) -> None:
    assert preflight(put(tmp_path, vcf(*RECORDS, meta=(*META, line))), REFERENCE, name="input").assembly == assembly


def doubts(directory: Path, *meta: str, contig: str = "chrM") -> list[str]:
    records = [f"{contig} {at} . {BASES[at - 1]} . . . ." for at in (3460, 11778)]
    found = preflight(
        put(directory, vcf(*records, samples=(), meta=(META[0], *meta))), REFERENCE, name="input"
    ).warnings
    return [warning for warning in found if "NC_001807" in warning]


def test_hg19_without_a_length_of_chrm_may_be_another_sequence_and_its_owner_is_asked(tmp_path: Path) -> None:
    [doubt] = doubts(tmp_path, "##reference=file:///data/ucsc.hg19.fasta")
    assert doubt == (
        "The header names hg19 and gives no length for chrM. UCSC's hg19 has another mitochondrial sequence there "
        "(NC_001807, 16,571 bases), in which most positions are one or two higher. The file was read as if its "
        "chrM were rCRS (NC_012920, 16,569 bases): make sure that it is."
    )
    assert len(doubts(tmp_path, "##contig=<ID=chrM,assembly=hg19>")) == 1


@pytest.mark.parametrize(
    ("meta", "contig"),
    [
        ("##contig=<ID=chrM,length=16569,assembly=hg19>", "chrM"),
        ("##reference=hg19.fa", "MT"),
        ("##reference=human_g1k_v37.fasta", "chrM"),
        ("##reference=hg38.fa", "chrM"),
        ("##source=made with hg19 tools", "chrM"),
    ],
)
def test_where_the_sequence_is_told_nobody_is_asked(tmp_path: Path, meta: str, contig: str) -> None:
    assert doubts(tmp_path, meta, contig=contig) == []
