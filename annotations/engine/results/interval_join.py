"""Finds the records of a block in a source that is matched by place: intervals, or single positions.

A contig's intervals are held in memory, as numbers and dictionaries: some 20 bytes an interval.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotations.engine.reference import Source, SourceField
from annotations.engine.results.sought import Found, Numbers, Sought
from annotations.engine.results.source_join import parsed
from annotations.engine.results.tabix import TabixText

_KEY_COLUMNS = ("CHROM", "START", "END")
#: Pairs of a record and an interval looked at together, which bounds the memory of a dense source.
MAX_PAIRS = 1 << 21


@dataclass(frozen=True)
class _Class:
    """Intervals of about one length, in order of their starts; ``rows`` are their places in the contig's table."""

    starts: Numbers
    ends: Numbers
    rows: Numbers
    longest: int


@dataclass(frozen=True)
class _ContigIntervals:
    values: pa.Table
    classes: Sequence[_Class]


class IntervalJoin:
    """One source, asked for blocks of records; each contig is read when its first record comes."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._types = dict.fromkeys([*_KEY_COLUMNS, *(field.info for field in source.fields)], pa.string())
        self._types |= {"START": pa.int64(), "END": pa.int64()}
        self._text = TabixText(source.file)
        self._contig: str | None = None
        self._intervals = _ContigIntervals(pa.table({}), ())

    def find(self, contig: str, sought: Sought) -> Found:
        """The values for the records found, those of several intervals joined, and each record's place among them."""
        if contig != self._contig:
            self._intervals = self._read(contig)
            self._contig = contig
        places = np.full(len(sought.positions), -1, np.int64)
        if not self._intervals.classes:
            return None, places
        first, last = (sought.positions,) * 2 if self.source.match == "position" else sought.changed
        records, rows = self._pairs(first, last)
        if not len(records):
            return None, places
        return self._joined(records, rows, places)

    def _read(self, contig: str) -> _ContigIntervals:
        offset = self._text.index.offset(contig, 1)
        pieces = []
        for text in self._text.pieces(offset) if offset is not None else ():
            table = parsed(text, self._types)
            same = pc.equal(table["CHROM"], contig)
            pieces.append(table.filter(same))
            if not same[-1].as_py():
                break
        if not pieces:
            return _ContigIntervals(pa.table({}), ())
        table = pa.concat_tables(pieces).combine_chunks()
        starts, ends = table["START"].to_numpy(), table["END"].to_numpy()
        values = {field.info: table[field.info].dictionary_encode() for field in self.source.fields}
        return _ContigIntervals(pa.table(values).unify_dictionaries().combine_chunks(), _by_length(starts, ends))

    def _pairs(self, first: Numbers, last: Numbers) -> tuple[Numbers, Numbers]:
        """Records and intervals that meet, by record and then by the table's order."""
        pairs = [_meeting(one, first, last) for one in self._intervals.classes]
        records = np.concatenate([found for found, _ in pairs])
        rows = np.concatenate([found for _, found in pairs])
        order = np.lexsort((rows, records))
        return records[order], rows[order]

    def _joined(self, records: Numbers, rows: Numbers, places: Numbers) -> Found:
        """One line for each set of intervals that records meet."""
        met, begins, counts = np.unique(records, return_index=True, return_counts=True)
        single = counts == 1
        lines, at = np.unique(rows[begins[single]], return_inverse=True)
        places[met[single]] = at
        sets: dict[tuple[int, ...], int] = {}
        for record, begin, count in zip(
            met[~single].tolist(), begins[~single].tolist(), counts[~single].tolist(), strict=True
        ):
            rows_met = tuple(rows[begin : begin + count].tolist())
            places[record] = len(lines) + sets.setdefault(rows_met, len(sets))
        values = self._intervals.values
        columns = {}
        for field in self.source.fields:
            column = values[field.info].combine_chunks()
            alone = column.take(pa.array(lines)).cast(pa.string())
            together = pa.array(_lists(column, sets, _joiner(field)), pa.string())
            columns[field.info] = pa.concat_arrays([alone, together])
        return pa.table(columns), places


def _by_length(starts: Numbers, ends: Numbers) -> list[_Class]:
    """Classes whose intervals differ in length by less than two times: whoever meets one starts near it."""
    lengths = ends - starts + 1
    exponents = np.floor(np.log2(lengths)).astype(np.int64)
    classes = []
    for exponent in np.unique(exponents).tolist():
        rows = np.flatnonzero(exponents == exponent)
        rows = rows[np.argsort(starts[rows], kind="stable")]
        classes.append(_Class(starts[rows], ends[rows], rows, int(lengths[rows].max())))
    return classes


def _meeting(intervals: _Class, first: Numbers, last: Numbers) -> tuple[Numbers, Numbers]:
    """Records (by number) and rows of this class that share a base with [first, last]."""
    low = np.searchsorted(intervals.starts, first - intervals.longest + 1)
    high = np.searchsorted(intervals.starts, last, side="right")
    records, rows = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for begin, end in _bounded(high - low):
        counts = (high - low)[begin:end]
        record = np.repeat(np.arange(begin, end), counts)
        within = np.arange(len(record)) - np.repeat(np.cumsum(counts) - counts, counts)
        candidate = np.repeat(low[begin:end], counts) + within
        meets = intervals.ends[candidate] >= first[record]
        records.append(record[meets])
        rows.append(intervals.rows[candidate[meets]])
    return np.concatenate(records), np.concatenate(rows)


def _bounded(counts: Numbers) -> Iterator[tuple[int, int]]:
    """Ranges of records with at most MAX_PAIRS candidates together, or one record alone."""
    total = np.cumsum(counts)
    begin = 0
    while begin < len(counts):
        before = int(total[begin - 1]) if begin else 0
        end = max(int(np.searchsorted(total, before + MAX_PAIRS, side="right")), begin + 1)
        yield begin, end
        begin = end


def _joiner(field: SourceField) -> Callable[[Sequence[str]], str]:
    """How values of several intervals become one: numbers keep the largest, texts are listed, each once."""
    if field.type in {"Integer", "Float"} and field.number == "1":
        return lambda values: max(values, key=float)
    separator = "," if field.number == "." else "|"
    return lambda values: separator.join(dict.fromkeys(values))


def _lists(
    column: pa.DictionaryArray, sets: dict[tuple[int, ...], int], join: Callable[[Sequence[str]], str]
) -> list[str | None]:
    texts = column.dictionary.to_pylist()
    codes = column.indices.fill_null(-1).to_numpy()
    joined = []
    for rows in sets:
        values = [texts[code] for code in codes[list(rows)].tolist() if code >= 0]
        joined.append(join(values) if values else None)
    return joined
