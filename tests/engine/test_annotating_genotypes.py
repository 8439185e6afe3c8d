"""The table holds each sample's genotype as a letter, and the heteroplasmy that the file gives."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotations.engine.results.genotypes import GENOTYPES, genotype_columns, read_genotypes
from annotations.engine.results.samples import BLOCK, sample_layout
from annotations.engine.results.textblock import TextBlock
from tests.engine.annotating import COLUMNS, HEADER, annotated, vcf

GT = '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
LETTERS = {"0/0": "0", "0/1": "1", "1|0": "1", "1/1": "2", "1": "2", "0": "0", ".": ".", "./.": ".", "./1": "1"}
LETTERS |= {"0|.": ".", "0/1/1": "1", "1/1/1": "2", "0/0/0/0": "0", "./././.": ".", "": "."}


def declared(key: str, number: str, kind: str = "Float") -> str:
    return f'##FORMAT=<ID={key},Number={number},Type={kind},Description="x">\n'


def test_each_sample_has_one_letter_an_allele(tmp_path: Path) -> None:
    text = vcf(
        "MT 3460 . G A . . . GT 0/1 1 ./.",
        "MT 8993 . T G,C . . . GT 1/2 2|2 0/0",
        header=HEADER + GT,
        samples="\tFORMAT\tmother\t<b>child</b>\tfather",
    )
    got = annotated(text, tmp_path)
    found = {(row["pos"], row["alt"]): (row["genotypes_0"], row["carriers"], row["called"]) for row in got.rows}
    assert found == {(3460, "A"): ("12.", 2, 2), (8993, "G"): ("100", 1, 3), (8993, "C"): ("120", 2, 3)}
    metadata = pq.read_schema(got.path("table")).metadata
    assert json.loads(metadata[b"GAS_samples"]) == ["mother", "<b>child</b>", "father"]


def test_a_file_without_samples_has_no_genotype_columns(tmp_path: Path) -> None:
    got = annotated(vcf("MT 3460 . G A . . ."), tmp_path)
    assert not {"carriers", "called", "genotypes_0", "levels_0"} & set(got.rows[0])


def test_a_record_without_gt_is_not_called(tmp_path: Path) -> None:
    text = vcf(
        "MT 3460 . G A . . . DP 10 1",
        "MT 3461 . C A . . . GT:DP 0/1:3 1",
        header=HEADER + GT + declared("DP", "1", "Integer"),
        samples="\tFORMAT\tA\tB",
    )
    assert [(row["genotypes_0"], row["called"]) for row in annotated(text, tmp_path).rows] == [("..", 0), ("12", 2)]


@pytest.mark.parametrize(
    ("fields", "keys", "cell", "level"),
    [
        (declared("AF", "A"), "GT:AF", "0/1:0.25", 0.25),
        (declared("HF", "A") + declared("AF", "A"), "GT:AF:HF", "0/1:0.25:0.3", 0.3),
        (declared("VAF", "1"), "GT:VAF", "0/1:1e-3", 0.001),
        (declared("AD", "R", "Integer") + declared("DP", "1", "Integer"), "GT:AD:DP", "0/1:30,10:50", 0.2),
        (declared("AF", "A"), "GT:AF", "0/1:.", None),
        (declared("AF", "A"), "GT", "0/1", None),
        (declared("AF", "A"), "GT:AF", "0/1:12", None),
    ],
)
def test_heteroplasmy_comes_from_the_field_the_caller_wrote(
    tmp_path: Path, fields: str, keys: str, cell: str, level: float | None
) -> None:
    text = vcf(f"MT 3460 . G A . . . {keys} {cell}", header=HEADER + GT + fields, samples="\tFORMAT\tA")
    (row,) = annotated(text, tmp_path).rows
    assert row["levels_0"] == (None if level is None else [level])


def test_a_file_without_such_a_field_has_no_level_column(tmp_path: Path) -> None:
    text = vcf("MT 3460 . G A . . . GT 0/1", header=HEADER + GT, samples="\tFORMAT\tA")
    assert "levels_0" not in annotated(text, tmp_path).rows[0]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=st.lists(st.lists(st.sampled_from(sorted(LETTERS)), min_size=70, max_size=70), min_size=1, max_size=6),
    rest=st.sampled_from(["", ":12", ":.:3"]),
)
def test_every_spelling_of_a_genotype_becomes_its_letter(rows: list[list[str]], rest: str) -> None:
    names = [f"S{number}" for number in range(len(rows[0]))]
    layout = sample_layout(["\t".join([COLUMNS, "FORMAT", *names]).encode()], mitochondrial=False)
    keys = "GT:DP:AB" if rest else "GT"
    lines = ("\t".join(["MT\t1\t.\tA\tG\t.\t.\t.", keys, *(cell + rest for cell in row)]) for row in rows)
    columns = read_genotypes(TextBlock("".join(line + "\n" for line in lines).encode()), layout, [])
    got = dict(zip(genotype_columns(layout), (column.to_pylist() for column in columns), strict=True))
    expected = ["".join(LETTERS[cell] for cell in row) for row in rows]
    assert [a + b for a, b in zip(got[f"{GENOTYPES}0"], got[f"{GENOTYPES}1"], strict=True)] == expected
    assert [len(text) for text in got[f"{GENOTYPES}0"]] == [BLOCK] * len(rows)
    assert got["called"] == [70 - text.count(".") for text in expected]
    assert got["carriers"] == [text.count("1") + text.count("2") for text in expected]
