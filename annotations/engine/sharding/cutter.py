"""Puts checked records into parts, each a file of its own, as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from annotations.engine.pipe.aside import Piece
from annotations.engine.pipe.crowding import SORT_WINDOW
from annotations.engine.reading.reader import Batch
from annotations.engine.reading.sites import Ints, Sites
from annotations.engine.sharding.cut_file import PARTS, Part
from annotations.engine.sharding.cut_points import CutPoints, Stretch
from annotations.engine.sharding.part_text import PartText
from annotations.engine.sharding.size import ShardSize

#: Lines up to so many bytes stand for the reach of their REF: longer ones are looked into.
_SHORT_LINE = 1_000
_NOTHING = Stretch([], np.zeros(0, np.int64), np.zeros(0, np.int64))


class Cutter:
    """Takes batches in order; ``on_part`` is told of each part as soon as its file is complete.

    Memory holds a batch and, where a cut is being looked for, the records of the last SORT_WINDOW positions.
    """

    def __init__(
        self, size: ShardSize, points: CutPoints, directory: Path, on_part: Callable[[Part], None] | None = None
    ) -> None:
        self.parts: list[Part] = []
        self._size = size
        self._points = points
        self._directory = directory
        self._on_part = on_part
        self._rows_before = 0
        self._contig = ""
        #: The last base of the contig that a record so far may reach.
        self._reach = 0
        self._aside = False
        #: Records of a part that is full, of which one may yet begin the next.
        self._held = _NOTHING
        self._begin()

    def add(self, batch: Batch) -> None:
        """Take records of one contig of the reference."""
        if batch.contig != self._contig:
            self._end_contig()
            self._contig = batch.contig
        if len(self._held):
            self._hold(stretch_of(batch))
            return
        room = self._room(batch.sites)
        if room == len(batch.sites):
            self._put(batch.lines, batch.sites.alleles, _reach(batch))
            return
        records = stretch_of(batch)
        self._put_stretch(records[:room])
        self._hold(records[room:])

    def finish(self, aside: Iterable[tuple[Piece, bytes]] = ()) -> tuple[Part, ...]:
        """End the last part, and put the records set aside into parts of their own; answers all parts."""
        self._end_contig()
        if self._records:
            self._end_part()
        for piece, text in aside:
            self._aside = True
            self._runs += [(name, 0) for name in piece.contigs if (name, 0) not in self._runs[-1:]]
            self._write(text, piece.records, piece.rows)
            if self._is_full():
                self._end_part()
        if self._records or not self.parts:
            self._end_part()
        (self._directory / self._name).unlink()
        return tuple(self.parts)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._text.abandon()

    def _begin(self) -> None:
        self._name = f"{PARTS}/{len(self.parts):05}.vcf.gz"
        self._text = PartText(self._directory / self._name)
        self._records = self._rows = self._text_bytes = 0
        self._runs: list[tuple[str, int]] = []

    def _end_part(self) -> None:
        sha256 = self._text.close()
        part = Part(
            number=len(self.parts),
            file=self._name,
            size=self._text.size,
            sha256=sha256,
            records=self._records,
            rows=self._rows,
            first_row=self._rows_before,
            runs=tuple(self._runs),
            aside=self._aside,
        )
        self.parts.append(part)
        self._rows_before += part.rows
        self._begin()
        if self._on_part is not None:
            self._on_part(part)

    def _is_full(self) -> bool:
        return self._records >= self._size.records or self._text_bytes >= self._size.text_bytes

    def _room(self, sites: Sites) -> int:
        """How many of these records the part takes before it is full."""
        by_bytes = np.searchsorted(np.cumsum(sites.sizes), self._size.text_bytes - self._text_bytes, "right")
        room = min(len(sites), self._size.records - self._records, int(by_bytes))
        return max(room, 0 if self._records else 1)

    def _write(self, text: bytes, records: int, rows: int) -> None:
        self._text.add(text)
        self._text_bytes += len(text)
        self._records += records
        self._rows += rows

    def _put(self, lines: bytes, alleles: Ints, reach: int) -> None:
        if self._runs and self._runs[-1][0] == self._contig:
            self._runs[-1] = (self._contig, self._runs[-1][1] + len(lines))
        else:
            self._runs.append((self._contig, len(lines)))
        self._write(lines, len(alleles), int(alleles.sum()))
        self._reach = max(self._reach, reach)

    def _put_stretch(self, records: Stretch) -> None:
        if len(records):
            self._put(b"".join(records.lines), records.alleles, int(records.ends().max()))

    def _hold(self, records: Stretch) -> None:
        """Keep records of a full part, and cut it where that can be."""
        self._held = self._held.followed_by(records) if len(self._held) else records
        while (at := self._points.first(self._contig, self._held, self._reach)) is not None:
            self._put_stretch(self._held[:at])
            self._end_part()
            records, self._held = self._held[at:], _NOTHING
            room = self._room(Sites(0, records.positions, records.alleles, np.array(list(map(len, records.lines)))))
            self._put_stretch(records[:room])
            if room == len(records):
                return
            self._held = records[room:]
        # What comes next decides on the last of these alone.
        passed = int(np.searchsorted(self._held.positions, self._held.positions[-1] - SORT_WINDOW))
        self._put_stretch(self._held[:passed])
        self._held = self._held[passed:]

    def _end_contig(self) -> None:
        self._put_stretch(self._held)
        self._held = _NOTHING
        self._reach = 0
        if self._is_full():
            self._end_part()


def stretch_of(batch: Batch) -> Stretch:
    """A batch line by line."""
    positions, alleles = (column.astype(np.int64) for column in (batch.sites.positions, batch.sites.alleles))
    return Stretch(batch.lines.splitlines(keepends=True), positions, alleles)


def _reach(batch: Batch) -> int:
    """The last base that these records may reach; for short lines a little too far."""
    sites = batch.sites
    if int(sites.sizes.max()) <= _SHORT_LINE:
        return int((sites.positions + sites.sizes).max())
    return int(stretch_of(batch).ends().max())
