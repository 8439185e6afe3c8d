"""Bars and strips."""

from __future__ import annotations

from annotations.figures.bars import Row, bars, rest_of, strip


def test_the_longest_bar_fills_its_track_and_the_others_are_in_proportion() -> None:
    shown = bars([Row("missense", 16, "MODERATE"), Row("stop gained", 2, "HIGH"), Row("start lost", 0, "HIGH")])

    assert [(bar.width, bar.share) for bar in shown] == [("100%", "88.9%"), ("12.5%", "11.1%"), ("0%", "0%")]


def test_one_beside_a_million_stays_visible() -> None:
    assert bars([Row("a", 1_000_000), Row("b", 1)])[1].width == "0.8%"


def test_shares_can_be_of_a_larger_whole() -> None:
    assert bars([Row("MT-ND1", 1)], whole=400)[0].share == "0.25%"


def test_no_rows_are_no_bars() -> None:
    assert bars([]) == ()
    assert strip([Row("HIGH", 0, "HIGH")]) == ()


def test_a_strip_is_full_and_leaves_out_what_is_zero() -> None:
    parts = strip([Row("", 1, "HIGH"), Row("", 0, "MODERATE"), Row("", 3, "LOW")])

    assert [(part.impact, part.x, part.width) for part in parts] == [
        ("HIGH", "0.00%", "24.88%"),
        ("LOW", "25.38%", "74.62%"),
    ]


def test_what_a_chart_leaves_out_is_counted() -> None:
    rows = [Row("a", 5), Row("b", 3), Row("c", 1)]

    assert rest_of(rows, 3, "gene") == ""
    assert rest_of(rows, 2, "gene") == "Not shown: 1 gene with 1 variant."
    assert rest_of(rows, 1, "gene") == "Not shown: 2 genes with 4 variants."
