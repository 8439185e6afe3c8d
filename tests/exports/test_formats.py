"""Every format, read back by a reader that is not ours, equals the table; nothing in it is computed or runs."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pysam
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape

from annotations.exports import content as content_module
from annotations.exports import few_lines, spreadsheet
from annotations.exports import vcf as vcf_module
from annotations.exports.content import Content
from annotations.exports.text import escaped
from annotations.exports.vcf import LinesMissing, chosen_lines
from tests.explorer.generated import Result
from tests.exports.conftest import FORMULA, Exported

Rows = Callable[..., list[dict[str, Any]]]
FILTERS: list[dict[str, str]] = [{}, {"impact": "MODERATE"}, {"gene": "MT-ND4"}, {"q": "MT:1"}, {"genotype": "1:hom"}]
ORDERS = ["", "-pos", "-MITOMAP_AF"]


def as_excel_shows(value: Any) -> Any:
    """Undo the workbook's own escape of _xHHHH_, which openpyxl leaves (ECMA-376, part 1, 22.9.2.19)."""
    return unescape(value) if isinstance(value, str) else value


def cells_of(text: str) -> list[dict[str, str]]:
    """Read a TSV as its description says: undo the escapes, take the apostrophe away."""
    names, *lines = [line.split("\t") for line in text.rstrip("\n").split("\n")]

    def plain(cell: str) -> str:
        return cell.removeprefix("'").replace("\\t", "\t").replace("\\\\", "\\")

    return [dict(zip(map(plain, names), map(plain, line), strict=True)) for line in lines]


def written(value: Any) -> str:
    """Say how a TSV writes a value that is no fraction."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("filters", FILTERS, ids=str)
@pytest.mark.parametrize("sort", ORDERS)
def test_parquet_and_json_lines_equal_the_table(
    exported: Exported, rows: Rows, filters: dict[str, str], sort: str
) -> None:
    expected = rows(sort, **filters)
    assert pq.read_table(io.BytesIO(exported("parquet", sort, **filters))).to_pylist() == expected
    lines = exported("jsonl", sort, **filters).decode().splitlines()
    assert [json.loads(line) for line in lines] == expected


@pytest.mark.parametrize("filters", FILTERS, ids=str)
@pytest.mark.parametrize("sort", ORDERS)
def test_tsv_equals_the_table(exported: Exported, rows: Rows, filters: dict[str, str], sort: str) -> None:
    expected = rows(sort, **filters)
    found = cells_of(exported("tsv", sort, **filters).decode())
    assert len(found) == len(expected)
    for line, row in zip(found, expected, strict=True):
        for name, value in row.items():
            if isinstance(value, float):
                assert float(line[name]) == value
            else:
                assert line[name] == written(value)


@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_excel_equals_the_table_and_every_text_is_a_text(
    exported: Exported, rows: Rows, filters: dict[str, str]
) -> None:
    book = openpyxl.load_workbook(io.BytesIO(exported("xlsx", "-pos", **filters)))
    sheet = book["Variants"]
    names = [cell.value for cell in sheet[1]]
    lines = [[as_excel_shows(cell.value) for cell in line] for line in sheet.iter_rows(min_row=2)]
    found = [dict(zip(names, line, strict=True)) for line in lines]
    expected = rows("-pos", **filters)
    assert found == expected
    kinds = {cell.data_type for line in sheet.iter_rows() for cell in line} | {
        cell.data_type for line in book["Provenance"].iter_rows() for cell in line
    }
    assert kinds <= {"s", "n", "b", "inlineStr"}
    assert not any(cell.hyperlink for line in sheet.iter_rows() for cell in line)


def read_through(*_: object) -> None:
    raise AssertionError("the whole file is read")


@pytest.fixture(params=["read through", "by the index", "the index does not lead there"])
def way_to_the_lines(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the lines of a VCF found in each way."""
    if request.param != "read through":
        monkeypatch.setattr(few_lines, "ONE_OF", 0)  # then any share is few
    if request.param == "by the index":
        monkeypatch.setattr(vcf_module, "chosen_lines", read_through)
    if request.param == "the index does not lead there":
        monkeypatch.setattr(few_lines, "MAX_POSITION", 9_000)


@pytest.mark.usefixtures("way_to_the_lines")
@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_vcf_has_the_original_lines_of_the_filter(
    exported: Exported, result: Result, filters: dict[str, str], tmp_path: Path
) -> None:
    data = exported("vcf", "-pos", **filters)
    lines = gzip.decompress(data).decode().splitlines()
    original = gzip.decompress(result.annotated.path("vcf").read_bytes()).decode().splitlines()
    records = [line for line in original if not line.startswith("#")]
    assert [line for line in lines if not line.startswith("#")] == [
        records[n] for n in result.rows(result.plan(**filters))
    ]
    header = [line for line in lines if line.startswith("#")]
    assert header.pop(-2) == "##GAS_export=Exported=today; Query=gene=%3DX"
    assert header == [line for line in original if line.startswith("#")]
    path = tmp_path / "export.vcf.gz"
    path.write_bytes(data)
    pysam.tabix_index(str(path), preset="vcf")
    with pysam.VariantFile(str(path)) as file:
        assert sum(1 for _ in file) == len(lines) - len(header) - 1


