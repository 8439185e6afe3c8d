"""The files of a result's parts, one behind the other."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from annotations.engine.errors import NotShardable
from annotations.engine.results.bgzf import END_BLOCK
from annotations.engine.results.index_file import write_index
from annotations.engine.results.index_places import Places, joined_places
from annotations.engine.results.indexer import index_by_reading
from annotations.engine.sharding.parquet_footer import MAGIC, Footer, footer_text, read_footer

#: The footer's length, before the last MAGIC.
_LENGTH = struct.Struct("<I")
_COPY_BYTES = 1 << 20


class JoinedVcf:
    """BGZF files as one, block by block as they are, with the index of the whole."""

    def __init__(self, path: Path, index: Path) -> None:
        self._path, self._index = path, index
        self._places: Places | None = {}
        self._file = path.open("wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, path: Path, places: Places | None) -> None:
        """Add a part without its end block; of a part that does not tell its records' ``places``, None."""
        if self._places is None or places is None:
            self._places = None
        else:
            self._places = joined_places(self._places, places, moved=self._file.tell())
        with path.open("rb") as part:
            _copy(part, path.stat().st_size - len(END_BLOCK), self._file)

    def finish(self) -> None:
        """End the file and write its index. Raises StageFailed when the index could not be made."""
        self._file.write(END_BLOCK)
        self._file.close()
        if self._places is None:
            index_by_reading(self._path, self._index)
        else:
            write_index(self._index, self._places)


class JoinedTable:
    """Parquet files of one schema as one, their row groups as they are."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._file.write(MAGIC)
        self._first: Footer | None = None
        self._rows = 0
        self._groups: list[bytes] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, path: Path) -> None:
        """Add a part's rows. Raises NotShardable when its columns are others, as an earlier GAS's may be."""
        with path.open("rb") as part:
            end, data = _footer_of(part)
            footer = read_footer(data, moved=self._file.tell() - len(MAGIC), groups_before=len(self._groups))
            self._first = self._first or footer
            if footer.schema != self._first.schema:
                raise NotShardable("Parts of the table have different columns.")
            part.seek(len(MAGIC))
            _copy(part, end - len(MAGIC), self._file)
        self._rows += footer.rows
        self._groups += footer.groups

    def finish(self) -> None:
        """Write the footer and end the file."""
        assert self._first is not None  # noqa: S101  (a result has a part)
        text = footer_text(self._first, self._rows, self._groups)
        self._file.write(text + _LENGTH.pack(len(text)) + MAGIC)
        self._file.close()


def _footer_of(file: BinaryIO) -> tuple[int, bytes]:
    """Where a Parquet file's footer begins, and the footer."""
    end = file.seek(-_LENGTH.size - len(MAGIC), os.SEEK_END)
    (length,) = _LENGTH.unpack(file.read(_LENGTH.size))
    file.seek(end - length)
    return end - length, file.read(length)


def _copy(source: BinaryIO, count: int, sink: BinaryIO) -> None:
    while count:
        data = source.read(min(count, _COPY_BYTES))
        sink.write(data)
        count -= len(data)
