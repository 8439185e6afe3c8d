"""What the finisher reads once for a block, or looks up only where a source has the position, is each record's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from annotations.engine.reference import load_reference
from annotations.engine.results.distributions import Distributions
from annotations.engine.results.records import RecordFinisher, Records
from annotations.engine.results.summary import Tally
from tests.engine.annotating import RCRS, annotated, vcf


def finished(*lines: str) -> Records:
    """Finish one block of lines written with spaces."""
    text = "".join("\t".join(line.split()) + "\n" for line in lines)
    return RecordFinisher(load_reference(RCRS)).finish(text.encode())


@pytest.mark.parametrize(
    ("last", "found"), [("rs19 q20", ["rs19", "q20"]), ("rsX8 q1x", ["rsX8", "q1x"]), (". .", [None, None])]
)
def test_a_block_whose_last_line_alone_differs_keeps_its_id_and_filter(last: str, found: list[str | None]) -> None:
    name, filters = last.split()
    lines = [f"MT {pos} rs18 A G 9 q10 X=1" for pos in (73, 263, 750)]
    records = finished(*lines, f"MT 1438 {name} A G 9 {filters} X=1")
    assert records.id.to_pylist() == ["rs18", "rs18", "rs18", found[0]]
    assert records.filter.to_pylist() == ["q10", "q10", "q10", found[1]]


def test_a_block_of_dots_alone_has_neither_id_nor_quality_nor_filter() -> None:
    records = finished("MT 73 . A G . . .", "MT 263 . A G . . .")
    assert [records.id.null_count, records.qual.null_count, records.filter.null_count] == [2, 2, 2]
    assert records.id.type == finished("MT 73 rs1 A G . . .").id.type


def test_of_two_alleles_at_one_position_the_source_gives_the_one_it_has_and_noughts_are_counted(tmp_path: Path) -> None:
    lines = ("MT 3 . T C . . .", "MT 3460 . G A,C . . .", "MT 8993 . T G . . .", "MT 8993 . TG CA . . .")
    got = annotated(vcf(*lines), tmp_path)
    assert {(row["pos"], row["alt"]): row["MITOMAP_AF"] for row in got.rows} == {
        (3, "C"): 0.0,
        (3460, "A"): 0.000501,
        (3460, "C"): None,
        (8993, "G"): 0.000097,
        (8993, "CA"): 0.0,
    }
    frequency = got.summary["frequency"]
    assert (frequency["bins"][0]["count"], frequency["zeros"], frequency["not_seen"]) == (3, 2, 1)


def test_what_one_of_several_parts_has_not_counted_is_known_of_none(tmp_path: Path) -> None:
    reference = load_reference(RCRS)
    later = Tally(spread=Distributions())
    later.add(finished("MT 3 . T C . . ."))
    earlier = later.state()
    for name in ("known_annotated", "frequency_zeros", "frequency_not_seen_annotated"):
        del earlier[name]
    for states in ([earlier, later.state()], [later.state(), earlier]):
        merged = Tally(spread=Distributions())
        for state in states:
            merged.merge(state)
        again = Tally(spread=Distributions())
        again.merge(merged.state())
        for tally in (merged, again):
            told = tally.to_json(reference)
            assert (told["total"], told["known"], told["known_annotated"]) == (2, 2, None)
            assert (told["frequency"]["zeros"], told["frequency"]["not_seen_annotated"]) == (None, None)
    assert later.to_json(reference)["frequency"]["zeros"] == 1
