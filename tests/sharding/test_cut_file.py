"""What a file was cut into is read by workers of the version before and of the next one, too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from annotations.engine.errors import NotShardable
from annotations.engine.sharding.cut_file import CUT, Cut, read_cut
from annotations.engine.sharding.part import annotate_part_alone
from annotations.engine.task import Task
from tests.sharding import genome
from tests.sharding.sharded import cut_into

#: All that the version before knows of the reading and its counts; it breaks off where it finds more.
READING = "format compression samples crlf declared renamed_info warnings counts"
COUNTS = (
    "records blank_lines by_contig renamed unknown_contigs reasons refs_checked refs_mismatched beyond_contig "
    "mismatches upper_cased held_lists first_unsorted_line"
)


@pytest.fixture
def cut_file(reference: Path, tmp_path: Path) -> tuple[Cut, Path]:
    """Cut a file that has both oddities: twice a value without a name, once a field twice."""
    base = genome.sequences()["1"]
    infos = ("DP=1;=1", "=2", "DP=3")
    lines = [
        f"1\t{at}\t.\t{base[at - 1]}\t<DEL>\t.\t.\t{info}\t{'GT:GT' if info == 'DP=3' else 'GT'}\t0/1"
        for at, info in zip((100, 200, 300), infos, strict=True)
    ]
    source = tmp_path / "in.vcf"
    source.write_text(genome.header(samples=1) + "\n".join(lines) + "\n")
    return cut_into(Task(source, "in.vcf", reference, tmp_path / "out"), 1, tmp_path), tmp_path / "cut"


def test_a_worker_of_the_version_before_can_read_it(cut_file: tuple[Cut, Path]) -> None:
    told: dict[str, Any] = json.loads((cut_file[1] / CUT).read_text())
    assert set(told["reading"]) == set(READING.split())
    assert set(told["reading"]["counts"]) == set(COUNTS.split())


def test_nothing_is_lost_by_it(cut_file: tuple[Cut, Path]) -> None:
    cut, directory = cut_file
    found = read_cut(directory)
    assert found == cut
    assert (found.reading.counts.nameless_info, found.reading.counts.doubled_format) == (2, 1)


def test_what_the_version_before_wrote_is_read_and_what_the_next_one_adds_is_passed_over(
    cut_file: tuple[Cut, Path],
) -> None:
    cut, directory = cut_file
    told = json.loads((directory / CUT).read_text())
    del told["later_counts"]
    for place in (told["reading"]["counts"], told["reading"], told["shared"], told["parts"][0]):
        place["told_by_the_next"] = 7
    (directory / CUT).write_text(json.dumps(told))
    found = read_cut(directory)
    counts = found.reading.counts
    assert (counts.records, counts.nameless_info, counts.doubled_format) == (cut.records, 0, 0)
    assert (found.shared, found.parts) == (cut.shared, cut.parts)


def test_a_worker_of_the_version_before_leaves_what_the_next_one_cut_to_a_pass_in_one_piece(
    cut_file: tuple[Cut, Path], reference: Path, tmp_path: Path
) -> None:
    _, directory = cut_file
    told = json.loads((directory / CUT).read_text())
    told["shared"] |= {"version": "next", "told_by_the_next": 7}
    (directory / CUT).write_text(json.dumps(told))
    with pytest.raises(NotShardable, match="another version"):
        annotate_part_alone(
            directory, 0, reference, output=tmp_path / "done", scratch=tmp_path, on_progress=lambda _: None
        )
