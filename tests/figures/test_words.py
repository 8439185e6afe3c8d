"""Numbers and terms as the site writes them."""

from __future__ import annotations

import pytest

from annotations.figures.words import clipped, counted, percent, share, size, span, term


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (1, "100%"),
        (0.986, "98.6%"),
        (0.1, "10%"),
        (0.0307, "3.1%"),
        (0.00307, "0.31%"),
        (0.00005, "0.005%"),
        (1.6e-5, "0.0016%"),
        (0, "0%"),
    ],
)
def test_a_frequency_never_rounds_to_zero(fraction: float, text: str) -> None:
    assert percent(fraction) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 bytes"), (1, "1 byte"), (1023, "1,023 bytes"), (39_117, "38.2 KB"), (153_600, "150 KB"), (2**30, "1 GB")],
)
def test_sizes_count_1024_bytes_to_the_kilobyte_as_the_plans_do(number: int, text: str) -> None:
    assert size(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "under a second"),
        (1, "1 second"),
        (59.6, "1 minute"),
        (134, "2 min 14 s"),
        (7260, "2 h 1 min"),
        (259_200, "3 days"),
    ],
)
def test_a_span_has_its_two_largest_units(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_terms_lose_what_nobody_says() -> None:
    assert term("missense_variant") == "missense"
    assert term("5_prime_UTR_variant") == "5' UTR"
    assert term("stop_gained") == "stop gained"


def test_a_share_of_nothing_is_nothing() -> None:
    assert share(1, 0) == ""


def test_one_is_singular() -> None:
    assert counted(1, "entry", "entries") == "1 entry"
    assert counted(2541, "record") == "2,541 records"


def test_a_cut_text_says_that_it_is_cut() -> None:
    assert clipped("abcdef", 6) == "abcdef"
    assert clipped("abcdefg", 6) == "abcde…"