def test_no_cell_of_a_tsv_begins_a_formula_or_ends_early(exported: Exported) -> None:
    text = exported("tsv").decode()
    cells = [cell for line in text.splitlines() for cell in line.split("\t")]
    assert f"'{FORMULA}" in cells
    assert "'-2+3" in cells
    assert "''_x0041_" in cells
    assert not any(cell[:1] in "=+-@" for cell in cells if cell)
    assert len({line.count("\t") for line in text.splitlines()}) == 1


@given(st.lists(st.text(min_size=1), min_size=1))
def test_any_text_is_one_cell_that_computes_nothing(texts: list[str]) -> None:
    for cell, text in zip(escaped(pa.array(texts)).to_pylist(), texts, strict=True):
        assert not set(cell) & set("\t\n\r")
        assert cell[0] not in "=+-@"
        undone = cell.removeprefix("'").replace("\\\\", "\0\0").replace("\\t", "\t").replace("\\n", "\n")
        if "\0" not in text:
            assert undone.replace("\\r", "\r").replace("\0\0", "\\") == text


def test_parquet_without_rows_has_the_types_of_its_columns(exported: Exported) -> None:
    none, some = (pq.read_schema(io.BytesIO(exported("parquet", q=q))) for q in ("MT:1", "MT:3460"))
    assert none == some
    assert none.field("pos").type == pa.int64()
    assert json.loads(none.metadata[b"GAS_export"])["Query"] == "gene=%3DX"


def test_a_workbook_goes_on_with_the_next_sheet(
    exported: Exported, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheet, "SHEET_ROWS", 4)
    book = openpyxl.load_workbook(io.BytesIO(exported("xlsx")))
    assert book.sheetnames == ["Provenance", "Variants", "Variants 2", "Variants 3"]
    found = [line for name in book.sheetnames[1:] for line in book[name].iter_rows(min_row=2, values_only=True)]
    assert [tuple(map(as_excel_shows, line)) for line in found] == [tuple(row.values()) for row in rows()]
    assert len({next(book[name].iter_rows(values_only=True)) for name in book.sheetnames[1:]}) == 1


def test_a_workbook_says_where_it_comes_from(exported: Exported) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(exported("xlsx")))["Provenance"]
    assert list(sheet.iter_rows(values_only=True)) == [
        ("Exported", "today"),
        ("Query", "gene=%3DX"),
        ("Filter", FORMULA),
    ]
    assert sheet["B3"].data_type != "f"


def test_a_text_too_long_for_a_cell_says_that_it_was_cut(content: Callable[..., Content]) -> None:
    long = replace(content(), provenance=(("Query", "gene=" + "A" * 40_000),))
    book = openpyxl.load_workbook(io.BytesIO(b"".join(spreadsheet.xlsx(long))))
    text = str(book["Provenance"]["B1"].value)
    assert (len(text), text[:6]) == (32_767, "gene=A")
    assert text.endswith("A… cut at Excel's limit of 32,767 characters")


def test_a_table_wider_than_a_sheet_is_refused(exported: Exported, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheet, "SHEET_COLUMNS", 10)
    with pytest.raises(spreadsheet.TooWide, match="TSV or Parquet"):
        exported("xlsx")


def test_a_table_of_many_columns_is_read_a_few_rows_at_a_time(
    content: Callable[..., Content], rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = content()
    monkeypatch.setattr(content_module, "CELLS", 2 * len(one.columns))
    batches = list(one.batches())
    assert [batch.num_rows for batch in batches] == [2, 2, 2, 2]
    assert pa.Table.from_batches(batches).to_pylist() == rows()


@pytest.mark.parametrize(
    ("rows", "total", "few"),
    [(0, 0, True), (1, 199, False), (1, 200, True), (2_000, 400_000, True), (2_001, 10**9, False)],
)
def test_a_filter_is_looked_up_where_that_is_quicker_than_reading(rows: int, total: int, few: bool) -> None:
    assert few_lines.are_few(rows, total) is few


def test_a_vcf_that_lacks_lines_is_no_shorter_export(result: Result) -> None:
    lines = chosen_lines(result.annotated.path("vcf"), b"", iter([np.array([0, 7]), np.array([8])]))
    with pytest.raises(LinesMissing):
        list(lines)
