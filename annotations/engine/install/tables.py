"""Writes a source's table: alleles as they come in order, intervals after sorting them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pysam

from annotations.engine.errors import ReferenceRefused
from annotations.engine.install.entries import Entry
from annotations.engine.install.normalise import Row
from annotations.engine.install.requests import SourceRequest
from annotations.engine.reference import SourceField

#: Lines gathered before they become Arrow columns.
BATCH_LINES = 50_000


def write_alleles(rows: Iterable[Row], fields: Sequence[SourceField], target: Path) -> int:
    """Write rows, sorted by contig and position, as BGZF with a tabix index; answers how many there were."""
    records = 0
    with pysam.BGZFile(str(target), "wb", None) as out:
        out.write("\t".join(["#CHROM", "POS", "REF", "ALT", *(f.info for f in fields)]).encode() + b"\n")
        for contig, position, ref, alt, values in rows:
            out.write("\t".join([contig, str(position), ref, alt, *values]).encode() + b"\n")
            records += 1
    pysam.tabix_index(str(target), seq_col=0, start_col=1, end_col=1, meta_char="#", force=True)
    return records


def write_intervals(
    entries: Iterable[Entry],
    request: SourceRequest,
    fields: Sequence[SourceField],
    contigs: Sequence[str],
    target: Path,
) -> int:
    """Write intervals as BGZF with a tabix index, sorted in the order of ``contigs``; answers how many there were.

    Raises ReferenceRefused when more of them lie over one another than the request allows.
    """
    table = _sorted(entries, contigs)
    records = 0
    with pysam.BGZFile(str(target), "wb", None) as out:
        out.write("\t".join(["#CHROM", "START", "END", *(f.info for f in fields)]).encode() + b"\n")
        for number, contig in enumerate(contigs):
            low, high = np.searchsorted(table["contig"].to_numpy(), [number, number + 1])
            part = table.slice(low, high - low)
            _check_depth(request, contig, part["start"].to_numpy(), part["end"].to_numpy())
            for line in _lines(contig, part):
                out.write(line.encode())
                records += 1
    pysam.tabix_index(str(target), seq_col=0, start_col=1, end_col=2, meta_char="#", force=True)
    return records


def _sorted(entries: Iterable[Entry], contigs: Sequence[str]) -> pa.Table:
    numbers = {contig: number for number, contig in enumerate(contigs)}
    schema = pa.schema([("contig", pa.int32()), ("start", pa.int64()), ("end", pa.int64()), ("values", pa.string())])
    batches, waiting = [], []
    for entry in entries:
        waiting.append((numbers[entry.contig], entry.start, entry.end, "\t".join(entry.values)))
        if len(waiting) == BATCH_LINES:
            batches.append(_batch(waiting, schema))
            waiting = []
    if waiting:
        batches.append(_batch(waiting, schema))
    table = pa.Table.from_batches(batches, schema=schema)
    return table.sort_by([("contig", "ascending"), ("start", "ascending"), ("end", "ascending")])


def _batch(lines: list[tuple[int, int, int, str]], schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [pa.array(column, kind.type) for column, kind in zip(zip(*lines, strict=True), schema, strict=True)],
        schema=schema,
    )


def _lines(contig: str, part: pa.Table) -> Iterator[str]:
    """The lines of one contig; one that says the same as the line before it is left out."""
    before = ""
    for batch in part.to_batches(max_chunksize=BATCH_LINES):
        columns = (batch[name].to_pylist() for name in ("start", "end", "values"))
        for start, end, values in zip(*columns, strict=True):
            line = f"{contig}\t{start}\t{end}\t{values}\n"
            if line != before:
                yield line
            before = line


def _check_depth(request: SourceRequest, contig: str, starts: np.ndarray, ends: np.ndarray) -> None:
    if not len(starts):
        return
    depth = np.arange(1, len(starts) + 1) - np.searchsorted(np.sort(ends), starts, side="left")
    worst = int(depth.argmax())
    if depth[worst] > request.max_depth:
        raise ReferenceRefused(
            f"{request.file_name}: {depth[worst]:,} intervals lie over {contig}:{starts[worst]:,}; "
            f"{request.max_depth:,} may. Merge them, as bedtools merge does."
        )
