"""Charts of how variants are spread, and the karyogram: exact numbers, and links that show just these variants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from annotations.engine.reference import Reference, load_reference
from annotations.explorer.filters import Filter
from annotations.explorer.plan import plan_for
from annotations.figures.chart import Chart
from annotations.figures.karyogram import karyogram
from annotations.figures.report import figures_for
from tests.engine.annotating import HEADER, RCRS
from tests.explorer.generated import FORMATS, Result, result_of

LINES = [
    "MT 73 . A G 10 PASS . GT:AF 0/1:0.5 1/1:1",
    "MT 263 . A G 20 PASS . GT:AF 1:1 .:.",
    "MT 310 . T TC 19.5 PASS . GT:AF 0/1:0.5 0/0:0",
    "MT 750 . A AGGGTTTTGGGTTTTGGGTTTTGGGTTTT 30 PASS . GT:AF 0/0:0 ./.:.",
    "MT 1438 . A G . PASS . GT:AF 0|1:0.5 1|1:1",
    "MT 8270 . CACCCCCTCT C 1000 PASS . GT:AF 1/1:1 0/0:0",
    "MT 11778 . G C 100 PASS . GT:AF 0/1:0.5 0/0:0",
    "MT 16519 . T <DEL> 100 PASS . GT:AF ./.:. 0/1:0.5",
]


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Result]:
    made = result_of(LINES, tmp_path_factory.mktemp("spread"), header=HEADER + FORMATS, samples="\tFORMAT\tmother\t<b>")
    yield made
    made.table.close()


@pytest.fixture(scope="module")
def charts(result: Result) -> dict[str, Chart]:
    figures = figures_for(result.annotated.summary, load_reference(RCRS))
    return {chart.title: chart for chart in figures.charts}


def test_every_bar_is_a_link_to_as_many_variants_as_it_says(result: Result, charts: dict[str, Chart]) -> None:
    seen = 0
    for chart in charts.values():
        for bar in chart.bars:
            assert bar.query is not None
            plan = plan_for(Filter.from_text(bar.query), result.table)
            assert plan.problems == ()
            assert result.table.count(plan.where) == bar.count, (chart.title, bar.label)
            seen += 1
    assert seen > 30


def test_the_charts_say_class_ratio_lengths_quality_known_and_samples(charts: dict[str, Chart], result: Result) -> None:
    assert {bar.label: bar.count for bar in charts["Class"].bars} == {
        "SNV": 4,
        "insertion": 2,
        "deletion": 1,
        "symbolic": 1,
    }
    assert charts["Class"].caption == "Ti/Tv 3.00: 3 transitions, 1 transversion."
    assert [(bar.label, bar.count) for bar in charts["Length of insertions and deletions"].bars] == [
        ("1 base inserted", 1),
        ("21 or more inserted", 1),
        ("6 to 10 deleted", 1),
    ]
    quality = {bar.label: bar.count for bar in charts["Quality"].bars if bar.count}
    assert quality == {
        "10 to 20": 2,
        "20 to 30": 1,
        "30 to 50": 1,
        "100 to 200": 2,
        "1000 and more": 1,
        "none given": 1,
    }
    known = {bar.label: bar.count for bar in charts["Known or novel"].bars}
    assert sum(known.values()) == result.annotated.summary["annotated"]  # what was not looked up is neither
    samples = {bar.label: bar.count for bar in charts["Samples"].bars}
    assert samples == {"mother, het": 4, "mother, hom": 2, "<b>, het": 1, "<b>, hom": 2}
    assert "18.8% of the genotypes are not called" in charts["Samples"].caption


def test_a_summary_of_an_earlier_version_still_has_its_figures(result: Result) -> None:
    new = {"quality", "indel_lengths", "places", "samples"}
    old = {name: value for name, value in result.annotated.summary.items() if name not in new}
    titles = {chart.title for chart in figures_for(old, load_reference(RCRS)).charts}
    assert {"Impact", "Class", "Known or novel"} <= titles
    assert not {"Quality", "Samples", "Length of insertions and deletions"} & titles


def test_what_a_source_knows_of_and_is_not_annotated_is_known_and_nothing_novel_is_lost_for_it(tmp_path: Path) -> None:
    lines = ["MT 3460 . G A . . END=3470 GT 0/1", "MT 8993 . T G . . END=9000 GT 0/1", "MT 750 . A AGGG . . . GT 0/1"]
    lines.append("MT 16519 . T <FOO> . . . GT 0/1")  # neither known nor annotated
    made = result_of(lines, tmp_path, samples="\tFORMAT\tmother")
    summary = made.annotated.summary
    assert (summary["annotated"], summary["known"], summary["known_annotated"]) == (1, 2, 0)
    drawn = {chart.title: chart.bars for chart in figures_for(summary, load_reference(RCRS)).charts}
    assert [(bar.label, bar.count, bar.share) for bar in drawn["Known or novel"]] == [
        ("known", 2, "66.7%"),
        ("novel", 1, "33.3%"),
    ]
    assert drawn["How common in MITOMAP"][0].count == 1
    for bar in [*drawn["Known or novel"], *drawn["How common in MITOMAP"]]:
        assert made.table.count(plan_for(Filter.from_text(bar.query or ""), made.table).where) == bar.count, bar.label
    made.table.close()
    earlier = {**summary, "known_annotated": None}
    [known] = [c.bars for c in figures_for(earlier, load_reference(RCRS)).charts if c.title == "Known or novel"]
    assert [(bar.count, bar.share) for bar in known] == [(2, "100%"), (0, "0%")]


@pytest.fixture
def linear() -> Reference:
    rcrs = load_reference(RCRS)
    one = rcrs.contigs[0]
    contigs = (
        replace(one, name="chr1", length=5_000_000, circular=False),
        replace(one, name="chr2", length=2_500_000, circular=False),
        replace(one, name="patch", length=900, circular=False),
    )
    return replace(rcrs, contigs=contigs)


SUMMARY = {
    "total": 1_013,
    "by_contig": {"chr1": 1_011, "chr2": 2},
    "places": {"step": 100_000, "contigs": {"chr1": [1, 0, 10, *([0] * 46), 1_000], "chr2": [0, 2]}},
}


def test_a_karyogram_draws_parts_to_scale_and_leads_to_their_variants(linear: Reference) -> None:
    drawn = karyogram(SUMMARY, linear)
    assert drawn is not None
    assert [(lane.name, lane.count, lane.width) for lane in drawn.lanes] == [
        ("chr1", 1_011, "520.0"),
        ("chr2", 2, "260.0"),
    ]
    first, second, last = drawn.lanes[0].cells
    assert (first.x, first.width, first.shade) == ("78.0", "10.40", 1)
    assert (second.shade, last.shade) == (2, 5)
    assert last.title == "chr1:4,900,001 to 5,000,000, 1,000 variants"
    assert parse_qs(last.query) == {"region": ["chr1:4900001-5000000"]}
    assert figures_for(SUMMARY, linear).karyogram == drawn


def test_a_genome_too_small_for_parts_and_a_summary_without_places_have_no_karyogram(linear: Reference) -> None:
    assert karyogram({**SUMMARY, "places": None}, linear) is None
    assert karyogram(SUMMARY, None) is None
    small = replace(linear, contigs=(replace(linear.contigs[0], length=300_000),))
    assert karyogram(SUMMARY, small) is None
    assert karyogram({"places": {"step": 100_000, "contigs": {}}}, linear) is None
