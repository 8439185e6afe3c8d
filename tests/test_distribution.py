"""Tests that share what takes long to make stay together, and what takes longest is begun first."""

from __future__ import annotations

import pytest

from tests.distribution import rank_of, scope_of


@pytest.mark.parametrize(
    ("nodeid", "scope"),
    [
        ("tests/site/test_plans.py::test_a_plan[a::b]", "tests/site/test_plans.py"),
        ("tests/stack/test_many_jobs.py::test_small_jobs[16]", "tests/stack/test_many_jobs.py"),
        ("tests/browser/test_refusals.py::test_an_empty_form", "tests/browser/"),
        ("tests/browser/test_countdown.py::test_the_last_minute", "tests/browser/"),
    ],
)
def test_a_file_is_one_workers_and_those_in_the_browser_are_together(nodeid: str, scope: str) -> None:
    assert scope_of(nodeid) == scope


def test_what_takes_longest_is_begun_first() -> None:
    ranks = [rank_of(f"tests/{name}/test_it.py::test") for name in ("browser", "cloud", "stack", "archive", "site")]
    assert ranks == [0, 1, 2, 3, 3]
