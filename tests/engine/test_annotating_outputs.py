"""The files of a result agree with each other, say what was done and nothing of the machine they were made on."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import pyarrow.parquet as pq
import pysam
import pytest

from annotations.engine.reference import load_reference
from tests.engine.annotating import RCRS, Annotated, annotated, vcf

EXAMPLE = RCRS / "example.vcf"


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Annotated:
    return annotated(EXAMPLE, tmp_path_factory.mktemp("example"), name="My example.vcf.gz")


def test_the_outputs_are_named_after_the_users_file(example: Annotated) -> None:
    assert {file.kind: file.path.name for file in example.result.files} == {
        "vcf": "My_example.annot.vcf.gz",
        "index": "My_example.annot.vcf.gz.tbi",
        "table": "My_example.variants.parquet",
        "summary": "My_example.summary.json",
        "log": "My_example.vcf.count.log",
    }
    directory = example.path("vcf").parent
    assert sorted(path.name for path in directory.iterdir()) == sorted(f.path.name for f in example.result.files)


def test_sizes_and_checksums_are_those_of_the_files(example: Annotated) -> None:
    for file in example.result.files:
        assert (file.size, file.sha256) == (
            file.path.stat().st_size,
            hashlib.sha256(file.path.read_bytes()).hexdigest(),
        )


def test_the_table_says_row_by_row_what_the_vcf_says(example: Annotated) -> None:
    assert len(example.rows) == len(example.records) == 60
    for number, (row, record, info) in enumerate(zip(example.rows, example.records, example.info, strict=True)):
        assert row["row"] == number
        assert (row["contig"], row["pos"], row["ref"], row["alt"]) == (
            record["CHROM"],
            int(record["POS"]),
            record["REF"],
            record["ALT"],
        )
        assert row["qual"] == float(record["QUAL"])
        assert (row["id"], row["filter"]) == (None, "PASS")
        for column in ("gene", "transcript", "consequence", "impact", "protein", "not_annotated"):
            assert row[column] == info.get(f"GAS_{column.upper()}"), column
        for field in ("MITOMAP_STATUS", "MITOMAP_RATING"):
            assert (row[field] is None) == (field not in info)
        assert row["MITOMAP_AC"] == int(info["MITOMAP_AC"])
        assert row["MITOMAP_AF"] == pytest.approx(float(info["MITOMAP_AF"]))


def test_the_tables_columns_have_plain_types(example: Annotated) -> None:
    types = {field.name: str(field.type) for field in pq.read_schema(example.path("table"))}
    assert types["pos"] == "int64"
    assert types["qual"] == "double"
    assert types["known"] == "bool"
    assert types["gene"] == types["consequence"] == "string"
    assert (types["MITOMAP_AC"], types["MITOMAP_AF"]) == ("int64", "double")


def test_the_totals_are_exact(example: Annotated) -> None:
    summary, rows = example.summary, example.rows
    assert summary["total"] == 60
    assert summary["annotated"] + sum(summary["not_annotated"].values()) == 60
    assert summary["known"] == sum(row["known"] for row in rows)
    for key, column in (("by_impact", "impact"), ("by_class", "class"), ("by_contig", "contig")):
        counted = {name: count for name, count in summary[key].items() if count}
        assert counted == {value: sum(row[column] == value for row in rows) for value in {row[column] for row in rows}}
    assert sum(summary["by_consequence"].values()) == sum(summary["by_region"].values()) == 60
    assert summary["transitions"] + summary["transversions"] == summary["by_class"]["SNV"]
    bins = summary["frequency"]["bins"]
    assert sum(one["count"] for one in bins) + summary["frequency"]["not_seen"] == 60
    assert summary["confirmed"] == sum(bool(row["MITOMAP_STATUS"] and "Cfrm" in row["MITOMAP_STATUS"]) for row in rows)
    assert json.loads(example.path("summary").read_text()) == summary


def test_the_marks_begin_with_the_confirmed_alleles_and_name_them_after_hgvs(example: Annotated) -> None:
    marks = example.summary["marks"]
    assert len(marks) == 60
    assert [mark["confirmed"] for mark in marks[:3]] == [True, True, False]
    named = {(mark["pos"], mark["alt"]): mark["hgvs"] for mark in marks}
    assert named[73, "G"] == "m.73A>G"
    assert "m.315dup" in named.values()


def test_of_equally_notable_alleles_the_marks_take_as_large_a_share_everywhere(tmp_path: Path) -> None:
    bases = load_reference(RCRS).sequence("MT").fetch(0, 16_569).decode()
    lines = [f"MT {at} . {bases[at - 1]} {bases[at - 1]}{'TCA'[at % 3]} . . ." for at in range(5, 16_569, 8)]
    got = annotated(vcf(*(line for line in lines if " N " not in line)), tmp_path)

    marks, equals = got.summary["marks"], [row for row in got.rows if row["impact"] == "HIGH" and not row["known"]]
    assert len(marks) == 500
    drawn = [mark["pos"] for mark in marks if (mark["impact"], mark["frequency"]) == ("HIGH", None)]
    assert 400 < len(drawn) < len(equals) / 2
    share = len(drawn) / len(equals)
    for start in range(0, 16_569, 2_400):
        expected = share * sum(start < row["pos"] <= start + 2_400 for row in equals)
        assert sum(start < pos <= start + 2_400 for pos in drawn) == pytest.approx(expected, abs=20)


def test_the_log_gives_totals_sources_versions_checksums_and_citations(example: Annotated) -> None:
    log = example.log
    assert log.startswith("Annotation of My example.vcf.gz against Human mitochondrial genome")
    assert "Variants (one per alternate allele)     60\n" in log
    assert f"({example.summary['known'] / 60:.2%})" in log
    order = ["By source", "By region", "By consequence", "What was done", "Versions", "Checksums", "Citations"]
    assert [log.index(title) for title in order] == sorted(log.index(title) for title in order)
    assert example.result.files[0].sha256 in log
    assert "Lott MT" in log
    assert "bcftools 1." in log


def test_reasons_stand_in_the_log_in_words(tmp_path: Path) -> None:
    header = "##fileformat=VCFv4.2\n##contig=<ID=MT,length=16569>\n##contig=<ID=1,length=248956422>\n"
    got = annotated(vcf("MT 3460 . G A . . .", "MT 8993 . T <FOO> . . .", "1 5 . A G . . .", header=header), tmp_path)
    assert "contig that the reference lacks" in got.log
    assert "symbol for a sequence, of a kind not known here" in got.log


def test_the_tables_row_groups_say_which_rows_places_and_genes_they_hold(example: Annotated) -> None:
    group = pq.ParquetFile(example.path("table")).metadata.row_group(0)
    told = {group.column(at).path_in_schema: group.column(at).statistics for at in range(group.num_columns)}
    assert (told["row"].min, told["row"].max) == (0, 59)
    assert (told["pos"].min, told["pos"].max) == (73, max(row["pos"] for row in example.rows))
    assert told["genes"] is not None
    assert told["hgvs_g"] is None


def test_the_index_finds_records_by_position(example: Annotated) -> None:
    with pysam.TabixFile(str(example.path("vcf"))) as file:
        assert [line.split("\t")[1] for line in file.fetch("MT", 72, 73)] == ["73"]
        assert len(list(file.fetch("MT"))) == 60


def test_no_output_says_anything_of_the_machine(example: Annotated, tmp_path: Path) -> None:
    unsorted = annotated(vcf("MT 8993 . T G . . .", "MT 3460 . G A . . ."), tmp_path)
    for got in (example, unsorted):
        for file in got.result.files:
            data = file.path.read_bytes()
            text = gzip.decompress(data) if file.kind in ("vcf", "index") else data
            for word in (b"/work", b"/tmp", str(RCRS).encode(), str(tmp_path.parent).encode(), b"bcftools_"):
                assert word not in text, (file.kind, word)
