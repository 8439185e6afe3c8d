"""A file with hostile texts, annotated once, and exports of it in bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from annotations.explorer.sorting import read_sort
from annotations.explorer.table import VariantTable
from annotations.exports.content import Content, exported_columns
from annotations.exports.formats import FORMATS
from tests.engine.annotating import HEADER
from tests.explorer.generated import FORMATS as FORMAT_LINES
from tests.explorer.generated import Result, result_of

FORMULA = '=HYPERLINK("http://x.example","y")'
LINES = [
    "MT 310 . T <DEL> . . . GT:AF 0/0:. ./.:.",
    f"MT 3460 {FORMULA} G A 99 PASS . GT:AF 0/1:0.25 1:1",
    "MT 8993 @SUM(1+1) T G,C 10 q10 . GT:AF 1/2:0.2,0.7 0/0:0,0",
    "MT 11778 rs199476112 G A 30.25 . . GT:AF 1:0.97 0/1:0.5",
    "MT 14484 -2+3 T C . . . GT:AF 1:0.97 0/1:0.5",
    "MT 15326 <script>alert(1)</script> A G . . . GT:AF 1:0.97 0/1:0.5",
    "MT 16519 '_x0041_ T C 40 PASS . GT:AF 1:1 1:1",
]
Exported = Callable[..., bytes]


@pytest.fixture(scope="session")
def result(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Result]:
    made = result_of(
        LINES,
        tmp_path_factory.mktemp("exported"),
        header=HEADER + FORMAT_LINES,
        samples="\tFORMAT\t=mother\t<b>child</b>",
    )
    yield made
    made.table.close()


@pytest.fixture
def content(result: Result) -> Callable[..., Content]:
    """Make the content of an export of a filter."""

    def of(sort: str = "", **filters: str) -> Content:
        table = result.table
        return Content(
            table,
            result.plan(**filters).where,
            read_sort(sort, table.catalogue),
            exported_columns(table.catalogue),
            (("Exported", "today"), ("Query", "gene=%3DX"), ("Filter", FORMULA)),
            result.annotated.path("vcf"),
            result.annotated.path("index"),
        )

    return of


@pytest.fixture
def exported(content: Callable[..., Content]) -> Exported:
    """Export in a format: the whole file in bytes."""

    def of(name: str, sort: str = "", **filters: str) -> bytes:
        return b"".join(FORMATS[name].write(content(sort, **filters)))

    return of


@pytest.fixture
def rows(result: Result) -> Callable[..., list[dict[str, Any]]]:
    """Give the rows that an export must equal: the page's own, genotypes in words."""

    def of(sort: str = "", **filters: str) -> list[dict[str, Any]]:
        table = result.table
        found = table.page(result.plan(**filters).where, read_sort(sort, table.catalogue), size=400).rows
        own = [name for name, one in table.catalogue.columns.items() if one.kind not in {"genotype", "level"}]
        return [{name: row[name] for name in own} | _of_samples(row, table) for row in found]

    return of


def _of_samples(row: dict[str, Any], table: VariantTable) -> dict[str, Any]:
    words = {"0": "ref", "1": "het", "2": "hom"}
    letters, levels = table.samples_of(row), table.levels_of(row) or [None, None]
    cells: dict[str, Any] = {}
    for at, name in enumerate(table.catalogue.samples):
        cells |= {f"genotype:{name}": words.get(letters[at]), f"level:{name}": levels[at]}
    return cells
