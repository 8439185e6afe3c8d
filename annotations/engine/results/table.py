"""The result as a Parquet table: one row an output record, typed columns, written while the records stream by."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from annotations.engine.placing.placer import PLACE_COLUMNS
from annotations.engine.reference import SourceField
from annotations.engine.results.genotypes import GENOTYPES, genotype_columns
from annotations.engine.results.reach import ends_beyond_ref
from annotations.engine.results.records import Records
from annotations.engine.results.samples import NO_SAMPLES, SampleLayout
from annotations.engine.results.source_values import TEXT, column_type
from annotations.engine.results.textblock import coded

#: Rows of a row group, which is what is held in memory: smaller than DuckDB's own 122,880, so that the peak for a
#: million records stays near that for ten thousand; the file grows by 5 %.
GROUP_ROWS = 15_360
#: With thousands of samples a row group ends earlier.
GROUP_GENOTYPE_BYTES = 16 << 20
#: Where the metadata has the samples' names.
SAMPLES_NOTE = "GAS_samples"
#: The table's name of a consequence's part, and the part.
_CONSEQUENCE_COLUMNS = {
    "gene": "gene",
    "genes": "genes",
    "consequence": "terms",
    "impact": "impact",
    "protein": "protein",
}

#: Columns whose values are spread over every row group, so that their statistics let no reader skip one.
_SPREAD = {"ref", "alt", "filter", "class", "consequence", "impact", "protein", *PLACE_COLUMNS}


def table_schema(
    fields: Sequence[SourceField], notes: Mapping[str, str], layout: SampleLayout = NO_SAMPLES
) -> pa.Schema:
    """The table's columns: the record, what the annotation says of it, the sources' fields by INFO id, the samples.

    The samples' names stand in the metadata, a JSON list under ``GAS_samples``.
    """
    columns = {
        "row": pa.int64(),
        "contig": TEXT,
        "pos": pa.int64(),
        "end": pa.int64(),
        "id": pa.string(),
        "ref": TEXT,
        "alt": TEXT,
        "qual": pa.float64(),
        "filter": TEXT,
        "class": TEXT,
        **dict.fromkeys(_CONSEQUENCE_COLUMNS, TEXT),
        **PLACE_COLUMNS,
        "known": pa.bool_(),
        "not_annotated": TEXT,
        **{field.info: column_type(field) for field in fields},
        **genotype_columns(layout),
    }
    return pa.schema(columns, metadata={**notes, SAMPLES_NOTE: json.dumps(layout.samples)})


def writer_options(schema: pa.Schema) -> dict[str, Any]:
    """How the table is written: what the sizes and the readers' pace were measured with."""
    coded_columns = [one.name for one in schema if one.type == TEXT or one.name.startswith(GENOTYPES)]
    return {
        "compression": "zstd",
        "compression_level": 1,
        "use_dictionary": coded_columns,
        "column_encoding": {"row": "DELTA_BINARY_PACKED", "pos": "DELTA_BINARY_PACKED"},
        "write_statistics": [name for name in schema.names if name not in _SPREAD],
        # Readers are to see plain text columns; the dictionaries are ours.
        "store_schema": False,
    }


class TableWriter:
    """Collects blocks of records as Arrow data and writes them out a row group at a time.

    ``first_row`` is the number of the first row: not 0 in a part of a table.
    """

    def __init__(
        self,
        path: Path,
        fields: Sequence[SourceField],
        notes: Mapping[str, str],
        layout: SampleLayout = NO_SAMPLES,
        *,
        first_row: int = 0,
    ) -> None:
        self.schema = table_schema(fields, notes, layout)
        self._first_row = self._rows = first_row
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_rows = self._waiting_bytes = 0
        self._writer = pq.ParquetWriter(path, self.schema, **writer_options(self.schema))

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
            ends_beyond_ref(records),
            records.id,
            records.ref,
            records.alt,
            records.qual,
            records.filter,
            records.variant_class,
            *(coded(part, records.codes) for part in parts),
            *(records.placed.columns[name] for name in PLACE_COLUMNS),
            pa.array(records.values.known),
            coded([entry.reason or None for entry in records.entries], records.codes),
            *records.values.columns,
            *records.genotypes,
        ]
        batch = pa.RecordBatch.from_arrays(arrays, schema=self.schema)
        self._waiting.append(batch)
        self._waiting_bytes += sum(column.nbytes for column in records.genotypes)
        self._rows += len(records)
        self._waiting_rows += len(records)
        if self._waiting_rows >= GROUP_ROWS or self._waiting_bytes >= GROUP_GENOTYPE_BYTES:
            self._flush()

    def close(self) -> None:
        """Write what waits and the table's footer."""
        if self._waiting or self._rows == self._first_row:
            self._flush()
        # Arrow (26) leaves the schema's metadata out with store_schema=False.
        self._writer.add_key_value_metadata(self.schema.metadata)
        self._writer.close()

    def _flush(self) -> None:
        table = pa.Table.from_batches(self._waiting, schema=self.schema).unify_dictionaries()
        self._writer.write_table(table, row_group_size=GROUP_ROWS)
        self._waiting = []
        self._waiting_rows = self._waiting_bytes = 0
