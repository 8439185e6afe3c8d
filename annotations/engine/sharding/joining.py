"""The files of a result's parts, one behind the other."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow.parquet as pq

from annotations.engine.results.bgzf import END_BLOCK
from annotations.engine.results.indexer import Indexer
from annotations.engine.results.table import writer_options

_COPY_BYTES = 1 << 20


class JoinedVcf:
    """BGZF files as one, block by block as they are, with the index of the whole."""

    def __init__(self, path: Path, index: Path) -> None:
        self._indexer = Indexer(str(index))
        self._file = path.open("wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._indexer.kill()

    def add(self, path: Path) -> None:
        """Add a part without its end block."""
        left = path.stat().st_size - len(END_BLOCK)
        with path.open("rb") as part:
            while left:
                data = part.read(min(left, _COPY_BYTES))
                self._write(data)
                left -= len(data)

    def finish(self) -> None:
        """End the file. Raises StageFailed when the index could not be made."""
        self._write(END_BLOCK)
        self._file.close()
        self._indexer.finish()

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self._indexer.sink.write(data)


class JoinedTable:
    """Parquet files of one schema as one, a row group at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()

    def add(self, path: Path) -> None:
        """Add a part's rows."""
        with pq.ParquetFile(path) as part:
            if self._writer is None:
                schema = part.schema_arrow
                self._writer = pq.ParquetWriter(self._path, schema, **writer_options(schema))
                self._writer.add_key_value_metadata(part.metadata.metadata)
            for number in range(part.num_row_groups):
                self._writer.write_table(part.read_row_group(number))

    def finish(self) -> None:
        """Write the footer."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
