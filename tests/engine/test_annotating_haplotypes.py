"""Consequences by haplotype: changes of one codon are read together where the genotypes say they stand together."""

from __future__ import annotations

from pathlib import Path

import pytest

from annotations.engine.child import run_child
from annotations.engine.errors import InputRefused
from annotations.engine.reference import load_reference
from annotations.engine.results.pointers import followed, unbroken
from annotations.engine.results.records import RecordFinisher
from annotations.engine.task import Task
from tests.engine.annotating import RCRS, Annotated, read_back, vcf

HEADER = (
    "##fileformat=VCFv4.2\n##contig=<ID=MT,length=16569>\n"
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
    '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Depth">\n'
)
#: Both in codon 4 of MT-ND1, GCC: alone A4T and A4V, together ATC, A4I.
FIRST, SECOND = "MT 3316 . G A . . . GT:DP", "MT 3317 . C T . . . GT:DP"


def by_haplotype(directory: Path, *records: str, haplotype_aware: bool = True) -> Annotated:
    source = directory / "in.vcf"
    source.write_text(vcf(*records, header=HEADER, samples="\tFORMAT\tS1\tS2"))
    task = Task(source, "in.vcf", RCRS, directory / "out", haplotype_aware=haplotype_aware)
    return read_back(run_child(task, on_progress=lambda _: None, should_stop=lambda: False, timeout=120))


def test_two_changes_of_one_codon_on_one_haplotype_are_one(tmp_path: Path) -> None:
    got = by_haplotype(tmp_path, f"{FIRST} 0|1:9 0|0:8", f"{SECOND} 0|1:7 0|0:6")
    assert got.one(3317, "T")["BCSQ"] == "@3316"
    told = [(info["GAS_CONSEQUENCE"], info["GAS_GENE"], info["GAS_PROTEIN"]) for info in got.info]
    assert told == [("missense_variant", "MT-ND1", "A4I")] * 2
    # A name is of the allele by itself.
    assert [info["GAS_HGVSP"] for info in got.info] == ["p.(Ala4Thr)", "p.(Ala4Val)"]
    assert "Consequences worked out by haplotype, from the phased genotypes." in got.summary["done"]
    # FORMAT is kept, with csq's own field behind it.
    assert [samples[0].split(":")[:2] for samples in got.samples] == [["0|1", "9"], ["0|1", "7"]]


def test_on_two_haplotypes_they_are_two(tmp_path: Path) -> None:
    got = by_haplotype(tmp_path, f"{FIRST} 0|1:9 0|0:8", f"{SECOND} 1|0:7 0|0:6")
    assert [info["GAS_PROTEIN"] for info in got.info] == ["A4T", "A4V"]


def test_without_the_choice_each_allele_is_read_by_itself(tmp_path: Path) -> None:
    got = by_haplotype(tmp_path, f"{FIRST} 0|1:9 0|0:8", f"{SECOND} 0|1:7 0|0:6", haplotype_aware=False)
    assert [info["GAS_PROTEIN"] for info in got.info] == ["A4T", "A4V"]
    assert got.samples == [["0|1:9", "0|0:8"], ["0|1:7", "0|0:6"]]


def test_genotypes_that_are_not_phased_are_refused_with_the_place_and_without_the_sample(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="MT:3317 is heterozygous and not phased") as refused:
        by_haplotype(tmp_path, f"{FIRST} 0|1:9 0|0:8", f"{SECOND} 0/1:7 0|0:6")
    assert "S1" not in str(refused.value)
    assert refused.value.fix == "Phase the file, or ask for the consequences of each allele by itself."


def test_a_pointer_is_followed_to_the_entries_the_allele_has_a_part_in() -> None:
    values = {5: [b"missense|G|T|b|+|2A>2I|5G>A+6C>T,missense|G|T|b|+|2A>2T|5G>A"]}
    assert followed(b"@5", b"6C>T", lambda pos: values.get(pos, [])) == b"missense|G|T|b|+|2A>2I|5G>A+6C>T"
    assert followed(b"@5,intron|H||b", b"7A>T", lambda pos: values.get(pos, [])) == b"@5,intron|H||b"
    assert followed(b"@9", b"6C>T", lambda pos: values.get(pos, [])) == b"@9"


def test_a_pointer_to_a_record_of_an_earlier_block_is_followed() -> None:
    joint = "missense|MT-ND1|MT-ND1|protein_coding|+|4A>4I|3316G>A+3317C>T"
    finisher = RecordFinisher(load_reference(RCRS), haplotype_aware=True)
    first = finisher.finish(f"MT\t3316\t.\tG\tA\t.\t.\tBCSQ={joint}\n".encode())
    later = finisher.finish(b"MT\t3317\t.\tC\tT\t.\t.\tBCSQ=@3316\n")
    for block in (first, later):
        found = block.entries[block.codes[0]].consequence
        assert found is not None
        assert found.protein == "A4I"


def test_a_record_waits_for_the_one_it_points_to() -> None:
    lines = [
        b"MT\t5\t.\tG\tA\t.\t.\tBCSQ=intron|H||b\n",
        b"MT\t8\t.\tG\tA\t.\t.\tDP=3;BCSQ=@20\n",
        b"MT\t9\t.\tG\tA\t.\t.\tDP=3\n",
        b"MT\t20\t.\tC\tT\t.\t.\tBCSQ=missense|G|T|b|-|2A>2I|8G>A+20C>T\n",
        b"MT\t21\t.\tC\tT\t.\t.\tBCSQ=@20\n",
    ]
    assert list(unbroken(lines)) == [lines[0], b"".join(lines[1:4]), lines[4]]
    # One whose record never comes waits for the end.
    assert list(unbroken(lines[:3])) == [lines[0], b"".join(lines[1:3])]
