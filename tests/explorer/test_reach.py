"""A region finds what reaches into it, as tabix does on the same result."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pysam
import pytest

from annotations.engine.reference import load_reference
from annotations.explorer import where
from annotations.explorer.filters import Filter
from annotations.explorer.plan import plan_for
from annotations.explorer.table import VariantTable
from annotations.figures.track import Overview
from tests.engine.annotating import HEADER, RCRS
from tests.explorer.generated import FORMATS, SEQUENCE, Result, result_of

SVLEN = '##INFO=<ID=SVLEN,Number=A,Type=Integer,Description="Length">\n'
LEN = '##FORMAT=<ID=LEN,Number=1,Type=Integer,Description="Length of a block">\n'
#: Position, ALT, INFO, LEN; REF is the genome's base.
ROWS = (
    (1000, "<DEL>", "END=3000", "."),
    (1100, "<DUP:TANDEM>", "SVLEN=800", "."),
    (1200, "<INV>", "SVLEN=-700", "."),
    (1300, "<INS>", "SVLEN=900", "."),
    (1400, "<CNV>", "SVTYPE=CNV;END=2600;SVLEN=5", "."),
    (1500, "<NON_REF>", "END=1900", "."),
    (1600, "<*>", ".", "350"),
    (1700, "G[MT:9000[", "SVLEN=6000", "."),
    (1800, "N", "END=2100;SVLEN=6000", "."),
    (1850, "<DEL>", "END=7", "."),
    (1860, "N", ".", "."),
    (1870, "N", "END=1990", "."),
)
#: IDs that look like INFO; the others have none.
IDS = {1860: "END=2500", 1870: "rs1;END=2500"}


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    lines = []
    for pos, told, info, length in ROWS:
        ref = SEQUENCE[pos - 1]
        alt = {"N": "ACGT".replace(ref, "")[0], "G[MT:9000[": f"{ref}[MT:9000["}.get(told, told)
        lines.append(f"MT {pos} {IDS.get(pos, '.')} {ref} {alt} . . {info} GT:LEN 0/1:{length}")
    return result_of(
        lines, tmp_path_factory.mktemp("reach"), header=HEADER + FORMATS + SVLEN + LEN, samples="\tFORMAT\ts"
    )


def test_the_table_keeps_how_far_a_record_reaches_where_ref_does_not_say_it(result: Result) -> None:
    ends = {row["pos"]: row["end"] for row in result.annotated.rows}
    assert ends == {
        1000: 3000,
        1100: 1900,
        1200: 1900,
        1300: None,
        1400: 2600,
        1500: 1900,
        1600: 1950,
        1700: None,
        1800: 2100,
        1850: None,
        1860: None,
        1870: 1990,
    }


@pytest.mark.parametrize(
    "place", ["1-999", "1000", "1750", "1899-1900", "1905-1940", "2000", "2600", "2601-2999", "3001-9999"]
)
def test_a_region_finds_the_records_that_tabix_finds(result: Result, place: str) -> None:
    start, _, end = place.partition("-")
    with pysam.TabixFile(str(result.annotated.path("vcf"))) as file:
        expected = [int(line.split("\t")[1]) for line in file.fetch("MT", int(start) - 1, int(end or start))]
    found = result.rows(result.plan(region=f"chrM:{place}"))
    assert [result.records[row].pos for row in found] == expected


def test_a_table_without_such_ends_is_asked_by_ref_alone(result: Result, tmp_path: Path) -> None:
    table = pq.read_table(result.annotated.path("table"))
    pq.write_table(table.drop_columns(["end"]), tmp_path / "old.parquet")
    old = Result(result.annotated, VariantTable(tmp_path / "old.parquet", load_reference(RCRS)), result.records)
    assert [result.records[row].pos for row in old.rows(old.plan(region="MT:1800-1850"))] == [1800, 1850]
    old.table.close()


def test_a_bar_counts_what_begins_in_its_part_and_says_so_and_its_rows_have_what_reaches_in(
    result: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(where, "MOST_STICKS", 0)  # so that they are counted in bars
    drawing = where.where_the_variants_are(result.plan(), result.table, len(ROWS), Filter.to_text, str)
    assert isinstance(drawing, Overview)
    bars = {bar.title: bar.url for bar in drawing.bars}
    assert next(iter(bars)) == "MT:967 to 1,035, 1 variant begins here"
    url = bars["MT:1,795 to 1,863, 3 variants begin here"]
    found = result.rows(plan_for(Filter.from_text(url), result.table))
    assert [result.records[row].pos for row in found] == [1000, 1100, 1200, 1400, 1500, 1600, 1800, 1850, 1860]
