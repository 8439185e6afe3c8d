"""Many ordinary records checked at once with numpy.

A row is *plain* when everything about it is proven here to be what record_checks would pass through unchanged but
for the contig's name. Every other row is left to record_checks, which alone refuses and masks. So this module may
be timid but never bold; a test holds the two against each other on generated and mutated lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotations.engine.columns import END_VALUE, PLAIN_ALT, Place, read_format
from annotations.engine.errors import InputRefused
from annotations.engine.header_text import OWN_PREFIX
from annotations.engine.limits import MAX_POSITION
from annotations.engine.record_checks import ContigPlace, RecordChecker

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_IS_BASE = np.zeros(256, dtype=bool)
_IS_BASE[list(b"ACGTN")] = True
_LONG_REF = 10_000
_MAX_QUAL = 12
_MANY_ALLELES = 100
_COLON, _TAB, _LF, _DOT, _ZERO = b":\t\n.0"
_END = re.compile(rb"[\t;]END=([^;\t\n]*)")


@dataclass(frozen=True)
class Run:
    """Rows [first, last) in a row on one contig; ``name`` is the file's own."""

    first: int
    last: int
    name: bytes
    contig: ContigPlace


@dataclass(frozen=True)
class Rows:
    """A chunk taken apart. ``plain`` rows need no further look; ``positions`` holds their POS."""

    starts: Ints
    plain: Bools
    positions: Ints
    runs: list[Run]


