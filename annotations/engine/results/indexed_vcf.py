"""The result's VCF, compressed as BGZF, and the places of its records, collected while they are written."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from annotations.engine.results.bgzf import BLOCK_BYTES, BgzfWriter
from annotations.engine.results.index import IndexBuilder, virtual_offsets
from annotations.engine.results.index_places import Places
from annotations.engine.results.records import Records


class IndexedVcf:
    """Takes the header and then blocks of records; leaving it without an error ends the file.

    ``depth`` is that of the index for which places are collected.
    """

    def __init__(self, vcf: Path, header: bytes, depth: int) -> None:
        self._index = IndexBuilder(depth)
        self._file = vcf.open("wb")
        self._writer = BgzfWriter(self._file)
        self._writer.write(header)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._file:
            if error is None:
                self._writer.close()

    def add(self, records: Records) -> None:
        """Write a block of records."""
        begins = np.maximum(records.pos.to_numpy() - 1, 0)
        ends = np.maximum(records.lasts, begins + 1)
        offsets = records.offsets + self._writer.size
        for contig, first, last in records.runs:
            self._index.add(contig, begins[first:last], ends[first:last], offsets[first : last + 1])
        self._writer.write(memoryview(records.text))

    def places(self) -> Places:
        """Where the records stand, once the file has ended."""
        return self._index.places(virtual_offsets(self._writer.starts, BLOCK_BYTES, self._writer.size))
