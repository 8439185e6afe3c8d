"""A file is cut only where no stage of the pipe can see it, whatever its records are."""

from __future__ import annotations

import gzip
import random
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotations.engine.pipe.crowding import SORT_WINDOW
from annotations.engine.reference import load_reference
from annotations.engine.sharding.cut_points import TRANSCRIPT_MARGIN, CutPoints, Stretch
from annotations.engine.sharding.size import ShardSize, size_for_workers, worth_cutting
from tests.engine.annotating import RCRS
from tests.sharding import genome
from tests.sharding.files import task
from tests.sharding.sharded import cut_into

#: Transcripts of the generated genome's contig 1: the first ones.
GENES = [(start, start + 1_799) for start in range(501, 20_000, 4_000)]
STILL = [("A", "C"), ("A", "C,G"), ("A", "."), ("A", "<NON_REF>"), ("A", "T,<*>"), ("A", "<GAS0>"), ("A", "*")]
MOVING = [("AC", "A"), ("A", "AC"), ("A", "<DEL>"), ("AC", "GT"), ("A", "C,AC"), ("A", "G]2:5]"), ("A" * 400, "A")]

Record = tuple[int, tuple[str, str]]
_records = st.lists(
    st.tuples(
        st.integers(0, 1) | st.integers(0, 60) | st.integers(300, 2_000),
        st.sampled_from(STILL) | st.sampled_from(STILL) | st.sampled_from(MOVING),
    ),
    min_size=1,
    max_size=60,
)


@pytest.fixture(scope="module")
def points(reference: Path) -> dict[bool, CutPoints]:
    loaded = load_reference(reference)
    return {whole: CutPoints(loaded, whole_transcripts=whole) for whole in (False, True)}


def _stretch(steps: list[Record]) -> Stretch:
    positions = np.cumsum([step for step, _ in steps]) + 100
    lines = [
        f"1\t{position}\t.\t{ref}\t{alt}\t.\t.\t.\n".encode()
        for position, (_, (ref, alt)) in zip(positions.tolist(), steps, strict=True)
    ]
    return Stretch(lines, positions, np.ones(len(lines), np.int64))


def _may_be_cut(records: list[tuple[int, str, str]], number: int, before: int, *, whole: bool) -> bool:
    """The rule, word by word."""
    at = records[number][0]
    reach = max([before, *(position + len(ref) - 1 for position, ref, _ in records[:number])])
    moving = [position for position, ref, alt in records[number:] if (ref, alt) in MOVING]
    spanned = whole and any(
        first <= reach + TRANSCRIPT_MARGIN and last >= at - TRANSCRIPT_MARGIN for first, last in GENES
    )
    known = records[-1][0] > at + SORT_WINDOW
    return reach < at and known and not spanned and not any(position <= at + SORT_WINDOW for position in moving)


@given(steps=_records, before=st.integers(0, 700), whole=st.booleans())
@settings(max_examples=300, deadline=None)
def test_the_first_place_that_the_rule_allows_is_found(
    points: dict[bool, CutPoints], steps: list[Record], before: int, *, whole: bool
) -> None:
    records = _stretch(steps)
    told = [(int(at), *alleles) for at, (_, alleles) in zip(records.positions, steps, strict=True)]
    allowed = [number for number in range(len(told)) if _may_be_cut(told, number, before, whole=whole)]
    assert points[whole].first("1", records, before) == (allowed[0] if allowed else None)


def _places(directory: Path, part: str) -> list[tuple[str, int]]:
    lines = gzip.decompress((directory / "cut" / part).read_bytes()).decode().splitlines()
    return [(contig, int(position)) for contig, position, _ in (line.split("\t", 2) for line in lines)]


