"""What a GAS from before places and ends made of a part."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq

from annotations.engine.reference import sha256_of
from annotations.engine.results.table import writer_options
from annotations.engine.sharding.cut_file import PART_FILES


def made_by_an_earlier_version(output: Path) -> None:
    """Take out of a part's files what an earlier version did not write."""
    _, table, counts = (output / name for name in PART_FILES)
    rows = pq.read_table(table).drop_columns(["end"])
    with pq.ParquetWriter(table, rows.schema, **writer_options(rows.schema)) as writer:
        writer.write_table(rows)
        writer.add_key_value_metadata(rows.schema.metadata)
    told = json.loads(counts.read_text())
    del told["places"]
    told["sha256"][table.name] = sha256_of(table)
    counts.write_text(json.dumps(told))
