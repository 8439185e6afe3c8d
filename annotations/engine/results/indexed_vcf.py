"""The result's VCF, compressed as BGZF, and its index, made while the records are written."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from annotations.engine.results.bgzf import BLOCK_BYTES, BgzfWriter
from annotations.engine.results.index import IndexBuilder
from annotations.engine.results.records import Records


class IndexedVcf:
    """Takes the header and then blocks of records; leaving it without an error ends the file and writes the index.

    ``index`` may be None, for a part of a file that is indexed as a whole.
    """

    def __init__(self, vcf: Path, index: Path | None, header: bytes) -> None:
        self._index_path = index
        self._index = None if index is None else IndexBuilder(csi=index.suffix == ".csi")
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
                if self._index and self._index_path:
                    _write_index(
                        self._index_path, self._index.to_bytes(self._writer.starts, BLOCK_BYTES, self._writer.size)
                    )

    def add(self, records: Records) -> None:
        """Write a block of records."""
        if self._index:
            begins = np.maximum(records.pos.to_numpy() - 1, 0)
            ends = np.maximum(records.lasts, begins + 1)
            offsets = records.offsets + self._writer.size
            for contig, first, last in records.runs:
                self._index.add(contig, begins[first:last], ends[first:last], offsets[first : last + 1])
        self._writer.write(memoryview(records.text))


def _write_index(path: Path, index: bytes) -> None:
    with path.open("wb") as file:
        writer = BgzfWriter(file)
        writer.write(index)
        writer.close()
