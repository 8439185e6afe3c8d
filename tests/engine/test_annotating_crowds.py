"""No small file holds a worker for long: records crowded together, and records that multiply when they are split."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from annotations.engine.child import run_child
from annotations.engine.errors import InputRefused
from annotations.engine.limits import Limits
from annotations.engine.reference import load_reference
from annotations.engine.task import Result, Task
from tests.engine.annotating import HEADER, RCRS, annotated, read_back, vcf

BASES = load_reference(RCRS).sequence("MT").fetch(0, 16_569).decode()
OTHER = dict(zip("ACGT", "GTAC", strict=True))
#: What the crowd may cost of what as many records along the genome cost. Without the watch: 14, growing with n.
MOST_TIMES = 6.0


def _run(text: str, directory: Path, limits: Limits | None = None) -> Result:
    source = directory / "input"
    source.write_text(text)
    task = Task(source, "input.vcf", RCRS, directory / "results", limits or Limits())
    return run_child(task, on_progress=lambda _: None, should_stop=lambda: False, timeout=300)


def _snv(pos: int) -> str:
    return f"MT {pos} . {BASES[pos - 1]} {OTHER[BASES[pos - 1]]} . . ."


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _cost(text: str, directory: Path) -> float:
    directory.mkdir()
    before = _processor_seconds()
    assert _run(text, directory).summary["total"] == 60_000
    return _processor_seconds() - before


def test_a_crowd_of_records_costs_no_more_than_a_few_times_as_many_spread_out(tmp_path: Path) -> None:
    # Processor seconds and not the clock's: other work on the machine must not tip the scales.
    crowd = [_snv(8_001 + number // 5_000) for number in range(60_000)]
    spread = sorted(100 + number % 3_000 + 3_200 * (number // 3_000 % 5) for number in range(60_000))
    spread = [pos + 1 if BASES[pos - 1] == "N" else pos for pos in spread]
    usual = _cost(vcf(*map(_snv, spread)), tmp_path / "spread")
    assert _cost(vcf(*crowd), tmp_path / "crowd") < MOST_TIMES * usual


def test_every_possible_substitution_is_annotated_in_one_go(tmp_path: Path) -> None:
    records = [
        f"MT {pos} . {BASES[pos - 1]} {alt} . . ."
        for pos in range(3_300, 4_300)
        for alt in "ACGT"
        if alt != BASES[pos - 1]
    ]
    result = annotated(vcf(*records), tmp_path)
    assert (result.summary["total"], result.summary["annotated"]) == (3_000, 3_000)
    assert result.one(3_460, "A")["GAS_PROTEIN"] == "A52T"


def test_thousands_of_records_at_one_position_keep_their_number_order_and_annotation(tmp_path: Path) -> None:
    records = [_snv(3_459), *[f"MT 3460 r{number} G A . . ." for number in range(4_000)], _snv(3_461)]
    result = annotated(vcf(*records), tmp_path)
    assert [row["pos"] for row in result.rows] == [3_459, *[3_460] * 4_000, 3_461]
    assert {info["GAS_PROTEIN"] for info in result.info[1:-1]} == {"A52T"}
    assert {row["id"] for row in result.rows[1:-1]} == {f"r{number}" for number in range(4_000)}


@pytest.mark.parametrize("contig", ["MT", "chrUn_1"])
@pytest.mark.parametrize("order", ["sorted", "unsorted"])
def test_more_alleles_at_one_position_than_norm_can_take_are_refused_with_line_and_fix(
    contig: str, order: str, tmp_path: Path
) -> None:
    crowd = [f"{contig} 263 . A G . . ."] * 5_001
    records = ["MT 100 . G A . . .", *crowd] if order == "sorted" else [*crowd, "MT 100 . G A . . ."]
    with pytest.raises(InputRefused) as caught:
        # Records of both contigs, so that the unsorted ones are unsorted whatever contig is crowded.
        _run(vcf(*records, *(["MT 90 . G A . . ."] if order == "unsorted" else [])), tmp_path)
    place = "Line 5005, POS" if order == "sorted" else "POS"
    assert str(caught.value) == (
        f"{place}: More than 5,000 alleles stand at {contig}:263. Leave out repeated records "
        "(bcftools norm --rm-dup exact) or merge the samples into one record a site (bcftools merge)."
    )
    assert not (tmp_path / "results").exists()


def test_alleles_of_one_record_count_as_records_do(tmp_path: Path) -> None:
    alleles = ",".join("A" + "C" * length for length in range(1, 101))
    limits = Limits(max_alleles_at_position=1_999)
    crowd = [f"MT 263 . A {alleles} . . ."] * 20
    with pytest.raises(InputRefused, match=r"^Line 23, POS: More than 1,999 alleles stand at MT:263"):
        _run(vcf(*crowd), tmp_path, limits)


def test_splitting_that_makes_a_file_many_times_as_large_is_refused(tmp_path: Path) -> None:
    header = HEADER + '##INFO=<ID=PAD,Number=1,Type=String,Description="Filler">\n'
    alleles = ",".join("A" + "C" * length for length in range(1, 61))
    records = [f"MT {pos} . A {alleles} . . PAD={'x' * 5_000}" for pos in (263, 750, 1_438)]
    limits = Limits(split_grace_bytes=500_000)
    with pytest.raises(InputRefused) as caught:
        _run(vcf(*records, header=header), tmp_path, limits)
    assert str(caught.value) == (
        "Line 6, ALT: One record an allele makes the file more than 50 times as large. Leave out INFO and FORMAT "
        "fields (bcftools annotate --remove), or send the file in parts."
    )
    # The same file is no matter as long as it is small.
    assert read_back(_run(vcf(*records, header=header), tmp_path)).summary["total"] == 180


def test_one_position_whose_alleles_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    header = HEADER + '##INFO=<ID=PAD,Number=1,Type=String,Description="Filler">\n'
    alleles = ",".join("A" + "C" * length for length in range(1, 900))
    limits = Limits(max_split_bytes_at_position=200 << 20, split_grace_bytes=1 << 30)
    with pytest.raises(InputRefused, match=r"^Line 5, ALT: One record an allele at MT:263 makes more than 209,715,200"):
        _run(vcf(f"MT 263 . A {alleles} . . PAD={'x' * 400_000}", header=header), tmp_path, limits)
