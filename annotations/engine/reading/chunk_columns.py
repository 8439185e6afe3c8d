"""The columns of many rows at once: what numpy can prove of each.

Every function here takes ``plain``, one flag a row, and clears it where a column is not plainly ordinary.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotations.engine.limits import MAX_POSITION
from annotations.engine.reading.columns import END_VALUE, PLAIN_ALT
from annotations.engine.reading.info_lists import InfoLists
from annotations.engine.reading.record_checks import ContigPlace

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_IS_BASE = np.zeros(256, dtype=bool)
_IS_BASE[list(b"ACGTN")] = True
_LONG_REF = 10_000
_MAX_QUAL = 12
_DOT, _ZERO, _UNKNOWN_BASE = b".0N"
#: ALT of the blocks of a gVCF, which no annotator looks at.
_BLOCKS = (b".", b"<NON_REF>", b"<*>")
_END = re.compile(rb"[\t;]END=([^;\t\n]*)")


@dataclass(frozen=True)
class Run:
    """Rows [first, last) in a row on one contig; ``name`` is the file's own."""

    first: int
    last: int
    name: bytes
    contig: ContigPlace


class Columns:
    """Where every column of every row begins and ends (``ends`` point at the tab or LF behind it)."""

    def __init__(self, data: bytes, buffer: Bytes, ends: Ints) -> None:
        self.data, self.buffer, self.ends = data, buffer, ends
        self.starts = np.empty_like(ends)
        self.starts[:, 1:] = ends[:, :-1] + 1
        self.starts[0, 0] = 0
        self.starts[1:, 0] = ends[:-1, -1] + 1
        self.lengths = ends - self.starts

    def text(self, row: int, column: int) -> bytes:
        """One value."""
        return self.data[self.starts[row, column] : self.ends[row, column]]

    def texts(self, column: int) -> list[bytes]:
        """A column's values."""
        data = self.data
        bounds = zip(self.starts[:, column].tolist(), self.ends[:, column].tolist(), strict=True)
        return [data[start:end] for start, end in bounds]

    def all_equal(self, column: int, text: bytes) -> bool:
        """Whether a column has the same value in every row."""
        if len(text) > 64 or not np.all(self.lengths[:, column] == len(text)):
            return False
        starts = self.starts[:, column]
        return all(bool(np.all(self.buffer[starts + at] == byte)) for at, byte in enumerate(text))


def positions(columns: Columns, plain: Bools) -> Ints:
    """POS as numbers; rows with anything but 1 to 9 digits, the first not 0, are not plain."""
    start, end, length = columns.starts[:, 1], columns.ends[:, 1], columns.lengths[:, 1]
    plain &= (length <= 9) & (columns.buffer[start] != _ZERO)
    value = np.zeros(len(plain), dtype=np.int64)
    factor = 1
    for place in range(min(int(length.max()), 9)):
        digit = columns.buffer[np.maximum(end - 1 - place, 0)] - _ZERO
        inside = length > place
        plain &= (digit <= 9) | ~inside
        value += np.where(inside, digit, 0).astype(np.int64) * factor
        factor *= 10
    return value


def alternates(columns: Columns, plain: Bools, limit: int) -> Ints:
    """The number of alternate alleles; rows with others than PLAIN_ALT are not plain."""
    start, end, length = columns.starts[:, 4], columns.ends[:, 4], columns.lengths[:, 4]
    counts = np.ones(len(plain), dtype=np.int64)
    simple = (length == 1) & _IS_BASE[columns.buffer[start]]
    others = np.flatnonzero(~simple & plain)
    data = columns.data
    bounds = zip(others.tolist(), start[others].tolist(), end[others].tolist(), strict=True)
    for row, first, last in bounds:
        if not PLAIN_ALT.fullmatch(data, first, last):
            plain[row] = False
        elif data[first:last] == b".":
            counts[row] = 0
        else:
            counts[row] = data.count(b",", first, last) + 1
            plain[row] = counts[row] <= limit
    return counts


