"""The partials that draw the figures: escaping, no style attributes, names for assistive technology."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest
from django.template.loader import render_to_string
from django.utils.html import strip_tags

from annotations.figures.genome import genome_map
from annotations.figures.marks import Mark
from annotations.figures.report import figures_for

HOSTILE = '"><script>alert(1)</script>'


def drawn(*marks: Mark) -> str:
    genome = genome_map(marks, (), 16_569, reference="rCRS")
    return render_to_string("figures/genome_figure.html", {"map": genome})


def test_hostile_names_are_text_and_nothing_else() -> None:
    page = drawn(Mark(5, HOSTILE, "HIGH", 0.1, True, HOSTILE, HOSTILE))

    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 3


def test_hostile_counts_and_labels_of_a_summary_are_text() -> None:
    summary: dict[str, Any] = {"total": 1, "by_contig": {HOSTILE: 1, "b": 1}, "by_gene": {HOSTILE: 1}}

    page = render_to_string("figures/figures.html", {"figures": figures_for(summary, None)})

    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_figures_use_no_style_attribute_and_no_script() -> None:
    page = drawn(*(Mark(100 * n, f"m.{n}A>G", "LOW", 0.01, n == 3) for n in range(1, 30)))

    assert not re.search(r"\sstyle=|\son\w+=|<script|<style", page)


def test_the_map_is_well_formed_and_named_for_those_who_do_not_see_it() -> None:
    page = drawn(Mark(11_778, "m.11778G>A", "MODERATE", 0.003, True))
    svg = page[page.index('<svg class="genome"') : page.index("</svg>") + 6]

    tree = ElementTree.fromstring(svg)  # noqa: S314 (our own template made it, three lines above)

    assert tree.get("role") == "img"
    assert tree.get("aria-labelledby") == "map-title map-text"
    assert tree[0].text == "Map of the rCRS genome with 1 variant"
    assert "m.11778G>A is confirmed pathogenic" in (tree[1].text or "")


def test_a_confirmed_mark_has_a_ring_so_that_colour_is_not_alone() -> None:
    assert drawn(Mark(1, "a", "LOW", confirmed=True)).count("stick-ring") == 1
    assert drawn(Mark(1, "a", "LOW")).count("stick-ring") == 0


@pytest.mark.parametrize(("marks", "said"), [(100, False), (101, True)])
def test_the_data_table_says_when_it_is_cut(marks: int, said: bool) -> None:
    page = drawn(*(Mark(n, f"m.{n}A>G", "LOW", 0.01) for n in range(1, marks + 1)))

    assert page.count('<th role="rowheader"') == 100
    assert ("The first 100 of the 101 drawn" in page) is said


def test_a_map_of_some_of_the_variants_says_how_many_of_how_many_on_it_below_it_and_in_its_table() -> None:
    marks = [Mark(n, f"m.{n}A>G", "LOW", 0.01) for n in range(1, 121)]
    page = render_to_string(
        "figures/genome_figure.html", {"map": genome_map(marks, (), 16_569, reference="rCRS", total=30_000)}
    )

    words = " ".join(strip_tags(page).split())
    assert "30,000 variants rCRS, 16,569 bp 120 of them drawn" in words
    assert "120 of 30,000 variants drawn and 0 named" in words
    assert "draws the 120 most notable of 30,000 variants" in words
    assert "The first 100 of the 120 drawn. Drawn are 120 of 30,000 variants." in words
    assert "of them drawn" not in drawn(*marks)


def test_every_chart_has_its_data_in_a_table() -> None:
    summary: dict[str, Any] = {"total": 3, "by_impact": {"HIGH": 1, "LOW": 2}, "by_consequence": {"stop_gained": 3}}

    page = render_to_string("figures/figures.html", {"figures": figures_for(summary, None)})

    assert page.count("<figure") == page.count("Data for this figure") == 2
    assert '<td class="number">66.7%</td>' in page
