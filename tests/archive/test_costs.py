"""What archiving costs or saves, against sums done by hand from the table of prices."""

from __future__ import annotations

import pytest

from archive.costs import archiving, compare, keeping, restoring, smallest_worth_archiving
from archive.prices import DEEP_ARCHIVE, GIGABYTE, GLACIER, GLACIER_VAULT, StorageClass

MEGABYTE = 1024**2
YEAR = 360  # twelve months of thirty days


def test_keeping_a_gigabyte_for_a_month_costs_the_price_of_the_table() -> None:
    assert keeping(GIGABYTE, 30) == pytest.approx(0.023)
    assert keeping(GIGABYTE // 2, 15) == pytest.approx(0.00575)


def test_an_archive_is_paid_for_ninety_days_however_soon_it_goes() -> None:
    one_day, ninety_days, hundred_eighty = (archiving(1, GIGABYTE, days, GLACIER) for days in (1, 90, 180))
    # A request, three months of 1 GB and 32 KB at the cold rate, of 8 KB at the hot one.
    by_hand = 0.00003 + 3 * ((1 + 32 / 1024**2) * 0.0036 + 8 / 1024**2 * 0.023)
    assert one_day == ninety_days == pytest.approx(by_hand)
    assert hundred_eighty - 0.00003 == pytest.approx(2 * (by_hand - 0.00003))


def test_each_tier_has_its_price_for_the_request_and_for_the_gigabyte() -> None:
    write = 0.000005
    assert restoring(1, GIGABYTE, GLACIER, "expedited") == pytest.approx(0.01 + 0.03 + write)
    assert restoring(1, GIGABYTE, GLACIER, "standard") == pytest.approx(0.00005 + 0.01 + write)
    assert restoring(1, GIGABYTE, GLACIER, "bulk") == pytest.approx(write)
    assert restoring(2, 2 * GIGABYTE, DEEP_ARCHIVE, "standard") == pytest.approx(2 * (0.0001 + 0.02 + write))
    with pytest.raises(KeyError):
        restoring(1, GIGABYTE, DEEP_ARCHIVE, "expedited")


def test_five_megabytes_for_a_week_and_back_at_once_cost_hundreds_of_times_what_keeping_them_costs() -> None:
    found = compare(1, 5 * MEGABYTE, 7, GLACIER, "expedited")
    assert found.keeping == pytest.approx(2.62e-5, rel=0.01)
    assert found.ratio == pytest.approx(391, abs=2)
    assert found.saved < 0


def test_a_whole_genomes_result_left_for_a_year_saves_money() -> None:
    found = compare(3, GIGABYTE * 3 // 2, YEAR, GLACIER)
    assert found.saved == pytest.approx(1.5 * 12 * (0.023 - 0.0036), rel=0.01)


@pytest.mark.parametrize("place", [GLACIER, DEEP_ARCHIVE, GLACIER_VAULT])
@pytest.mark.parametrize("tier", [None, "standard", "bulk"])
def test_the_smallest_size_worth_archiving_is_where_it_begins_to_pay(place: StorageClass, tier: str | None) -> None:
    size = smallest_worth_archiving(3, YEAR, place, tier)
    assert size is not None
    assert compare(3, size, YEAR, place, tier).saved >= 0
    assert compare(3, size - 1, YEAR, place, tier).saved <= 0


def test_no_size_is_worth_archiving_for_a_week() -> None:
    assert smallest_worth_archiving(3, 7, GLACIER) is None
