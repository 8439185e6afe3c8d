"""A block of VCF lines as one byte array, its columns as positions in it: no Python object a record.

Everything here works on whole columns (NumPy finds the bytes, Arrow cuts the texts), which is what lets Python
stand at the end of the pipe without slowing it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Positions = NDArray[np.int64]
Flags = NDArray[np.bool_]

TAB, NEWLINE, SEMICOLON, DOT = 9, 10, 59, 46
#: CHROM to INFO.
FIXED_COLUMNS = 8
CHROM, POS, ID, REF, ALT, QUAL, FILTER, INFO = range(FIXED_COLUMNS)
#: Longer values are not looked through byte by byte.
_LONG = 64


class TextBlock:
    """Whole lines, each with its line end and all with the same number of columns (eight or more)."""

    def __init__(self, text: bytes) -> None:
        self.data = text
        self.bytes = np.frombuffer(text, np.uint8)
        self._buffer = pa.py_buffer(text)
        line_ends: Positions = np.flatnonzero(self.bytes == NEWLINE)
        #: Where each line begins, and where the line after the last would.
        self.lines: Positions = np.concatenate(([0], line_ends + 1))
        tabs: Positions = np.flatnonzero(self.bytes == TAB)
        count = len(line_ends)
        per_line = len(tabs) // count
        if per_line * count != len(tabs) or per_line < FIXED_COLUMNS - 1:
            raise ValueError("the records of a block differ in their number of columns")
        #: Where each line's tabs stand.
        self.grid: Positions = tabs.reshape(count, per_line)
        last = self.grid[:, FIXED_COLUMNS - 1] if per_line >= FIXED_COLUMNS else line_ends
        edges = [self.lines[:-1] - 1, *(self.grid[:, at] for at in range(FIXED_COLUMNS - 1)), last]
        #: Begin and end of the eight fixed columns.
        self.starts: list[Positions] = [edge + 1 for edge in edges[:-1]]
        self.ends: list[Positions] = [*edges[1:]]
        self._semicolons: Positions | None = None

    def __len__(self) -> int:
        return len(self.lines) - 1

    def column(self, number: int) -> pa.Array:
        """A fixed column's bytes."""
        return self.cut(self.starts[number], self.ends[number])

    def same(self, number: int) -> bytes | None:
        """A fixed column's value where all lines have the same, as of CHROM, ID and FILTER most blocks do."""
        starts, value = self.starts[number], self.text(number, 0)
        if len(value) > _LONG or (self.ends[number] - starts != len(value)).any():
            return None
        return value if all((self.bytes[starts + at] == byte).all() for at, byte in enumerate(value)) else None

    def words(self, number: int) -> pa.DictionaryArray:
        """A fixed column's texts, few different ones."""
        value = self.same(number)
        if value is None:
            return text_array(self.column(number)).dictionary_encode()
        return coded([value.decode("utf-8", "replace")], np.zeros(len(self), np.int64))

    def text(self, number: int, row: int) -> bytes:
        """One value of a fixed column."""
        return self.bytes[self.starts[number][row] : self.ends[number][row]].tobytes()

    def cut(self, starts: Positions, ends: Positions) -> pa.Array:
        """The bytes of [starts, ends), which must not overlap and must come in order."""
        offsets = np.empty(2 * len(starts) + 1, np.int32)
        offsets[0:-1:2], offsets[1::2], offsets[-1] = starts, ends, ends[-1] if len(ends) else 0
        every = pa.Array.from_buffers(pa.binary(), 2 * len(starts), [None, pa.py_buffer(offsets), self._buffer])
        return every.take(pa.array(np.arange(0, 2 * len(starts), 2)))

    def value_end(self, starts: Positions, ends: Positions) -> Positions:
        """Where the INFO item that begins at each of ``starts`` ends: its semicolon or the column's end."""
        if self._semicolons is None:
            self._semicolons = np.append(np.flatnonzero(self.bytes == SEMICOLON), len(self.bytes))
        following: Positions = self._semicolons[np.searchsorted(self._semicolons, starts)]
        return np.minimum(following, ends)

    def find_item(self, texts: pa.Array, starts: Positions, needle: bytes) -> Positions:
        """Where in the block the INFO item that begins with ``needle`` stands, -1 where there is none.

        ``texts`` are the bytes at ``starts``.
        """
        at: Positions = pc.find_substring(texts, needle).to_numpy().astype(np.int64)
        found = np.where(at < 0, -1, at + starts)
        # The needle may stand inside another item ("XBCSQ=", or a value): those few are looked at one by one.
        before = self.bytes[found - 1]
        inner = np.flatnonzero((at > 0) & (before != SEMICOLON))
        for row in inner.tolist():
            info = texts[row].as_py()
            later = info.find(b";" + needle)
            found[row] = -1 if later < 0 else starts[row] + later + 1
        return found


def text_array(values: pa.Array) -> pa.Array:
    """Bytes as text; what is no UTF-8 gets replacement characters (the VCF keeps the bytes)."""
    try:
        return values.cast(pa.string())
    except pa.ArrowInvalid:
        return pa.array([value.decode("utf-8", "replace") for value in values.to_pylist()], pa.string())


def coded(values: Sequence[str | None], codes: NDArray[np.int64]) -> pa.DictionaryArray:
    """``values[codes[i]]`` for every i as a dictionary column; equal values share one place, None is null."""
    places: dict[str, int] = {}
    numbers = [-1 if value is None else places.setdefault(value, len(places)) for value in values]
    taken = np.array(numbers, np.int32)[codes] if numbers else np.zeros(0, np.int32)
    indices = pa.array(taken, mask=taken < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(list(places), pa.string()))
