"""The pipe's last stage: annotated VCF text on stdin becomes the result's VCF, its index, table and counts.

Runs as ``python -m annotations.engine.results.finisher``. The first line on stdin is its order as JSON. Several streams
may follow one another; headers after the first are skipped. Memory is bounded by the block and the row group.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from annotations.engine.pinned import read_sources
from annotations.engine.reference import Reference, load_reference
from annotations.engine.results.background import Background
from annotations.engine.results.counts import Counts
from annotations.engine.results.index_file import depth_of, index_suffix, write_index
from annotations.engine.results.indexed_vcf import IndexedVcf
from annotations.engine.results.info_header import output_header
from annotations.engine.results.loci import OutOfOrderError
from annotations.engine.results.order import PLACES, UNSORTED_EXIT, Order
from annotations.engine.results.pointers import unbroken
from annotations.engine.results.records import RecordFinisher
from annotations.engine.results.samples import SampleLayout, sample_layout
from annotations.engine.results.table import TableWriter

#: Bytes of text worked on at once: some thousand records.
BLOCK_BYTES = 1 << 19
#: Blocks' texts and rows that may wait to be compressed and encoded.
WAITING = 2


def main() -> int:
    """Finish what stands on stdin."""
    try:
        with open(0, "rb", buffering=0, closefd=False) as stream:
            # Unbuffered, byte by byte: what follows the line is the pipe's. None comes when nobody needs a finisher.
            if line := stream.readline():
                finish(stream, Order(**json.loads(line)))
    except OutOfOrderError:
        return UNSORTED_EXIT
    return 0


def finish(stream: BinaryIO, order: Order) -> None:
    """Write everything the order names. Raises OutOfOrderError when the stream is not sorted by position."""
    reference = replace(load_reference(Path(order.reference)), sources=read_sources(Path(order.sources)))
    blocks = Blocks(stream)
    own = order.scratch.encode()
    lines = blocks.header()
    header = output_header([line for line in lines if not own or own not in line], reference, order.version)
    layout = sample_layout(lines, mitochondrial=any(contig.mitochondrial for contig in reference.contigs))
    depth = depth_of(index_suffix(reference.contigs))
    with IndexedVcf(Path(order.vcf), header if order.header else b"", depth) as vcf:
        counts = _write_records(blocks, reference, layout, order, vcf)
    if order.index:
        write_index(Path(order.index), vcf.places())
    else:
        counts[PLACES] = {contig: places.to_json() for contig, places in vcf.places().items()}
    Path(order.counts).write_text(json.dumps(counts), encoding="utf-8")


def _write_records(
    blocks: Iterable[bytes], reference: Reference, layout: SampleLayout, order: Order, vcf: IndexedVcf
) -> dict[str, Any]:
    finisher = RecordFinisher(reference, layout, haplotype_aware=order.haplotype_aware)
    fields = [field for source in reference.sources for field in source.fields]
    notes = {"GAS_reference": reference.name, "GAS_version": order.version}
    table = TableWriter(Path(order.table), fields, notes, layout, first_row=order.first_row)
    counts = Counts(fields, layout.samples)
    with Background(WAITING) as background:
        for block in unbroken(blocks) if order.haplotype_aware else blocks:
            records = finisher.finish(block)
            background.do(partial(vcf.add, records))
            background.do(partial(table.add, records))
            counts.add(records)
    table.close()
    return counts.state(reference) if order.mergeable else counts.to_json(reference)


class Blocks:
    """Cuts a stream of VCF texts into header lines and blocks of whole records."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._rest = b""
        self._ended = False

    def header(self) -> list[bytes]:
        """The first header's lines, ``#CHROM`` last."""
        while b"\n#CHROM" not in self._rest or b"\n" not in self._rest[self._rest.index(b"\n#CHROM") + 1 :]:
            more = self._stream.read(BLOCK_BYTES)
            if not more:
                raise EOFError("the pipe ended before its header did")
            self._rest += more
        end = self._rest.index(b"\n", self._rest.index(b"\n#CHROM") + 1)
        lines = self._rest[:end].split(b"\n")
        self._rest = self._rest[end + 1 :]
        return lines

    def __iter__(self) -> Iterator[bytes]:
        """Blocks of whole lines; the lines of later headers are left out."""
        while not self._ended:
            whole = self._next_lines()
            if whole.startswith(b"#") or b"\n#" in whole:
                whole = b"".join(line for line in whole.splitlines(keepends=True) if not line.startswith(b"#"))
            if whole:
                yield whole

    def _next_lines(self) -> bytes:
        # A pipe answers with what it holds (64 KiB); a block is gathered from several reads.
        parts, size = [self._rest], len(self._rest)
        while size < BLOCK_BYTES or b"\n" not in parts[-1]:
            more = self._stream.read(BLOCK_BYTES)
            if not more:
                self._ended = True
                break
            parts.append(more)
            size += len(more)
        text = b"".join(parts)
        cut = text.rfind(b"\n")
        self._rest = text[cut + 1 :]
        if self._ended and self._rest:
            raise EOFError("the pipe ended inside a record")
        return text[: cut + 1]


if __name__ == "__main__":
    sys.exit(main())