def test_by_haplotype_no_transcript_lies_in_two_parts(reference: Path, tmp_path: Path) -> None:
    found = cut_into(task("haplotypes", reference, tmp_path), 12, tmp_path)
    assert len(found.parts) >= 8
    places = [_places(tmp_path, part.file) for part in found.parts]
    for (contig, last), (next_contig, first) in pairwise((part[-1], then[0]) for part, then in pairwise(places)):
        assert (contig, last) < (next_contig, first) or contig != next_contig
    for part, then in pairwise(places):
        if part[-1][0] == then[0][0] == "1":
            assert not any(start <= part[-1][1] and then[0][1] <= end for start, end in GENES)


def test_parts_hold_all_records_in_order_and_tell_where_they_stand(reference: Path, tmp_path: Path) -> None:
    a_task = task("many contigs", reference, tmp_path)
    found = cut_into(a_task, 10, tmp_path)
    places = [place for part in found.parts for place in _places(tmp_path, part.file)]
    lines = [line.split("\t", 2) for line in a_task.input.read_text().splitlines() if not line.startswith("#")]
    assert places == [(contig, int(position)) for contig, position, _ in lines]
    assert [part.number for part in found.parts] == list(range(len(found.parts)))
    for part, then in pairwise(found.parts):
        assert then.first_row == part.first_row + part.rows
    assert found.records == sum(part.records for part in found.parts) == len(lines)


def test_records_that_norm_may_move_everywhere_are_not_cut_apart(reference: Path, tmp_path: Path) -> None:
    source = tmp_path / "in.vcf"
    bases = genome.sequences()["2"]
    records = [f"2\t{at}\t.\t{bases[at - 1]}\t{bases[at - 1]}A\t.\t.\tDP=1" for at in range(100, 30_000, 100)]
    records += [f"3\t{at}\t.\t{genome.sequences()['3'][at - 1]}\t*\t.\t.\tDP=1" for at in range(100, 400, 100)]
    source.write_text(genome.header() + "\n".join(records) + "\n")
    a_task = task("many contigs", reference, tmp_path)
    source.write_text(genome.header() + "\n".join(records) + "\n")
    found = cut_into(a_task, 10, tmp_path)
    assert [part.records for part in found.parts] == [299, 3]


def test_a_file_is_worth_cutting_when_its_text_makes_two_parts(tmp_path: Path) -> None:
    dice = random.Random(4)
    text = (genome.header() + "\n".join(genome.records(dice, "1", 30)) + "\n").encode()
    plain, packed, empty, broken = (tmp_path / name for name in ("plain", "packed", "empty", "broken"))
    plain.write_bytes(text)
    packed.write_bytes(gzip.compress(text))
    empty.write_bytes(b"")
    broken.write_bytes(gzip.compress(text)[:1_000])
    lines = text.count(b"\n")
    for path in (plain, packed):
        assert worth_cutting(path, ShardSize(records=lines // 2))
        assert worth_cutting(path, ShardSize(text_bytes=len(text) // 2))
        assert not worth_cutting(path, ShardSize(records=lines, text_bytes=len(text)))
    for path in (empty, broken, tmp_path, tmp_path / "missing"):
        assert not worth_cutting(path, ShardSize(records=1, text_bytes=1))
    assert not worth_cutting(RCRS / "manifest.json", ShardSize())


def test_parts_get_smaller_until_each_worker_has_one(tmp_path: Path) -> None:
    line = b"1\t100\t.\tA\tC\t.\t.\tDP=1\n"
    (tmp_path / "in").write_bytes(line * 900_000)
    sizes = [size_for_workers(tmp_path / "in", ShardSize(), workers) for workers in (1, 2, 3, 16)]
    assert [size and round(size.records, -3) for size in sizes] == [None, 450_000, 300_000, 200_000]
    assert size_for_workers(tmp_path / "in", ShardSize(records=1_000), 16) == ShardSize(1_000, 24 << 20)
    (tmp_path / "in").write_bytes(line * 250_000)
    assert size_for_workers(tmp_path / "in", ShardSize(), 16) is None