def unfit_lists(columns: Columns, allele_counts: Ints, lists: InfoLists, plain: Bools) -> None:
    """Rows of several alternate alleles with a list in INFO that does not fit them are not plain."""
    rows = np.flatnonzero(plain & (allele_counts > 1))
    bounds = zip(rows.tolist(), columns.starts[rows, 7].tolist(), columns.ends[rows, 7].tolist(), strict=True)
    for row, start, end in bounds:
        plain[row] = lists.fit(columns.data, start, end, int(allele_counts[row]))


def qualities(columns: Columns, plain: Bools) -> None:
    """Rows whose QUAL is neither "." nor up to 12 digits with at most one point between them are not plain."""
    start, length = columns.starts[:, 5], columns.lengths[:, 5]
    buffer = columns.buffer
    points = np.zeros(len(plain), dtype=np.int8)
    fine = length <= _MAX_QUAL
    last = buffer.size - 1
    for place in range(min(int(length.max()), _MAX_QUAL)):
        value = buffer[np.minimum(start + place, last)]
        inside = length > place
        point = (value == _DOT) & inside
        points += point
        fine &= (value - _ZERO <= 9) | point | ~inside
    inner = (buffer[start] != _DOT) & (buffer[columns.ends[:, 5] - 1] != _DOT) & (points <= 1)
    plain &= (fine & inner) | ((length == 1) & (points == 1))


def references(columns: Columns, runs: list[Run], positions: Ints, plain: Bools) -> None:
    """Rows whose REF is not plain bases, ends in a gap, reaches beyond the contig or is not the reference's."""
    length = columns.lengths[:, 3]
    plain &= (length <= _LONG_REF) & (columns.buffer[columns.ends[:, 3] - 1] != _UNKNOWN_BASE)
    for run in runs:
        limit = run.contig.length if run.contig.known else MAX_POSITION - 1
        rows = slice(run.first, run.last)
        plain[rows] &= positions[rows] - 1 + length[rows] <= limit
        live = np.flatnonzero(plain[rows]) + run.first
        if not live.size:
            continue
        row, offset = _spread(live, length[live])
        bases = columns.buffer[columns.starts[row, 3] + offset]
        wrong = ~_IS_BASE[bases]
        if run.contig.sequence is not None:
            wrong |= run.contig.sequence.at(positions[row] - 1 + offset) != bases
        plain[row[wrong]] = False


def ends_of_variants(columns: Columns, positions: Ints, plain: Bools) -> None:
    """Rows whose END is no number, or lies behind REF though ALT may hold bases, are not plain."""
    if b"END=" not in columns.data:
        return
    found = [(match.start(), match[1]) for match in _END.finditer(columns.data)]
    rows = np.searchsorted(columns.ends[:, -1], np.array([at for at, _ in found], dtype=np.int64))
    lasts = (positions[rows] - 1 + columns.lengths[rows, 3]).tolist()
    alts = zip(columns.starts[rows, 4].tolist(), columns.ends[rows, 4].tolist(), strict=True)
    for row, (_, value), last, (start, stop) in zip(rows.tolist(), found, lasts, alts, strict=True):
        if value == b".":
            continue
        end = int(value) if END_VALUE.fullmatch(value) else MAX_POSITION + 1
        if end > last and (end > MAX_POSITION or columns.data[start:stop] not in _BLOCKS):
            plain[row] = False


def _spread(rows: Ints, lengths: Ints) -> tuple[Ints, Ints]:
    """For every base of every row: its row, and how many bases of the row come before it."""
    if int(lengths.max()) == 1:
        return rows, np.zeros(1, dtype=np.int64)
    repeated = np.repeat(rows, lengths)
    begins = np.repeat(np.cumsum(lengths) - lengths, lengths)
    return repeated, np.arange(repeated.size) - begins
