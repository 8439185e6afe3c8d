"""The bundled example: real alleles, a made-up person."""

from __future__ import annotations

import pysam

from annotations.engine.reference import load_reference
from annotations.references.make_example import PATHOGENIC, make_example
from annotations.references.make_rcrs import HERE

EXAMPLE = HERE / "example.vcf"
#: What sets J1c apart from rCRS (PhyloTree build 17), without insertions.
J1C = "73G 185A 228A 263G 295T 462T 489C 750G 1438G 2706G 3010A 4216C 4769G 7028T 8860G 10398G 11251G 11719A"
J1C += " 12612G 13708A 14766T 14798C 15326G 15452A 16069T 16126C"


def records() -> list[list[str]]:
    return [line.split("\t") for line in EXAMPLE.read_text().splitlines() if not line.startswith("#")]


def shares(record: list[str], sample: int) -> list[float]:
    return [float(share) for share in record[9 + sample].split(":")[3].split(",")]


def test_making_it_again_gives_what_is_shipped() -> None:
    assert make_example() == EXAMPLE.read_text()


def test_it_is_small_sorted_and_says_that_it_is_made_up() -> None:
    assert EXAMPLE.stat().st_size < 10_000
    assert "a made-up mother and child, no real person" in EXAMPLE.read_text()
    positions = [int(record[1]) for record in records()]
    assert positions == sorted(positions)
    assert sum(len(record[4].split(",")) for record in records()) == 60


def test_every_ref_is_the_sequences_and_every_allele_is_in_the_tables() -> None:
    reference = load_reference(HERE)
    bases = reference.sequence("MT").fetch(0, 16569).decode()
    [frequencies] = [source for source in reference.sources if source.name == "MITOMAP GenBank frequencies"]
    with pysam.TabixFile(str(frequencies.file)) as table:
        known = {tuple(row.split("\t")[1:4]) for row in table.fetch("MT")}
    aligned = {("309", "C", "CC"): ("302", "A", "AC"), ("309", "C", "CCC"): ("302", "A", "ACC")}
    aligned |= {("315", "C", "CC"): ("310", "T", "TC"), ("521", "ACA", "A"): ("513", "GCA", "G")}
    for _, position, _, ref, alts, *_ in records():
        assert bases[int(position) - 1 : int(position) - 1 + len(ref)] == ref
        for alt in alts.split(","):
            allele = (position, ref, alt)
            assert aligned.get(allele, allele) in known


def test_mother_and_child_are_of_one_haplogroup() -> None:
    for sample in (0, 1):
        homoplasmic = {record[1] + record[4] for record in records() if shares(record, sample)[0] > 0.95}
        assert homoplasmic == {*J1C.split(), "188G", "315CC", "521A"}


def test_two_confirmed_alleles_are_heteroplasmic_and_rise_from_mother_to_child() -> None:
    confirmed = [record for record in records() if (int(record[1]), record[3], record[4]) in PATHOGENIC]
    assert [record[1] for record in confirmed] == ["3243", "11778"]
    for record in confirmed:
        [mother], [child] = shares(record, 0), shares(record, 1)
        assert 0.05 < mother < child < 0.8
        assert [sample.split(":")[0] for sample in record[9:]] == ["0/1", "0/1"]


def test_reads_add_up_to_the_depth_and_give_the_fractions() -> None:
    for record in records():
        assert record[8] == "GT:AD:DP:HF"
        depths = []
        for sample in record[9:]:
            genotype, reads, depth, fractions = sample.split(":")
            counts = [int(count) for count in reads.split(",")]
            assert sum(counts) == int(depth)
            assert [f"{count / int(depth):.3f}" for count in counts[1:]] == fractions.split(",")
            called = {str(i) for i, count in enumerate(counts) if count >= 0.02 * int(depth)}
            assert set(genotype.split("/")) == called
            depths.append(int(depth))
        assert record[7] == f"DP={sum(depths)}"
