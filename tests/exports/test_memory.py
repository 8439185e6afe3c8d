"""A million rows go through an export in the memory of ten thousand."""

from __future__ import annotations

import pytest

from bench.exports import FORMATS, GOAL, measure


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_a_million_rows_take_no_more_memory_than_ten_thousand(name: str) -> None:
    assert measure(name, 1_000_000)["memory_ratio"] < GOAL
