"""Text that never covers other text."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.figures.labels import Box, clear_of, spread


def test_positions_that_are_apart_stay_where_they_are() -> None:
    assert spread([10, 40, 90], gap=20, low=0, high=100) == [10, 40, 90]


def test_two_that_collide_move_apart_by_the_same_way() -> None:
    assert spread([50, 50], gap=20, low=0, high=100) == [40, 60]


def test_a_block_that_grows_into_its_neighbour_takes_it_along() -> None:
    assert spread([50, 50, 65], gap=20, low=0, high=100) == [35, 55, 75]


def test_a_block_at_the_edge_stays_inside() -> None:
    assert spread([0, 0, 1], gap=20, low=0, high=100) == [0, 20, 40]
    assert spread([99, 100], gap=20, low=0, high=100) == [80, 100]


def test_more_than_fit_is_an_error_and_not_an_overlap() -> None:
    with pytest.raises(ValueError, match="3 labels 60 apart do not fit"):
        spread([1, 2, 3], gap=60, low=0, high=100)


def test_nothing_needs_no_room() -> None:
    assert spread([], gap=20, low=0, high=100) == []


@given(st.lists(st.floats(-500, 1500), max_size=33))
def test_spread_positions_keep_their_gap_their_order_and_their_bounds(wanted: list[float]) -> None:
    placed = spread(sorted(wanted), gap=18, low=18, high=612)

    assert all(after - before >= 18 - 1e-6 for before, after in itertools.pairwise(placed))
    assert all(18 - 1e-6 <= value <= 612 + 1e-6 for value in placed)
    assert len(placed) == len(wanted)


def test_boxes_that_share_an_edge_do_not_overlap() -> None:
    box = Box(0, 0, 10, 10)

    assert not box.overlaps(Box(10, 0, 20, 10))
    assert box.overlaps(Box(9, 9, 20, 20))
    assert clear_of(box, [Box(10, 0, 20, 10), Box(0, 10, 10, 20)])
    assert not clear_of(box, [Box(1, 1, 2, 2)])
