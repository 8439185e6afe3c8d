"""One annotated file for the tests that only read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.explorer.generated import Result, result_of

LINES = [
    "MT 310 . T <DEL> . . . GT:AF 0/0:. ./.:.",
    "MT 3460 rs199476118 G A 99 PASS . GT:AF 0/1:0.25 1:1",
    "MT 8993 . T G,C 10 q10 . GT:AF 1/2:0.2,0.7 0/0:0,0",
    "MT 11778 rs199476112 G A . . . GT:AF 1:0.97 0/1:0.5",
    "MT 16519 . T C 40 PASS . GT:AF 1:1 1:1",
]


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Result]:
    made = result_of(LINES, tmp_path_factory.mktemp("result"), samples="\tFORMAT\tmother\t<b>child</b>")
    yield made
    made.table.close()
