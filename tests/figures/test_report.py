"""Which figures and tiles a result gets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from annotations.engine.reference import Reference, load_reference
from annotations.figures.report import figures_for
from annotations.figures.tiles import tiles_of

RCRS = Path(__file__).parents[2] / "annotations" / "references" / "rCRS"


@pytest.fixture(scope="module")
def rcrs() -> Reference:
    return load_reference(RCRS)


def a_summary(**changes: Any) -> dict[str, Any]:
    mark = {"contig": "MT", "pos": 11_778, "ref": "G", "alt": "A", "hgvs": "m.11778G>A", "impact": "MODERATE"}
    return {
        "total": 4,
        "known": 3,
        "by_class": {"SNV": 3, "deletion": 1, "MNV": 0},
        "by_impact": {"HIGH": 1, "MODERATE": 2, "LOW": 0, "MODIFIER": 1},
        "by_consequence": {"intergenic_variant": 1, "missense_variant": 2, "stop_gained": 1},
        "by_gene": {"MT-ND4": 2, "MT-CO2": 1},
        "by_contig": {"MT": 4},
        "confirmed": 1,
        "marks": [mark],
        "frequency": {
            "field": "MITOMAP_AF",
            "source": "MITOMAP GenBank frequencies",
            "bins": [
                {"label": "", "low": 0.0, "high": 0.001, "count": 1},
                {"label": "", "low": 0.001, "high": 0.05, "count": 0},
                {"label": "", "low": 0.05, "high": 1.0, "count": 2},
            ],
            "not_seen": 1,
        },
        **changes,
    }


def test_a_circular_reference_gets_the_map_and_the_charts_its_summary_has_numbers_for(rcrs: Reference) -> None:
    figures = figures_for(a_summary(), rcrs)

    assert figures.genome is not None
    assert figures.genome.headline == "4 variants"
    assert not figures.genome.drawn_all
    assert [(chart.letter, chart.title) for chart in figures.charts] == [
        ("b", "Impact"),
        ("c", "Consequence"),
        ("d", "How common in MITOMAP"),
        ("e", "Genes with the most variants"),
        ("f", "Class"),
    ]


def test_the_mitochondrial_map_shows_the_control_region_and_names_the_large_genes(rcrs: Reference) -> None:
    genome = figures_for(a_summary(), rcrs).genome
    assert genome is not None

    assert [arc.title for arc in genome.arcs[:2]] == ["control region, 16,024 to 16,569", "control region, 1 to 576"]
    assert {name.text for name in genome.gene_names} == {
        *("RNR1", "RNR2", "ND1", "ND2", "CO1", "CO2", "ATP6", "CO3", "ND3", "ND4", "ND5", "ND6", "CYB")
    }


def test_a_linear_reference_gets_chromosomes_and_genes_instead(rcrs: Reference) -> None:
    linear = replace(rcrs, contigs=(replace(rcrs.contigs[0], circular=False),))
    summary = a_summary(by_contig={"chr10": 1, "chr2": 2, "chrX": 1}, frequency=None)

    figures = figures_for(summary, linear)

    assert figures.genome is None
    assert [(chart.letter, chart.kind) for chart in figures.charts] == [
        ("a", "impact"),
        ("b", ""),
        ("c", "contig"),
        ("d", "gene"),
        ("e", ""),
    ]
    assert [bar.label for bar in figures.charts[2].bars] == ["chr2", "chr10", "chrX"]
    assert [bar.label for bar in figures.charts[3].bars] == ["MT-ND4", "MT-CO2"]


def test_a_reference_that_is_gone_leaves_the_charts() -> None:
    assert figures_for(a_summary(), None).genome is None
    assert figures_for(a_summary(), None).charts


def test_no_variants_are_no_figures(rcrs: Reference) -> None:
    assert not figures_for({"total": 0}, rcrs)
    assert not figures_for({}, rcrs)


def test_consequences_stand_by_severity_with_their_impact(rcrs: Reference) -> None:
    chart = figures_for(a_summary(), rcrs).charts[1]

    assert [(bar.label, bar.count, bar.impact) for bar in chart.bars] == [
        ("stop gained", 1, "HIGH"),
        ("missense", 2, "MODERATE"),
        ("intergenic", 1, "MODIFIER"),
    ]


def test_frequencies_are_labelled_in_per_cent_and_the_rare_are_counted(rcrs: Reference) -> None:
    chart = figures_for(a_summary(), rcrs).charts[2]

    assert [(bar.label, bar.count) for bar in chart.bars] == [
        ("not seen", 1),
        ("under 0.1%", 1),
        ("0.1% to 5%", 0),
        ("over 5%", 2),
    ]
    assert chart.caption == "2 of 4 variants are rarer than 1 in 1,000 sequences in MITOMAP."


def test_what_a_source_gives_as_nought_is_not_seen_and_an_earlier_summary_does_not_tell_it_apart(
    rcrs: Reference,
) -> None:
    frequency = a_summary()["frequency"]
    [_, _, earlier, *_] = figures_for(a_summary(), rcrs).charts
    [_, _, chart, *_] = figures_for(a_summary(frequency={**frequency, "zeros": 1}), rcrs).charts
    assert [(bar.count, bar.query) for bar in earlier.bars[:2]] == [
        (1, "frequency=MITOMAP_AF%3Anone"),
        (1, "frequency=MITOMAP_AF%3A0-0.001"),
    ]
    assert [(bar.count, bar.query) for bar in chart.bars[:2]] == [
        (2, "frequency=MITOMAP_AF%3Aunseen"),
        (0, "frequency=MITOMAP_AF%3Aseen-0.001"),
    ]


def test_what_was_never_looked_up_is_not_called_rare(rcrs: Reference) -> None:
    summary = a_summary(not_annotated={"ref_mismatch": 1})

    assert [bar.count for bar in figures_for(summary, rcrs).charts[2].bars] == [0, 1, 0, 2]
    assert tiles_of(summary)[3].value == 1


def test_where_nothing_was_annotated_no_absence_is_claimed() -> None:
    summary = a_summary(annotated=0, by_impact={}, by_consequence={}, not_annotated={"ambiguous_reference": 4})

    assert tiles_of(summary)[1].note == "nothing was annotated"


def test_more_genes_than_fit_are_counted_and_not_drawn() -> None:
    summary = a_summary(by_gene={f"G{n:02}": 100 - n for n in range(20)}, frequency=None)

    [chart] = [one for one in figures_for(summary, None).charts if one.kind == "gene"]

    assert len(chart.bars) == 12
    assert chart.caption == "Not shown: 8 genes with 676 variants."


def test_tiles_say_what_their_numbers_mean() -> None:
    assert [(tile.label, tile.value, tile.note) for tile in tiles_of(a_summary())] == [
        ("Variants", 4, "3 substitutions, 1 deletion"),
        ("High impact", 1, "1 stop gained"),
        ("Confirmed pathogenic", 1, "by MITOMAP's status"),
        ("Rarer than 0.1%", 2, "of MITOMAP sequences"),
        ("Genes", 2, "1 variant in none: 1 between genes"),
    ]
    upstream = a_summary(by_consequence={"upstream_gene_variant": 27, "intergenic_variant": 1})
    assert tiles_of(upstream)[-1].note == "28 variants in none: 27 upstream of one, 1 between genes"
    [genes] = [chart for chart in figures_for(upstream, None).charts if chart.kind == "gene"]
    assert genes.caption.startswith("A variant upstream of a gene counts for it.")


def test_the_blocks_of_a_gvcf_are_not_called_structural() -> None:
    summary = a_summary(by_class={"SNV": 2, "symbolic": 6}, not_annotated={"reference_block": 5})
    assert tiles_of(summary)[0].note == "5 reference blocks, 2 substitutions, 1 structural"


def test_without_a_frequency_source_the_known_are_counted_instead() -> None:
    tiles = tiles_of(a_summary(frequency=None))

    assert ("Known", 3, "75% are in a source") in [(tile.label, tile.value, tile.note) for tile in tiles]
