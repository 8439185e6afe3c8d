"""Exports as Parquet: the columns with their types, where they come from in the file's metadata."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from annotations.exports.content import Content
from annotations.exports.outbox import Outbox

#: The key of the file's metadata under which the provenance stands, as JSON.
NOTE = b"GAS_export"


def parquet(content: Content) -> Iterator[bytes]:
    """Write a row group a batch."""
    batches = content.batches()
    first = next(batches, None)
    names = content.names
    # DuckDB gives one batch at least, with the types of the columns; an empty one where no row fits.
    schema = first.schema if first is not None else pa.schema([(name, pa.string()) for name in names])
    schema = schema.with_metadata({NOTE: json.dumps(dict(content.provenance)).encode()})
    outbox = Outbox()
    with pq.ParquetWriter(outbox, schema, compression="zstd") as writer:
        if first is not None:
            writer.write_batch(first.replace_schema_metadata(schema.metadata))
        for batch in batches:
            yield outbox.take()
            writer.write_batch(batch.replace_schema_metadata(schema.metadata))
    yield outbox.take()
