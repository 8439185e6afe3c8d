"""Geometry of the circular map."""

from __future__ import annotations

import pytest

from annotations.figures.polar import point, ring_segment


@pytest.mark.parametrize(
    ("turn", "x", "y"), [(0, 300, 200), (0.25, 400, 300), (0.5, 300, 400), (0.75, 200, 300), (1, 300, 200)]
)
def test_turns_run_clockwise_from_the_top(turn: float, x: float, y: float) -> None:
    at = point(turn, 100)

    assert (at.x, at.y) == pytest.approx((x, y))


def test_a_quarter_ring_has_these_coordinates() -> None:
    path = ring_segment(0, 0.25, inner=188, outer=210)

    assert path == "M300.0 90.0A210 210 0 0 1 510.0 300.0L488.0 300.0A188 188 0 0 0 300.0 112.0Z"


def test_a_region_over_the_origin_takes_the_short_way_round() -> None:
    path = ring_segment(0.9, 0.1, inner=188, outer=210)

    assert "A210 210 0 0 1" in path, "a fifth of a turn is the small arc"
    assert path.startswith(f"M{point(0.9, 210)}")
    assert f"L{point(0.1, 188)}" in path


def test_more_than_half_a_turn_is_the_large_arc() -> None:
    assert "A210 210 0 1 1" in ring_segment(0, 0.75, inner=188, outer=210)


def test_the_whole_circle_still_draws_something() -> None:
    path = ring_segment(0, 1, inner=188, outer=210)

    start, end = path.split("A210 210 0 1 1 ")
    assert start == "M300.0 90.0"
    assert not end.startswith("300.0 90.0L")
