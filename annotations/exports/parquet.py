"""Exports as Parquet: the columns with their types, where they come from in the file's metadata."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain

import pyarrow.parquet as pq

from annotations.exports.content import Content
from annotations.exports.outbox import Outbox

#: The key of the file's metadata under which the provenance stands, as JSON.
NOTE = b"GAS_export"


def parquet(content: Content) -> Iterator[bytes]:
    """Write a row group a batch."""
    batches = content.batches()
    first = next(batches)
    schema = first.schema.with_metadata({NOTE: json.dumps(dict(content.provenance)).encode()})
    outbox = Outbox()
    with pq.ParquetWriter(outbox, schema, compression="zstd") as writer:
        for batch in chain([first], batches):
            writer.write_batch(batch.replace_schema_metadata(schema.metadata))
            yield outbox.take()
    yield outbox.take()
