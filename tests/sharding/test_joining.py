"""Tables put together row group by row group read like one that was written at once."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from annotations.engine.errors import NotShardable
from annotations.engine.sharding.joining import JoinedTable

SCHEMA = pa.schema(
    {"row": pa.int64(), "name": pa.string(), "known": pa.bool_(), "levels": pa.list_(pa.float64())},
    metadata={"note": "kept"},
)


def _table(first: int, rows: int) -> pa.Table:
    numbers = range(first, first + rows)
    return pa.table(
        {
            "row": list(numbers),
            "name": [None if number % 7 == 0 else f"gene{number % 50}" for number in numbers],
            "known": [number % 3 == 0 for number in numbers],
            "levels": [[number / 2] if number % 2 else None for number in numbers],
        },
        schema=SCHEMA,
    )


def _written(directory: Path, tables: list[pa.Table], **options: object) -> list[Path]:
    paths = []
    for number, table in enumerate(tables):
        paths.append(directory / f"{number}.parquet")
        pq.write_table(table, paths[-1], row_group_size=100, store_schema=True, **options)
    return paths


def _joined(directory: Path, paths: list[Path]) -> Path:
    with JoinedTable(directory / "joined.parquet") as joined:
        for path in paths:
            joined.add(path)
        joined.finish()
    return directory / "joined.parquet"


@pytest.mark.parametrize("page_index", [True, False])
def test_all_rows_statistics_and_row_groups_are_there(tmp_path: Path, *, page_index: bool) -> None:
    # 20 groups in the first, whose list needs a longer head; 1 in the second; none in the third; a footer of text.
    tables = [_table(0, 2_000), _table(2_000, 1), _table(2_001, 0), _table(2_001, 350)]
    path = _joined(tmp_path, _written(tmp_path, tables, compression="zstd", write_page_index=page_index))
    read = pq.read_table(path)
    assert read.to_pylist() == pa.concat_tables(tables).to_pylist()
    metadata = pq.ParquetFile(path).metadata
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    assert metadata.metadata[b"note"] == b"kept"
    assert (metadata.num_rows, sum(group.num_rows for group in groups)) == (2_351, 2_351)
    firsts = [group.column(0).statistics.min for group in groups if group.num_rows]
    assert firsts == [*range(0, 2_000, 100), 2_000, 2_001, 2_101, 2_201, 2_301]
    # Another reader, through statistics and, where there is one, the page index.
    with duckdb.connect() as database:
        found = (
            database.read_parquet(str(path)).filter("name = 'gene3' and row >= 2000").aggregate("min(row), count(*)")
        )
        answer = found.fetchall()
    assert answer == [(2_003, sum(n % 50 == 3 and n % 7 != 0 for n in range(2_000, 2_351)))]


def test_tables_of_other_columns_are_not_joined(tmp_path: Path) -> None:
    paths = _written(tmp_path, [_table(0, 5), _table(5, 5).drop_columns("known")])
    with pytest.raises(NotShardable, match="different columns"):
        _joined(tmp_path, paths)
