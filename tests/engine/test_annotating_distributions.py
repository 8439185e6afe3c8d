"""How a result's variants are spread, against a count by hand of a small file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from annotations.engine.results import distributions
from annotations.engine.results.distributions import Distributions
from tests.engine.annotating import HEADER, annotated, vcf

FORMAT = '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
LINES = [
    "MT 73 . A G 9.9 PASS . GT 0/1 1/1",
    "MT 263 . A G 10 PASS . GT 1 .",
    "MT 310 . T TC 29.99 PASS . GT 0/1 0/0",
    "MT 750 . A AGGGTTTTGGGTTTTGGGTTTTGGGTTTT 30 PASS . GT 0/0 ./.",
    "MT 1438 . A G . PASS . GT 0|1 1|1",
    "MT 3107 . N A 5000 PASS . GT 0/1 0/0",
    "MT 8270 . CACCCCCTCT C 100 PASS . GT 1/1 0/0",
    "MT 16519 . T <DEL> 100 PASS . GT ./. 0/1",
]


def test_quality_lengths_and_genotypes_are_counted(tmp_path: Path) -> None:
    text = vcf(*LINES, header=HEADER + FORMAT, samples="\tFORMAT\tmother\tchild")
    summary = annotated(text, tmp_path).summary
    assert summary["quality"] == {
        "bounds": [10, 20, 30, 50, 100, 200, 500, 1000],
        "counts": [1, 1, 1, 1, 0, 2, 0, 0, 1],
        "missing": 1,
    }
    # T>TC, 28 bases more (counted with all above 20), 9 bases less.
    assert summary["indel_lengths"] == {"-9": 1, "1": 1, "21": 1}
    assert summary["samples"] == [
        {"name": "mother", "het": 4, "hom": 2, "missing": 1},
        {"name": "child", "het": 1, "hom": 2, "missing": 2},
    ]
    assert summary["places"] == {"step": 100_000, "contigs": {"MT": [8]}}


def test_a_file_without_samples_has_none(tmp_path: Path) -> None:
    summary = annotated(vcf("MT 73 . A G . . ."), tmp_path).summary
    assert summary["samples"] == []
    assert summary["quality"]["missing"] == 1
    assert sum(summary["quality"]["counts"]) == 0


def test_places_add_up_over_blocks_of_any_reach() -> None:
    spread = Distributions()
    for places in ([0, 0, 7], [3], [9, 9, 0], [-1, 60_000]):
        spread._add_places("1", np.array(places))
    assert spread._places["1"].tolist() == [3, 0, 0, 1, 0, 0, 0, 1, 0, 2]


def test_no_more_samples_are_counted_than_a_column_holds(tmp_path: Path) -> None:
    count = distributions.MOST_SAMPLES + 3
    names = "".join(f"\tS{number}" for number in range(count))
    text = vcf("MT 73 . A G . . . GT " + "0/1 " * count, header=HEADER + FORMAT, samples="\tFORMAT" + names)
    samples = annotated(text, tmp_path).summary["samples"]
    assert [sample["name"] for sample in samples] == [f"S{number}" for number in range(distributions.MOST_SAMPLES)]
    assert {sample["het"] for sample in samples} == {1}
