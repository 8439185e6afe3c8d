"""Many ordinary records checked at once with numpy.

A row is *plain* when everything about it is proven here to be what record_checks would pass through unchanged but
for the contig's name. Every other row is left to record_checks, which alone refuses and masks. So this module may
be timid but never bold; a test holds the two against each other on generated and mutated lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from annotations.engine.errors import InputRefused
from annotations.engine.reading.chunk_columns import (
    Bools,
    Bytes,
    Columns,
    Ints,
    Run,
    alternates,
    ends_of_variants,
    positions,
    qualities,
    references,
    unfit_lists,
)
from annotations.engine.reading.columns import Place, read_format
from annotations.engine.reading.header_text import OWN_PREFIX
from annotations.engine.reading.record_checks import RecordChecker

_MANY_ALLELES = 100
_COLON, _TAB, _LF, _DOT, _ZERO, _SEMICOLON, _EQUALS = b":\t\n.0;="


@dataclass(frozen=True)
class Rows:
    """A chunk taken apart. ``plain`` rows need no further look; of them POS and the number of ALT are known too."""

    starts: Ints
    plain: Bools
    positions: Ints
    alleles: Ints
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
        return self._examine(Columns(data, buffer, ends), first_line)

    def _examine(self, columns: Columns, first_line: int) -> Rows | None:
        plain = columns.lengths.min(axis=1) > 0
        plain &= columns.buffer[columns.starts[:, 0]] != ord("#")
        runs = self._runs(columns, first_line)
        if runs is None:
            return None
        found = positions(columns, plain)
        allele_counts = alternates(columns, plain, min(_MANY_ALLELES, self._records.limits.max_alleles))
        unfit_lists(columns, allele_counts, self._records.lists, plain)
        qualities(columns, plain)
        self._odd_words(columns, plain)
        ends_of_variants(columns, found, plain)
        references(columns, runs, found, plain)
        if self._samples:
            self._genotypes(columns, allele_counts, plain)
        elif self._columns > 8:
            self._format_keys(columns, plain)
        return Rows(columns.starts[:, 0], plain, found, np.maximum(allele_counts, 1), runs)

    def _runs(self, columns: Columns, first_line: int) -> list[Run] | None:
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

    def _odd_words(self, columns: Columns, plain: Bools) -> None:
        """Rows with a space, with an INFO id that is ours or gets another name, or with a value that has none."""
        data, line_ends = columns.data, columns.ends[:, -1]
        at = data.find(b" ")
        while at >= 0:
            row = int(np.searchsorted(line_ends, at))
            plain[row] = False
            at = data.find(b" ", int(line_ends[row]))
        # By the bytes: to look for two of them in text that has many of either takes eight times as long.
        plain &= columns.buffer[columns.starts[:, 7]] != _EQUALS
        behind = np.flatnonzero(columns.buffer == _SEMICOLON) + 1
        plain[np.searchsorted(line_ends, behind[columns.buffer[behind] == _EQUALS])] = False
        if any(start in data for start in self._own_starts):
            found = np.array([match.start() for match in self._own_keys.finditer(data)], dtype=np.int64)
            plain[np.searchsorted(line_ends, found)] = False

    def _format_keys(self, columns: Columns, plain: Bools) -> Ints:
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
                count = count if len(set(keys)) == len(keys) else 0
            except InputRefused:
                count = 0
            if len(self._formats) < 10_000:
                self._formats[text] = count
        return count

    def _genotypes(self, columns: Columns, allele_counts: Ints, plain: Bools) -> None:
        """Rows with more values than keys, or a GT other than one or two one-digit alleles of the record."""
        if self._records.format_texts:
            plain &= allele_counts <= 1
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


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_allele(value: Bytes, limit: Ints) -> Bools:
    number = value - _ZERO
    fits: Bools = (value == _DOT) | ((number <= 9) & (number <= limit))
    return fits


def _ends_value(value: Bytes) -> Bools:
    ends: Bools = (value == _COLON) | (value == _TAB) | (value == _LF)
    return ends
