"""A Parquet file's footer, taken apart and put together so that row groups can be moved into another file as they are.

The footer is a FileMetaData struct (https://github.com/apache/parquet-format, ``parquet.thrift``) in Thrift's compact
protocol (``thrift-compact-protocol.md`` of Apache Thrift). Where a row group says at which byte something begins,
that number changes; all else stays, byte by byte. Arrow can only decode the pages and encode them again: a second for a
million rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Union

MAGIC = b"PAR1"
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_MANY = 15
#: Fields of FileMetaData.
_SCHEMA, _ROWS, _GROUPS = 2, 3, 4

#: What to do with the fields of a struct, by their ids: add one of the given numbers, or go on inside (a struct or a
#: list of structs).
_OFFSET, _ORDINAL = "offset", "ordinal"
_Changes = Mapping[int, Union[str, "_Changes"]]
#: ColumnMetaData: data_page_offset, index_page_offset, dictionary_page_offset, bloom_filter_offset.
_IN_COLUMN: _Changes = dict.fromkeys((9, 10, 11, 14), _OFFSET)
#: ColumnChunk: file_offset, meta_data, offset_index_offset, column_index_offset.
_IN_CHUNK: _Changes = {2: _OFFSET, 3: _IN_COLUMN, 4: _OFFSET, 6: _OFFSET}
#: RowGroup: columns, file_offset, ordinal.
_IN_GROUP: _Changes = {1: _IN_CHUNK, 5: _OFFSET, 7: _ORDINAL}


@dataclass(frozen=True)
class Footer:
    """``fields`` are FileMetaData's values as they stand, by id, each with its type; ``groups`` its row groups."""

    fields: Mapping[int, tuple[int, bytes]]
    rows: int
    groups: tuple[bytes, ...]

    @property
    def schema(self) -> bytes:
        """The columns, to be compared."""
        return self.fields[_SCHEMA][1]


def read_footer(data: bytes, *, moved: int, groups_before: int) -> Footer:
    """A footer whose row groups say where they stand once moved by so many bytes, behind so many other groups."""
    reader = _Reader(data, {_OFFSET: moved, _ORDINAL: groups_before})
    fields: dict[int, tuple[int, bytes]] = {}
    groups: list[bytes] = []
    rows = last = 0
    while (found := reader.field(last)) is not None:
        last, kind = found
        begin = reader.at
        if last == _GROUPS:
            _, count = reader.list_head()
            groups = [reader.changed(_IN_GROUP) for _ in range(count)]
        elif last == _ROWS:
            rows = reader.number()
        else:
            reader.skip(kind)
        fields[last] = (kind, data[begin : reader.at])
    return Footer(fields, rows, tuple(groups))


def footer_text(first: Footer, rows: int, groups: list[bytes]) -> bytes:
    """The footer of a file of these row groups; everything else is the first part's."""
    out = bytearray()
    last = 0
    for number, (kind, value) in sorted(first.fields.items()):
        out.append((number - last) << 4 | kind)
        last = number
        if number == _ROWS:
            out += _zigzag(rows)
        elif number == _GROUPS:
            out += _list_head(len(groups))
            out += b"".join(groups)
        else:
            out += value
    out.append(0)
    return bytes(out)


class _Reader:
    def __init__(self, data: bytes, added: Mapping[str, int]) -> None:
        self._data = data
        self._added = added
        self.at = 0

    def field(self, last: int) -> tuple[int, int] | None:
        """The next field's id and type; None at the struct's end."""
        head = self._data[self.at]
        self.at += 1
        if not head:
            return None
        return (last + (head >> 4) if head >> 4 else self.number()), head & 15

    def number(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def list_head(self) -> tuple[int, int]:
        """Type and number of a list's items."""
        head = self._data[self.at]
        self.at += 1
        return head & 15, (head >> 4 if head >> 4 != _MANY else self._varint())

    def changed(self, changes: _Changes) -> bytes:
        """A struct with these changes."""
        out = bytearray()
        last, copied = 0, self.at
        while (found := self.field(last)) is not None:
            last, kind = found
            change = changes.get(last)
            if change is None:
                self.skip(kind)
                continue
            out += self._data[copied : self.at]
            out += self._value(kind, change)
            copied = self.at
        out += self._data[copied : self.at]
        return bytes(out)

    def _value(self, kind: int, change: str | _Changes) -> bytes:
        if isinstance(change, str):
            value = self.number()
            # 0 stands for "not said" in file_offset.
            return _zigzag(value + self._added[change] if value or change == _ORDINAL else value)
        if kind == _STRUCT:
            return self.changed(change)
        begin = self.at
        _, count = self.list_head()
        head = self._data[begin : self.at]
        return head + b"".join(self.changed(change) for _ in range(count))

    def skip(self, kind: int) -> None:
        """Pass a value."""
        if kind in (_BYTE, _I16, _I32, _I64):
            self.at += 1 if kind == _BYTE else 0
            if kind != _BYTE:
                self._varint()
        elif kind == _DOUBLE:
            self.at += 8
        elif kind == _BINARY:
            size = self._varint()
            self.at += size
        elif kind in (_LIST, _SET):
            item, count = self.list_head()
            for _ in range(count):
                self._skip_item(item)
        elif kind == _MAP:
            self._skip_map()
        elif kind == _STRUCT:
            last = 0
            while (found := self.field(last)) is not None:
                last = found[0]
                self.skip(found[1])

    def _skip_item(self, kind: int) -> None:
        # In a list a truth value is a byte; in a struct the field's type says it.
        if kind in (_TRUE, _FALSE):
            self.at += 1
        else:
            self.skip(kind)

    def _skip_map(self) -> None:
        if count := self._varint():
            kinds = self._data[self.at]
            self.at += 1
            for _ in range(count):
                self._skip_item(kinds >> 4)
                self._skip_item(kinds & 15)

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7


def _zigzag(value: int) -> bytes:
    return _varint(value << 1 if value >= 0 else (-value << 1) - 1)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _list_head(count: int) -> bytes:
    return bytes([count << 4 | _STRUCT]) if count < _MANY else bytes([_MANY << 4 | _STRUCT]) + _varint(count)
