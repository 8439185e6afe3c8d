"""The result as a Parquet table: one row an output record, typed columns, written while the records stream by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from annotations.engine.reference import SourceField
from annotations.engine.results.records import Records
from annotations.engine.results.source_values import TEXT, column_type
from annotations.engine.results.textblock import coded

#: Rows of a row group, which is what is held in memory: smaller than DuckDB's own 122,880, so that the peak for a
#: million records stays near that for ten thousand; the file grows by 5 %.
GROUP_ROWS = 15_360
#: The table's name of a consequence's part, and the part.
_CONSEQUENCE_COLUMNS = {
    "gene": "gene",
    "genes": "genes",
    "transcript": "transcript",
    "consequence": "terms",
    "impact": "impact",
    "protein": "protein",
}


def table_schema(fields: Sequence[SourceField], notes: Mapping[str, str]) -> pa.Schema:
    """The table's columns: the record, what the annotation says of it, then the sources' fields by INFO id."""
    columns = {
        "row": pa.int64(),
        "contig": TEXT,
        "pos": pa.int64(),
        "id": pa.string(),
        "ref": TEXT,
        "alt": TEXT,
        "qual": pa.float64(),
        "filter": TEXT,
        "class": TEXT,
        **dict.fromkeys(_CONSEQUENCE_COLUMNS, TEXT),
        "known": pa.bool_(),
        "not_annotated": TEXT,
        **{field.info: column_type(field) for field in fields},
    }
    return pa.schema(columns, metadata=dict(notes))


class TableWriter:
    """Collects blocks of records as Arrow data and writes them out a row group at a time."""

    def __init__(self, path: Path, fields: Sequence[SourceField], notes: Mapping[str, str]) -> None:
        self.schema = table_schema(fields, notes)
        self._rows = 0
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_rows = 0
        self._writer = pq.ParquetWriter(
            path,
            self.schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=[column.name for column in self.schema if column.type == TEXT],
            column_encoding={"row": "DELTA_BINARY_PACKED", "pos": "DELTA_BINARY_PACKED"},
            # Readers are to see plain text columns; the dictionaries are ours.
            store_schema=False,
        )

    def add(self, records: Records) -> None:
        """Add one block."""
        found = [entry.consequence for entry in records.entries]
        parts = (
            [getattr(one, part) or None if one else None for one in found] for part in _CONSEQUENCE_COLUMNS.values()
        )
        arrays = [
            pa.array(np.arange(self._rows, self._rows + len(records))),
            records.contig,
            records.pos,
            records.id,
            records.ref,
            records.alt,
            records.qual,
            records.filter,
            records.variant_class,
            *(coded(part, records.codes) for part in parts),
            pa.array(records.values.known),
            coded([entry.reason or None for entry in records.entries], records.codes),
            *records.values.columns,
        ]
        self._waiting.append(pa.RecordBatch.from_arrays(arrays, schema=self.schema))
        self._rows += len(records)
        self._waiting_rows += len(records)
        if self._waiting_rows >= GROUP_ROWS:
            self._flush()

    def close(self) -> None:
        """Write what waits and the table's footer."""
        if self._waiting or not self._rows:
            self._flush()
        self._writer.close()

    def _flush(self) -> None:
        table = pa.Table.from_batches(self._waiting, schema=self.schema).unify_dictionaries()
        self._writer.write_table(table, row_group_size=GROUP_ROWS)
        self._waiting = []
        self._waiting_rows = 0
