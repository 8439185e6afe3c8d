"""Chunks of lines -> batches for bcftools: plain rows pass as they are, the others through record_checks."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotations.engine.errors import Unsorted
from annotations.engine.reading.chunk_checks import ChunkChecker, Rows
from annotations.engine.reading.chunk_columns import Run
from annotations.engine.reading.lines import Chunk
from annotations.engine.reading.record_checks import ContigPlace, Record, RecordChecker
from annotations.engine.reading.sites import Sites


@dataclass(frozen=True)
class Batch:
    """Checked records of one contig. ``aside``: the reference lacks it, so they must not enter the pipe."""

    lines: bytes
    sites: Sites
    aside: bool
    contig: str

    @property
    def records(self) -> int:
        """How many they are."""
        return len(self.sites)


class ChunkReader:
    """Turns the chunks of one file into batches and keeps count; knows whether the records are in order."""

    def __init__(self, checker: RecordChecker, *, sort_later: bool) -> None:
        self._checker = checker
        self._chunks = ChunkChecker(checker)
        self._sort_later = sort_later
        self._contig = ""
        self._position = 0
        self._finished: set[str] = set()

    def read(self, chunk: Chunk) -> list[Batch]:
        """The chunk's records. Raises InputRefused at the first line that is wrong, and Unsorted."""
        rows = self._chunks.examine(chunk.data, chunk.first_line)
        batches = self._line_by_line(chunk) if rows is None else self._by_rows(chunk, rows)
        return _joined(batches, any_order=self._sort_later)

    def _by_rows(self, chunk: Chunk, rows: Rows) -> list[Batch]:
        lines = _Lines(chunk, rows)
        sites = lines.sites(rows, chunk.first_line)
        changed: list[tuple[int, bytes]] = []
        for row in np.flatnonzero(~rows.plain).tolist():
            record = self._checker.check(lines.line(row), chunk.first_line + row)
            rows.positions[row], rows.alleles[row] = record.position, record.alleles
            changed.append((row, record.text))
        batches = []
        for run in rows.runs:
            self._count(run.contig, run.name, run.last - run.first)
            if run.contig.known:
                self._checker.counts.refs_checked += int(np.count_nonzero(rows.plain[run.first : run.last]))
            self._check_order(run.contig.name, rows.positions[run.first : run.last], chunk.first_line + run.first)
            text = lines.text(run, changed)
            batches.append(Batch(text, sites[run.first : run.last], not run.contig.known, run.contig.name))
        return batches

    def _line_by_line(self, chunk: Chunk) -> list[Batch]:
        batches = []
        for number, line in enumerate(chunk.data[:-1].split(b"\n"), start=chunk.first_line):
            if not line.strip(b" "):
                self._checker.counts.blank_lines += 1
                continue
            record: Record = self._checker.check(line, number)
            contig = record.contig
            self._count(contig, record.original_contig, 1)
            site = Sites.one(number, record.position, record.alleles, len(line) + 1)
            self._check_order(contig.name, np.array([record.position]), number)
            batches.append(Batch(record.text, site, not contig.known, contig.name))
        return batches

    def _count(self, contig: ContigPlace, name: bytes, records: int) -> None:
        counts = self._checker.counts
        text = name.decode("ascii")
        counts.records += records
        counts.by_contig[text] += records
        if not contig.known:
            counts.unknown_contigs[text] += records
        elif contig.name != text:
            counts.renamed[text] = contig.name

    def _check_order(self, contig: str, positions: NDArray[np.int64], first_line: int) -> None:
        """Positions must not fall, and a contig must not come back."""
        steps = np.diff(positions)
        late = int(np.argmax(steps < 0)) + 1 if steps.size and int(steps.min()) < 0 else -1
        if contig != self._contig:
            self._finished.add(self._contig)
            late = 0 if contig in self._finished else late
            self._contig = contig
        elif int(positions[0]) < self._position:
            late = 0
        self._position = int(positions[-1])
        if late >= 0 and self._checker.counts.first_unsorted_line is None:
            self._checker.counts.first_unsorted_line = first_line + late
            if not self._sort_later:
                raise Unsorted(first_line + late)


class _Lines:
    """The rows of a chunk as text."""

    def __init__(self, chunk: Chunk, rows: Rows) -> None:
        self._data = chunk.data
        self._starts = rows.starts
        self._rows = len(rows.starts)

    def sites(self, rows: Rows, first_line: int) -> Sites:
        """Where the rows stand and what they hold."""
        sizes = np.diff(self._starts, append=len(self._data))
        return Sites(first_line, rows.positions, rows.alleles, sizes)

    def _start(self, row: int) -> int:
        return int(self._starts[row]) if row < self._rows else len(self._data)

    def line(self, row: int) -> bytes:
        """One row without its LF."""
        return self._data[self._start(row) : self._start(row + 1) - 1]

    def text(self, run: Run, changed: list[tuple[int, bytes]]) -> bytes:
        """A run's rows with the changed ones replaced and the contig's name brought to the reference's."""
        new = run.contig.name.encode("ascii")
        pieces = []
        at = run.first
        for row, line in changed[bisect_left(changed, (run.first,)) : bisect_left(changed, (run.last,))]:
            pieces += [self._plain(at, row, run.name, new), line]
            at = row + 1
        pieces.append(self._plain(at, run.last, run.name, new))
        return b"".join(pieces) if len(pieces) > 1 else pieces[0]

    def _plain(self, first: int, last: int, old: bytes, new: bytes) -> bytes:
        text = self._data[self._start(first) : self._start(last)]
        if old == new or not text:
            return text
        return (b"\n" + text).replace(b"\n" + old + b"\t", b"\n" + new + b"\t")[1:]


def _joined(batches: list[Batch], *, any_order: bool) -> list[Batch]:
    """Batches of one contig on neighbouring lines as one; in any order when the caller sorts afterwards."""
    groups: dict[tuple[int, str, bool], list[Batch]] = {}
    number = 0
    previous = None
    for batch in batches:
        key = (batch.contig, batch.aside)
        if not any_order and (*key, batch.sites.first_line) != previous:
            number += 1
        previous = (*key, batch.sites.first_line + batch.records)
        groups.setdefault((number, *key), []).append(batch)
    return [
        same[0]
        if len(same) == 1
        else Batch(
            b"".join(one.lines for one in same),
            Sites.joined([one.sites for one in same]),
            same[0].aside,
            same[0].contig,
        )
        for same in groups.values()
    ]
