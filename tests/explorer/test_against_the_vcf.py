"""Every filter and every sort gives the records that a plain reading of the annotated VCF gives."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.explorer.generated import Result, line_of, records, result_of
from tests.explorer.plain import Key, Record, het, hom, in_order, rank

Takes = Callable[[Record], bool]


def between(value: float | None, low: float, high: float) -> bool:
    return value is not None and low <= value <= high


def unseen(record: Record) -> bool:
    return not record.frequency and record.annotated


FILTERS: list[tuple[dict[str, str | list[str]], Takes]] = [
    ({"gene": "MT-ND4"}, lambda r: "MT-ND4" in r.genes),
    ({"gene": "mt-nd1\n mt-atp6;,MT-TL1"}, lambda r: bool(r.genes & {"MT-ND1", "MT-ATP6", "MT-TL1"})),
    ({"region": "chrM:3,000-9000"}, lambda r: r.touches(3_000, 9_000)),
    ({"region": "MT:8993 NC_012920.1:11778"}, lambda r: r.touches(8993, 8993) or r.touches(11778, 11778)),
    ({"impact": "HIGH,moderate"}, lambda r: r.info.get("GAS_IMPACT") in {"HIGH", "MODERATE"}),
    ({"consequence": "missense_variant"}, lambda r: "missense_variant" in r.terms),
    (
        {"consequence": ["synonymous", "intergenic"]},
        lambda r: bool({"synonymous_variant", "intergenic_variant"} & {*r.terms}),
    ),
    ({"worst": "missense_variant"}, lambda r: r.terms[0] == "missense_variant"),
    ({"class_": "SNV"}, lambda r: len(r.ref) == len(r.alt) == 1 and r.alt != "*"),
    ({"class_": "insertion,deletion"}, lambda r: len(r.ref) != len(r.alt) and r.alt.isalpha()),
    ({"known": "yes"}, lambda r: r.known),
    ({"known": "no"}, lambda r: r.annotated and not r.known),
    ({"clinical": "confirmed"}, lambda r: r.status.startswith("Cfrm")),
    ({"clinical": "likely"}, lambda r: "[LP]" in r.status or r.info.get("MITOMAP_RATING") == "LP"),
    ({"clinical": "pathogenic"}, lambda r: "[P]" in r.status or r.info.get("MITOMAP_RATING") == "P"),
    ({"clinical": "reported"}, lambda r: bool(r.status) or "MITOMAP_RATING" in r.info),
    ({"disease": "lhon"}, lambda r: "lhon" in r.disease.lower()),
    ({"disease": "*"}, lambda r: bool(r.disease)),
    ({"frequency": "0.01"}, lambda r: unseen(r) or (r.frequency is not None and r.frequency < 0.01)),
    ({"frequency": "1%"}, lambda r: unseen(r) or (r.frequency is not None and r.frequency < 0.01)),
    ({"frequency": "0.0001-0.01"}, lambda r: r.frequency is not None and 0.0001 <= r.frequency < 0.01),
    ({"frequency": "MITOMAP_AF:0.01-"}, lambda r: r.frequency is not None and r.frequency >= 0.01),
    ({"frequency": "unseen"}, unseen),
    ({"frequency": "none"}, lambda r: r.frequency is None and r.annotated),
    ({"frequency": "seen-0.01"}, lambda r: r.frequency is not None and 0 < r.frequency < 0.01),
    ({"quality": "30"}, lambda r: r.qual is not None and r.qual >= 30),
    ({"quality": "10-30.5"}, lambda r: between(r.qual, 10, 30.5)),
    ({"filter_": "PASS"}, lambda r: r.filter == "PASS"),
    ({"filter_": [".", "q10"]}, lambda r: r.filter in {".", "q10"}),
    ({"genotype": "1:het"}, lambda r: het(r, 0)),
    ({"genotype": "2:hom"}, lambda r: hom(r, 1)),
    ({"genotype": ["1:carrier", "2:ref"]}, lambda r: "1" in r.alleles(0) and set(r.alleles(1)) == {"0"}),
    ({"genotype": "2:missing"}, lambda r: set(r.alleles(1)) == {"."}),
    ({"level": "1:0.25-0.97"}, lambda r: between(r.level(0), 0.25, 0.97)),
    ({"level": "2:50%"}, lambda r: between(r.level(1), 0.5, 1)),
    ({"reason": "any"}, lambda r: not r.annotated),
    ({"q": "MT-ND4"}, lambda r: "MT-ND4" in r.genes),
    ({"q": "chrM:11778"}, lambda r: r.touches(11778, 11778)),
    ({"q": "m.11778G>A"}, lambda r: (r.pos, r.ref, r.alt) == (11778, "G", "A")),
    ({"q": "rs34"}, lambda r: "rs34" in r.id.split(";")),
    ({"q": "RS199476112"}, lambda r: r.id == "rs199476112"),
    ({"q": "R340H"}, lambda r: r.info.get("GAS_PROTEIN") == "R340H"),
    ({"q": "Arg340His"}, lambda r: r.info.get("GAS_PROTEIN") == "R340H"),
    ({"q": "G11778A"}, lambda r: (r.pos, r.alt) == (11778, "A")),
    ({"q": "MT-ND4:c.1019G>A"}, lambda r: (r.pos, r.alt) == (11778, "A")),
    ({"q": "11778"}, lambda r: r.touches(11778, 11778)),
]
SORTS: dict[str, Key] = {
    "pos": lambda r: r.pos,
    "qual": lambda r: r.qual,
    "impact": rank,
    "gene": lambda r: r.info.get("GAS_GENE"),
    "id": lambda r: None if r.id == "." else r.id,
    "filter": lambda r: None if r.filter == "." else r.filter,
    "MITOMAP_AF": lambda r: r.frequency,
    "MITOMAP_DISEASE": lambda r: r.disease or None,
    "known": lambda r: r.known,
    "carriers": lambda r: sum("1" in r.alleles(sample) for sample in (0, 1)),
    "genotype.1": lambda r: 2 if hom(r, 0) else 1 if het(r, 0) else 0 if set(r.alleles(0)) == {"0"} else None,
    "level.2": lambda r: r.level(1),
}


# Each example is an annotation: a failing one is not made smaller, which would take minutes.
@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
)
@given(drawn=records, data=st.data())
def test_filters_and_sorts_are_those_of_a_plain_reading(
    drawn: list[tuple[tuple[int, str, str], tuple[str, str, str, tuple[str, str], tuple[str, str]]]],
    data: st.DataObject,
) -> None:
    lines = [line_of(*one) for one in sorted(drawn, key=lambda one: one[0][0])]
    with tempfile.TemporaryDirectory() as directory:
        result = result_of(lines, Path(directory), samples="\tFORMAT\tmother\tchild")
        for values, takes in FILTERS:
            check_filter(result, values, takes)
        for name, key in SORTS.items():
            for descending in (False, True):
                expected = in_order(result.records, key, descending=descending)
                if name == "pos" and descending:  # the file turned round, alleles of one place too
                    expected = [record.row for record in reversed(result.records)]
                assert result.rows(result.plan(), f"{'-' if descending else ''}{name}", size=7) == expected, name
        (one, first), (two, second) = data.draw(st.tuples(st.sampled_from(FILTERS), st.sampled_from(FILTERS)))
        if not set(one) & set(two):
            check_filter(result, {**one, **two}, lambda record: first(record) and second(record))
        result.table.close()


def check_filter(result: Result, values: dict[str, str | list[str]], takes: Takes) -> None:
    plan = result.plan(**values)
    expected = [record.row for record in result.records if takes(record)]
    assert result.rows(plan) == expected, values
    assert result.table.count(plan.where) == len(expected), values
    assert result.table.counts(plan.conditions)[-1] == len(expected), values
    streamed = [row for batch in result.table.batches(plan.where, columns=()) for row in batch["row"].to_pylist()]
    assert streamed == expected, values