class ChunkChecker:
    """Finds the plain rows of chunks of one file."""

    def __init__(self, records: RecordChecker) -> None:
        self._records = records
        self._columns = len(records.header.columns)
        self._samples = len(records.header.samples)
        ids = sorted(records.own_ids | records.renamed_ids)
        self._own_starts = sorted({name[:8] for name in ids} | {OWN_PREFIX.encode()})
        keys = b"|".join(re.escape(name) for name in ids)
        self._own_keys = re.compile(rb"[\t;](?:%s[^=;\t\n]*|%s)[=;\t\n]" % (OWN_PREFIX.encode(), keys))
        self._formats: dict[bytes, int] = {}

    def examine(self, data: bytes, first_line: int) -> Rows | None:
        """Take a chunk apart; None when its lines do not all have the header's number of columns."""
        if self._records.header.is_old or not (data.isascii() or _is_utf8(data)):
            return None
        buffer = np.frombuffer(data, dtype=np.uint8)
        separators = np.flatnonzero(buffer < 0x20)
        if separators.size % self._columns:
            return None
        ends = separators.reshape(-1, self._columns)
        if not (np.all(buffer[ends[:, -1]] == _LF) and np.all(buffer[ends[:, :-1]] == _TAB)):
            return None
        return self._examine(_Columns(data, buffer, ends), first_line)

    def _examine(self, columns: _Columns, first_line: int) -> Rows | None:
        plain = columns.lengths.min(axis=1) > 0
        plain &= columns.buffer[columns.starts[:, 0]] != ord("#")
        runs = self._runs(columns, first_line)
        if runs is None:
            return None
        positions = _positions(columns, plain)
        allele_counts = _alternates(columns, plain, min(_MANY_ALLELES, self._records.limits.max_alleles))
        _qualities(columns, plain)
        self._odd_words(columns, plain)
        self._ends_of_variants(columns, runs, plain)
        _references(columns, runs, positions, plain)
        if self._samples:
            self._genotypes(columns, allele_counts, plain)
        elif self._columns > 8:
            self._format_keys(columns, plain)
        return Rows(columns.starts[:, 0], plain, positions, runs)

    def _runs(self, columns: _Columns, first_line: int) -> list[Run] | None:
        """Neighbouring rows on the same contig. None when a name is wrong: then record_checks refuses it."""
        rows = len(columns.starts)
        name = columns.text(0, 0)
        if columns.text(rows - 1, 0) == name and columns.all_equal(0, name):
            changes = [0]
        else:
            names = columns.texts(0)
            changes = [0, *(at for at in range(1, rows) if names[at] != names[at - 1])]
        runs = []
        for first, last in zip(changes, [*changes[1:], rows], strict=True):
            name = columns.text(first, 0)
            try:
                runs.append(Run(first, last, name, self._records.contig(name, Place(first_line + first))))
            except InputRefused:
                return None
        return runs

    def _odd_words(self, columns: _Columns, plain: Bools) -> None:
        """Rows with a space, or with an INFO id that is ours or gets another name."""
        data, line_ends = columns.data, columns.ends[:, -1]
        at = data.find(b" ")
        while at >= 0:
            row = int(np.searchsorted(line_ends, at))
            plain[row] = False
            at = data.find(b" ", int(line_ends[row]))
        if any(start in data for start in self._own_starts):
            found = np.array([match.start() for match in self._own_keys.finditer(data)], dtype=np.int64)
            plain[np.searchsorted(line_ends, found)] = False

    def _ends_of_variants(self, columns: _Columns, runs: list[Run], plain: Bools) -> None:
        """Rows whose END lies outside the contig or is no number."""
        if b"END=" not in columns.data:
            return
        limits = np.empty(len(plain), dtype=np.int64)
        for run in runs:
            limits[run.first : run.last] = run.contig.length if run.contig.known else MAX_POSITION
        found = [(match.start(), match[1]) for match in _END.finditer(columns.data)]
        rows = np.searchsorted(columns.ends[:, -1], np.array([at for at, _ in found], dtype=np.int64)).tolist()
        for row, (_, value) in zip(rows, found, strict=True):
            if not END_VALUE.fullmatch(value) or (value != b"." and int(value) > limits[row]):
                plain[row] = False

    def _format_keys(self, columns: _Columns, plain: Bools) -> Ints:
        """How many keys FORMAT names, negative when GT is the first of them; 0 (not plain) when it is odd."""
        first = columns.text(0, 8)
        if columns.all_equal(8, first):
            keys = np.full(len(plain), self._keys_of(first), dtype=np.int64)
        else:
            keys = np.array([self._keys_of(text) for text in columns.texts(8)], dtype=np.int64)
        plain &= keys != 0
        return keys

    def _keys_of(self, text: bytes) -> int:
        count = self._formats.get(text)
        if count is None:
            try:
                keys = read_format(text, Place(0))
                count = -len(keys) if keys[0] == b"GT" else 0 if b"GT" in keys else len(keys)
            except InputRefused:
                count = 0
            if len(self._formats) < 10_000:
                self._formats[text] = count
        return count

    def _genotypes(self, columns: _Columns, allele_counts: Ints, plain: Bools) -> None:
        """Rows with more values than keys, or a GT other than one or two one-digit alleles of the record."""
        keys = self._format_keys(columns, plain)
        bounds = columns.ends[:, 8:]
        if int(np.abs(keys).max()) > 1 or _COLON in columns.buffer:
            colons = np.flatnonzero(columns.buffer == _COLON)
            counts = np.diff(np.searchsorted(colons, bounds), axis=1)
            plain &= (counts < np.abs(keys)[:, None]).all(axis=1)
        if not (keys < 0).any():
            return
        # The bytes behind a short value may lie beyond the chunk's end; they are then read as its last LF.
        start = columns.starts[:, 9:]
        last = columns.buffer.size - 1
        first, second, third, fourth = (columns.buffer[np.minimum(start + place, last)] for place in range(4))
        limit = allele_counts[:, None]
        single = _is_allele(first, limit) & _ends_value(second)
        double = _is_allele(first, limit) & ((second == ord("/")) | (second == ord("|")))
        double &= _is_allele(third, limit) & _ends_value(fourth)
        plain &= (single | double).all(axis=1) | (keys > 0)


class _Columns:
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


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _positions(columns: _Columns, plain: Bools) -> Ints:
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


def _alternates(columns: _Columns, plain: Bools, limit: int) -> Ints:
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


def _qualities(columns: _Columns, plain: Bools) -> None:
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


def _references(columns: _Columns, runs: list[Run], positions: Ints, plain: Bools) -> None:
    """Rows whose REF is not plain bases, reaches beyond the contig or differs from the reference are not plain."""
    length = columns.lengths[:, 3]
    plain &= length <= _LONG_REF
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


def _spread(rows: Ints, lengths: Ints) -> tuple[Ints, Ints]:
    """For every base of every row: its row, and how many bases of the row come before it."""
    if int(lengths.max()) == 1:
        return rows, np.zeros(1, dtype=np.int64)
    repeated = np.repeat(rows, lengths)
    begins = np.repeat(np.cumsum(lengths) - lengths, lengths)
    return repeated, np.arange(repeated.size) - begins


def _is_allele(value: Bytes, limit: Ints) -> Bools:
    number = value - _ZERO
    fits: Bools = (value == _DOT) | ((number <= 9) & (number <= limit))
    return fits


def _ends_value(value: Bytes) -> Bools:
    ends: Bools = (value == _COLON) | (value == _TAB) | (value == _LF)
    return ends
