"""The circular map: exact coordinates on small inputs, and names that never overlap on any."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotations.engine.genes import Gene
from annotations.figures.genome import GenomeMap, genome_map, tick_step
from annotations.figures.genome_names import LONGEST
from annotations.figures.heads import FARTHEST, NEAREST
from annotations.figures.labels import Box
from annotations.figures.marks import IMPACTS, MOST_NAMES, Mark, marks_of, named
from annotations.figures.polar import CENTRE

LENGTH = 16_569


def a_mark(position: int = 11_778, **changes: object) -> Mark:
    fields: dict[str, object] = {"name": f"m.{position}G>A", "impact": "MODERATE", "frequency": 0.003, **changes}
    return Mark(position=position, **fields)  # type: ignore[arg-type]  # the test's own words


def a_map(*marks: Mark, genes: tuple[Gene, ...] = (), length: int = LENGTH) -> GenomeMap:
    return genome_map(marks, genes, length, reference="rCRS")


def test_an_allele_that_everyone_has_stands_nearest_and_one_nobody_has_farthest() -> None:
    common, unseen = a_map(a_mark(50, frequency=1.0), a_mark(51, frequency=None), length=100).heads

    assert (common.head.x, common.head.y) == pytest.approx((307.07, 525), abs=0.2)
    assert CENTRE + NEAREST == 525
    assert math.dist(unseen.head, (CENTRE, CENTRE)) == pytest.approx(FARTHEST)


@pytest.mark.parametrize(("frequency", "rarity"), [(1.0, 0), (0.1, 0.2), (0.001, 0.6), (1e-5, 1), (1e-9, 1), (0, 1)])
def test_rarity_is_logarithmic_and_ends_at_one_in_100000(frequency: float, rarity: float) -> None:
    assert a_mark(frequency=frequency).rarity == pytest.approx(rarity)


def test_a_stick_has_its_foot_on_the_ring_at_the_position_of_its_variant() -> None:
    (one,) = a_map(a_mark(26, frequency=1.0), length=102).heads

    assert one.turn == 0.25
    assert one.stick == "M512.0 300.0L517.0 300.0L525.0 300.0"


def test_two_alleles_of_one_position_do_not_cover_each_other() -> None:
    first, second = a_map(a_mark(8993, name="m.8993T>C"), a_mark(8993, name="m.8993T>G")).heads

    assert math.dist(first.head, second.head) >= first.radius + second.radius


def test_marks_beyond_the_contig_are_not_drawn() -> None:
    assert a_map(a_mark(0), a_mark(LENGTH + 1)).heads == ()


def test_the_important_lie_on_top() -> None:
    marks = [a_mark(100 * n, impact=impact) for n, impact in enumerate(("HIGH", "", "LOW", "MODIFIER"), 1)]
    confirmed = a_mark(900, impact="LOW", confirmed=True)

    drawn = [one.mark.impact for one in a_map(*marks, confirmed).heads]

    assert drawn == ["", "MODIFIER", "LOW", "HIGH", "LOW"]


def test_heads_shrink_as_they_become_many() -> None:
    few = a_map(*(a_mark(300 * n) for n in range(1, 50)))
    many = a_map(*(a_mark(30 * n) for n in range(1, 501)))

    assert {one.radius for one in few.heads} == {6.0}
    assert {one.radius for one in many.heads} == {3.0}


def test_a_cluster_over_the_origin_steps_aside_in_order_and_not_far() -> None:
    positions = [*range(16_300, 16_560, 40), *range(20, 300, 40)]
    drawn = a_map(*(a_mark(n) for n in positions))

    heads = sorted(drawn.heads, key=lambda one: (one.turn + 0.5) % 1)
    angles = [math.atan2(one.head.x - CENTRE, CENTRE - one.head.y) for one in heads]
    assert angles == sorted(angles)
    assert all(
        abs((angle / math.tau - one.turn + 0.5) % 1 - 0.5) <= 0.045 for angle, one in zip(angles, heads, strict=True)
    )


def test_only_notable_marks_are_named_and_confirmed_ones_come_first() -> None:
    plain, disease = a_mark(1), a_mark(2, disease="LHON")
    high, confirmed = a_mark(3, impact="HIGH"), a_mark(4, confirmed=True)

    assert named([plain, disease, high, confirmed]) == [confirmed, high, disease]


def test_names_are_capped_and_the_map_says_how_many_there_would_be() -> None:
    drawn = a_map(*(a_mark(30 * n, impact="HIGH") for n in range(1, 101)))

    assert len(drawn.names) == MOST_NAMES == 16
    assert drawn.notable == 100


def test_of_equals_those_with_a_name_stand_all_around_the_map() -> None:
    drawn = a_map(*(a_mark(n, impact="HIGH") for n in range(1, LENGTH, 33)))

    quarters = Counter(int(4 * one.mark.position / LENGTH) for one in drawn.heads if one.mark in named(drawn.marks))
    assert sum(quarters.values()) == MOST_NAMES
    assert all(2 <= quarters[quarter] <= 8 for quarter in range(4))


def test_a_long_name_is_cut_and_says_so() -> None:
    (name,) = a_map(a_mark(name="m.8277_8291delACCCCCTCTAGAGCC", confirmed=True)).names

    assert name.text == "m.8277_8291de…"
    assert len(name.text) == LONGEST
    assert name.confirmed


def test_a_name_stands_on_the_side_of_its_variant() -> None:
    right, left = a_map(a_mark(3460, impact="HIGH"), a_mark(13_513, impact="HIGH")).names

    assert (right.anchor, left.anchor) == ("start", "end")
    assert right.at.x > CENTRE > left.at.x


A_MARK = st.builds(
    Mark,
    position=st.integers(1, LENGTH),
    name=st.text(min_size=1, max_size=40),
    impact=st.sampled_from((*IMPACTS, "")),
    frequency=st.none() | st.floats(0, 1),
    confirmed=st.booleans(),
    disease=st.sampled_from(("", "LHON")),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(A_MARK, max_size=120))
def test_names_cover_neither_each_other_nor_a_mark_on_any_input(marks: list[Mark]) -> None:
    drawn = a_map(*marks)
    names = [name.box for name in drawn.names]
    heads = [
        Box(one.head.x - one.radius, one.head.y - one.radius, one.head.x + one.radius, one.head.y + one.radius)
        for one in drawn.heads
    ]

    assert not any(one.overlaps(other) for one, other in itertools.combinations(names, 2))
    assert not any(name.overlaps(head) for name in names for head in heads)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 8000), min_size=40, max_size=60))
def test_names_that_all_want_one_side_still_do_not_overlap(positions: list[int]) -> None:
    boxes = [name.box for name in a_map(*(a_mark(n, confirmed=True) for n in positions)).names]

    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))


ND1 = Gene("MT-ND1", "MT", 3307, 4262, "+", "protein_coding")
ND6 = Gene("MT-ND6", "MT", 14_149, 14_673, "-", "protein_coding")
TL1 = Gene("MT-TL1", "MT", 3230, 3304, "+", "Mt_tRNA")
RNR2 = Gene("MT-RNR2", "MT", 1671, 3229, "+", "Mt_rRNA")


def test_genes_of_the_heavy_strand_stand_outside_those_of_the_light_strand_inside() -> None:
    heavy, light = a_map(genes=(ND1, ND6)).arcs

    assert heavy.path == "M499.9 235.5A210 210 0 0 1 509.8 308.5L487.8 307.6A188 188 0 0 0 478.9 242.3Z"
    assert light.path.startswith("M154.4 187.5A184 184")
    assert heavy.title == "MT-ND1, 3,307 to 4,262"


def test_a_genes_kind_is_read_from_its_biotype() -> None:
    drawn = a_map(genes=(ND1, TL1, RNR2, Gene("X", "MT", 1, 900, "+", "lncRNA")))

    assert [arc.kind for arc in drawn.arcs] == ["protein", "trna", "rrna", "other"]
    assert drawn.kinds == ("protein", "rrna", "trna", "other")


def test_long_genes_are_named_without_their_prefix_and_trnas_are_not() -> None:
    drawn = a_map(genes=(ND1, ND6, TL1, RNR2))

    assert [name.text for name in drawn.gene_names] == ["RNR2", "ND1", "ND6"]


def test_a_long_headline_moves_the_names_beside_it_out_of_narrow_drawings() -> None:
    few, many = (genome_map((), (ND1, RNR2), LENGTH, reference="rCRS", total=total) for total in (60, 30_000))

    assert [(name.text, name.minor) for name in few.gene_names] == [("RNR2", False), ("ND1", False)]
    assert [(name.text, name.minor) for name in many.gene_names] == [("RNR2", False), ("ND1", True)]


def test_of_two_genes_at_one_place_the_longer_is_named() -> None:
    longer, shorter = Gene("LONG", "MT", 5000, 7000, "+", "protein_coding"), Gene("SHORT", "MT", 5500, 6500, "+", "")

    assert [name.text for name in a_map(genes=(shorter, longer)).gene_names] == ["LONG"]


@pytest.mark.parametrize(("length", "step"), [(16_569, 1000), (48_502, 2000), (100, 5), (4_641_652, 200_000), (20, 1)])
def test_ticks_are_round_numbers(length: int, step: int) -> None:
    assert tick_step(length) == step


def test_the_mitochondrial_map_has_seventeen_ticks() -> None:
    drawn = a_map()

    assert len(drawn.ticks) == 17
    assert str(drawn.ticks[0].start) == "300.0 142.0"


def test_a_summary_row_becomes_a_mark() -> None:
    row = {
        "contig": "MT",
        "pos": 11_778,
        "ref": "G",
        "alt": "A",
        "hgvs": "m.11778G>A",
        "gene": "MT-ND4",
        "impact": "MODERATE",
        "frequency": 0.00307,
        "confirmed": True,
        "disease": "LHON",
    }

    (mark,) = marks_of([row, {**row, "contig": "chr1"}], "MT")

    assert mark == Mark(11_778, "m.11778G>A", "MODERATE", 0.00307, True, "MT-ND4", "LHON", "MT")
    assert mark.title == "m.11778G>A MT-ND4 MODERATE, 0.31%, confirmed pathogenic"


def test_a_record_that_was_not_annotated_has_no_impact_and_no_invented_one() -> None:
    (mark,) = marks_of([{"contig": "MT", "pos": 7, "ref": "A", "alt": "<DEL>", "impact": "", "frequency": None}])

    assert mark.impact == ""
    assert mark.title == "7A><DEL>, not seen"
