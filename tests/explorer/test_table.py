"""The table opens what earlier versions wrote, reaches nothing else, and gives up in time."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pytest_django import Settings

from annotations.engine.hgvs.genomic import genomic_name
from annotations.engine.reference import load_reference
from annotations.explorer import connection as connection_module
from annotations.explorer import table as table_module
from annotations.explorer.columns import ROW
from annotations.explorer.connection import DiskFull, TooSlow, Unreadable, limited
from annotations.explorer.filters import Filter
from annotations.explorer.hgvs_query import read_name, vcf_allele
from annotations.explorer.plan import plan_for
from annotations.explorer.sorting import read_sort
from annotations.explorer.spill import Spill
from annotations.explorer.table import TableUnreadable, VariantTable
from annotations.sweep import clean_work_directory
from bench import explorer as explorer_bench
from bench.explorer_table import make_table
from tests.engine.annotating import RCRS
from tests.explorer.generated import Result
from tests.full_disk import files_end_at


def test_columns_come_from_the_schema_and_the_sources(result: Result) -> None:
    catalogue = result.table.catalogue
    assert catalogue.samples == ("mother", "<b>child</b>")
    titles = {name: column.title for name, column in catalogue.columns.items()}
    assert (titles["MITOMAP_AF"], titles["MITOMAP_STATUS"]) == ("MITOMAP frequency", "MITOMAP status")
    assert titles["level.2"] == "Level of <b>child</b>"
    assert catalogue.frequency is not None
    assert catalogue.frequency.name == "MITOMAP_AF"


def test_a_table_without_genotypes_still_opens(result: Result, tmp_path: Path) -> None:
    whole = pq.read_table(result.annotated.path("table"))
    old = [name for name in whole.column_names if name not in {"carriers", "called", "genotypes_0", "levels_0"}]
    pq.write_table(whole.select(old).replace_schema_metadata(None), tmp_path / "old.parquet", store_schema=False)
    table = VariantTable(tmp_path / "old.parquet", load_reference(RCRS))
    assert (table.catalogue.has_genotypes, table.catalogue.samples, len(table.page().rows)) == (False, (), 6)
    plan = plan_for(Filter.from_text("genotype=1:het&level=1:0.5"), table)
    assert plan.problems == (
        "This result's table has no genotypes. If the file has samples, run it again to get them.",
        "This result's table has no heteroplasmy: the file gives none.",
    )
    table.close()


def test_a_table_whose_reference_is_gone_keeps_its_columns_and_loses_their_roles(result: Result) -> None:
    table = VariantTable(result.annotated.path("table"))
    assert table.catalogue.columns["MITOMAP_AF"].title == "MITOMAP AF"
    assert plan_for(Filter.from_text("clinical=likely&q=chrM:11778&q=m.3460G>A"), table).problems != ()
    assert table.count(plan_for(Filter.from_text("q=MT:11778"), table).where) == 1
    table.close()


@pytest.mark.parametrize("closed", [True, False])
def test_where_a_question_may_spill_to_goes_with_the_table(
    result: Result, tmp_path: Path, settings: Settings, *, closed: bool
) -> None:
    settings.WORK_DIR = tmp_path
    table = VariantTable(result.annotated.path("table"))
    assert len(list(tmp_path.iterdir())) == 1
    if closed:
        table.close()
    del table
    gc.collect()
    assert list(tmp_path.iterdir()) == []


SPILLS = """
import sys
from django.conf import settings
settings.configure(WORK_DIR=sys.argv[1])
from annotations.explorer.spill import Spill
spill = Spill()
(spill.path / "rows.tmp").write_text("genome")
print(spill.path.name, flush=True)
sys.stdin.read()
"""


def test_what_a_killed_process_spilled_goes_when_the_next_one_begins_and_what_is_in_use_stays(
    tmp_path: Path, settings: Settings
) -> None:
    command = [sys.executable, "-c", SPILLS, str(tmp_path)]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as killed,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as alive,
    ):
        assert killed.stdout
        assert alive.stdout
        left, used = killed.stdout.readline().strip(), alive.stdout.readline().strip()
        killed.kill()
        killed.wait()
        assert {path.name for path in tmp_path.iterdir()} == {left, used}
        settings.WORK_DIR = tmp_path
        mine = Spill()
        assert {path.name for path in tmp_path.iterdir()} == {mine.path.name, used}
        mine.remove()
        alive.kill()


def test_a_table_that_was_open_for_days_still_spills_after_the_sweep(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WORK_DIR = tmp_path / "work"
    settings.FILE_UPLOAD_TEMP_DIR = settings.WORK_DIR / "incoming"
    monkeypatch.setattr(connection_module, "MEMORY", "64MB")
    path, rows, old = tmp_path / "rows.parquet", 600_000, time.time() - 3 * 24 * 3600
    pq.write_table(pa.table({"name": [f"{row * 7919 % rows:0100d}" for row in range(rows)]}), path)
    spill = Spill()
    connection = connection_module.connect(spill.path, variants=path)
    for _ in range(2):
        os.utime(spill.path, (old, old))
        clean_work_directory()
        found = connection.execute("SELECT max(n) FROM (SELECT row_number() OVER (ORDER BY name) n, * FROM variants)")
        assert found.fetchall() == [(rows,)]
        assert spill.path.stat().st_mtime > old  # something lay there meanwhile
    connection.close()
    spill.remove()


@pytest.mark.parametrize("content", [b"", b"table of a job\n", b"PAR1xxxxPAR1"])
def test_a_file_that_is_no_table_is_named_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.parquet").write_bytes(content)
    with pytest.raises(TableUnreadable):
        VariantTable(tmp_path / "x.parquet")


def test_the_connection_reaches_no_other_file_and_changes_no_setting(result: Result, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    cursor = result.table._connection.cursor()
    for statement in (
        f"FROM read_csv('{tmp_path}/secret.csv')",
        f"COPY variants TO '{tmp_path}/out.csv'",
        "SET enable_external_access = true",
        "SET memory_limit = '100GB'",
        "INSTALL httpfs",
    ):
        with pytest.raises(duckdb.Error):
            cursor.execute(statement)
    assert not (tmp_path / "out.csv").exists()


def test_a_question_that_takes_too_long_is_stopped(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(table_module, "QUERY_SECONDS", 0.2)
        with pytest.raises(TooSlow, match="too long"):
            result.table._fetch("SELECT count(*) FROM range(10000000000) a WHERE sqrt(a.range) % 3 > 2", ())
    assert result.table.count(plan_for(Filter(), result.table).where) == result.table.total


def test_a_disk_that_is_full_is_said_and_the_next_question_is_answered(
    result: Result, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connection_module, "MEMORY", "16MB")
    table = VariantTable(result.annotated.path("table"))
    sorts = "SELECT max(n) FROM (SELECT row_number() OVER (ORDER BY hash(range)) n, * FROM range(2000000))"
    with files_end_at(1 << 20), pytest.raises(DiskFull, match="no room for what this question has to put aside"):
        table._fetch(sorts, ())
    assert "/" not in caplog.records[-1].getMessage()
    assert table.count(plan_for(Filter(), table).where) == table.total
    table.close()


def test_a_disk_that_was_full_when_the_question_began_is_said_too(result: Result) -> None:
    # Word for word what DuckDB 2.0 says then; it takes a file system of its own to make it say so.
    said = (
        "Out of Memory Error: failed to offload data block of size 256.0 KiB (1.5 MiB/1.7 MiB used).\n"
        "This limit was set by the 'max_temp_directory_size' setting.\n"
    )
    with pytest.raises(DiskFull), limited(result.table._connection, 5):
        raise duckdb.OutOfMemoryException(said)
    with pytest.raises(TooSlow), limited(result.table._connection, 5):
        raise duckdb.OutOfMemoryException("Out of Memory Error: failed to pin block of size 256.0 KiB")


@pytest.mark.parametrize("gone", ["table", "spill"])
def test_a_file_that_is_gone_is_said_without_its_name_and_is_no_full_disk(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, gone: str
) -> None:
    monkeypatch.setattr(connection_module, "MEMORY", "16MB")
    path = tmp_path / "Miller: No space left on device"
    path.write_bytes(result.annotated.path("table").read_bytes())
    spill = tmp_path / "spill of Miller"
    connection = connection_module.connect(spill, variants=path)
    sorts = "SELECT max(n) FROM (SELECT row_number() OVER (ORDER BY hash(range)) n, * FROM range(2000000))"
    if gone == "table":
        path.unlink()
    else:
        spill.write_text("in the way")
    with pytest.raises(Unreadable, match="could not be read just now"), limited(connection, 60) as cursor:
        cursor.execute("FROM variants" if gone == "table" else sorts).fetchall()
    assert "could not read or write" in caplog.text
    assert "Miller" not in caplog.text
    connection.close()


def test_a_page_before_a_row_is_the_page_that_leads_to_it(result: Result) -> None:
    for name in ("", "-qual", "MITOMAP_AF", "-level.1", "-row"):
        sort = read_sort(name, result.table.catalogue)
        every = [row["row"] for row in result.table.page(sort=sort).rows]
        for place in range(1, len(every)):
            page = result.table.page(sort=sort, size=2, before=every[place], columns=[ROW])
            assert [row["row"] for row in page.rows] == every[max(0, place - 2) : place], name
            assert page.has_previous == (place > 2)
            before, after = result.table.neighbours(plan_for(Filter(), result.table).where, sort, every[place])
            assert before == every[place - 1]
            assert after == (every[place + 1] if place + 1 < len(every) else None)


def test_genotypes_and_levels_of_a_row_stand_in_the_order_of_the_samples(result: Result) -> None:
    row = next(row for row in result.table.page().rows if (row["pos"], row["alt"]) == (8993, "C"))
    assert result.table.samples_of(row) == "10"
    assert result.table.levels_of(row) == [0.7, 0.0]
    assert result.table.row(row["row"]) == row
    assert result.table.row(99) is None


@pytest.mark.parametrize(
    ("pos", "ref", "alt", "name"),
    [
        (11778, "G", "A", "m.11778G>A"),
        (302, "A", "AC", "m.309dup"),
        (310, "T", "TC", "m.315dup"),
        (8270, "CACCCCCTCT", "C", "m.8281_8289del"),
        (3459, "GG", "G", None),
        (5000, "CA", "TG", None),
        (9204, "TATG", "T", None),
    ],
)
def test_a_name_leads_back_to_its_allele(pos: int, ref: str, alt: str, name: str | None) -> None:
    sequence = load_reference(RCRS).sequence("MT")
    ref = sequence.fetch(pos - 1, pos - 1 + len(ref)).decode()
    alt = ref[: len(alt)] if len(alt) < len(ref) else alt
    hgvs = genomic_name(pos, ref, alt, sequence, mitochondrial=True)
    if name:
        assert hgvs == name
    named = read_name(hgvs)
    assert named is not None
    found = vcf_allele(named, sequence)
    assert found is not None
    assert genomic_name(*found, sequence, mitochondrial=True) == hgvs


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VariantTable]:
    """Give a table of many row groups, which DuckDB reads with all its threads."""
    path = make_table(tmp_path_factory.mktemp("large") / "large.parquet", 150_000)
    table = VariantTable(path, explorer_bench.reference())
    yield table
    table.close()


MANY = "consequence=intergenic,intron,non_coding_transcript_exon,synonymous,missense,stop_gained,frameshift_variant"


@pytest.mark.parametrize("query", ["disease=disease_1", MANY, f"{MANY}&quality=100", "quality=500", ""])
def test_a_filter_of_many_values_is_streamed_and_paged_in_the_order_of_the_file(
    large: VariantTable, query: str
) -> None:
    where = plan_for(Filter.from_text(query), large).where
    marks = where.sql.count("?")
    assert marks > 4 or query in {"", "quality=500"}  # DuckDB joins a list of so many, and a join keeps no order
    streamed = [row for batch in large.batches(where, columns=(), rows=2_048) for row in batch["row"].to_pylist()]
    assert streamed == sorted(set(streamed))
    assert len(streamed) == large.count(where)
    assert [row["row"] for row in large.page(where, columns=()).rows] == streamed[:50]
