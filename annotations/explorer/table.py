"""One result's table under DuckDB: pages, counts, single rows, streams. Read only, bounded in memory and time.

The connection sees one file. Access to anything else is closed before the first query, and the settings are locked.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from annotations.engine.reference import Reference
from annotations.explorer.columns import CONSEQUENCE, ROW, Catalogue, Column, by_severity, catalogue_of, quoted
from annotations.explorer.conditions import EVERYTHING, Condition, all_of, one_of
from annotations.explorer.connection import connect, limited
from annotations.explorer.sorting import FILE_ORDER, Sort, Stretch
from annotations.explorer.spill import Spill
from annotations.explorer.streaming import stretches_of

QUERY_SECONDS = 10.0
#: Rows of a page at most.
MAX_PAGE = 500
#: Rows looked at first from the end of the table.
NEAR = 50_000
#: Counts kept: the steps of a filter are counted again with each step added.
KEPT_COUNTS = 256
#: Rows of a streamed batch.
BATCH_ROWS = 20_000

Row = dict[str, Any]


class TableUnreadable(Exception):
    """The file is no table of ours."""


@dataclass(frozen=True)
class Page:
    """Rows in their order, and whether there are more on either side."""

    rows: list[Row]
    has_next: bool
    has_previous: bool


class VariantTable:
    """An open table; safe to use from several threads. ``total`` is its number of rows."""

    def __init__(self, path: Path, reference: Reference | None = None) -> None:
        """Open a Parquet file as the engine writes it. Raises TableUnreadable, FileNotFoundError."""
        try:
            with pq.ParquetFile(path) as file:
                metadata = file.metadata.metadata
                schema = file.schema_arrow.with_metadata(metadata)
                self.total: int = file.metadata.num_rows
        except pa.ArrowInvalid as error:
            raise TableUnreadable("This result's table cannot be read.") from error
        if not {"row", "contig", "pos", "ref", "alt", "impact"} <= set(schema.names):
            raise TableUnreadable("This result's table lacks columns that the explorer needs.")
        self.schema = schema
        self.reference = reference
        self.catalogue: Catalogue = catalogue_of(schema, reference.sources if reference else ())
        spill = Spill()
        # Also where nobody closes the table: at the end of the process, or when it is forgotten.
        self._remove_spill = weakref.finalize(self, spill.remove)
        self._connection = connect(spill.path, variants=path)
        self._lock = threading.Lock()
        self._counts: OrderedDict[Condition, int] = OrderedDict()
        self._distinct: dict[str, list[Any]] = {}
        self._has: dict[Condition, bool] = {}

    def close(self) -> None:
        """Close the connection and remove what it spilled."""
        self._connection.close()
        self._remove_spill()

    def page(
        self,
        where: Condition = EVERYTHING,
        sort: Sort = FILE_ORDER,
        *,
        size: int = 50,
        after: int | None = None,
        before: int | None = None,
        columns: Sequence[Column] | None = None,
    ) -> Page:
        """Return up to ``size`` rows that follow row ``after``, or precede row ``before``, in the sort's order.

        Rows are dictionaries by column name, ``row`` among them; all columns of the table when none are named. A
        row number that the table does not have is the beginning.
        """
        sort = self._prepared(sort)
        backwards = before is not None
        key = self._key(sort, before if before is not None else after)
        size = min(size, MAX_PAGE - 1)
        stretches = sort.whole() if key is None else sort.beyond(*key, backwards=backwards)
        rows = self._chosen(where, stretches, size + 1, columns)
        more, rows = len(rows) > size, rows[:size]
        if backwards and key is not None:
            return Page(rows[::-1], has_next=True, has_previous=more)
        return Page(rows, has_next=more, has_previous=key is not None)

    def row(self, number: int) -> Row | None:
        """Return one row with all columns, or None."""
        if number >= self.total:
            return None
        rows = self._rows(f"SELECT {self._selected(None)} FROM variants WHERE {ROW.sql} = ?", (number,))
        return rows[0] if rows else None

    def neighbours(self, where: Condition, sort: Sort, row: int) -> tuple[int | None, int | None]:
        """Return the rows before and after ``row`` among those that the condition takes."""
        before = self.page(where, sort, size=1, before=row, columns=()).rows
        after = self.page(where, sort, size=1, after=row, columns=()).rows
        return (before[0]["row"] if before else None, after[0]["row"] if after else None)

    def place_of(self, row: Row) -> int:
        """Return how many rows stand before this one at the same contig and position."""
        here = Condition('"contig" = ? AND "pos" = ? AND "row" < ?', (row["contig"], row["pos"], row["row"]))
        return self._count(here, [])[0]

    def count(self, where: Condition) -> int:
        """Return how many rows the condition takes; the answer is kept."""
        return self.counts([where])[0]

    def counts(self, steps: Sequence[Condition]) -> list[int]:
        """Return how many rows are left after each step, in one pass over what the first leaves."""
        wheres = [all_of(steps[: number + 1]) for number in range(len(steps))]
        with self._lock:
            known = {where: self._counts[where] for where in wheres if where in self._counts}
        known[EVERYTHING] = self.total
        first = next((number for number, where in enumerate(wheres) if where not in known), None)
        if first is not None:
            counted = self._count(wheres[first], steps[first + 1 :])
            known |= dict(zip(wheres[first:], counted, strict=True))
            self._keep(known)
        return [known[where] for where in wheres]

    def has(self, where: Condition) -> bool:
        """Say whether the condition takes any row; the answer is kept."""
        if where not in self._has:
            if len(self._has) >= KEPT_COUNTS:
                self._has.clear()
            self._has[where] = bool(self._fetch(f"SELECT 1 FROM variants WHERE {where.sql} LIMIT 1", where.values)[1])
        return self._has[where]

    def counted(self, steps: Sequence[Condition]) -> bool:
        """Say whether ``counts`` would ask nothing."""
        with self._lock:
            return all(all_of(steps[: number + 1]) in self._counts for number in range(len(steps)))

    def forget_counts(self) -> None:
        """Drop the counts that are kept, for measuring."""
        with self._lock:
            self._counts.clear()

    def grouped(self, where: Condition, by: Sequence[str]) -> list[tuple[Any, ...]]:
        """Count by expressions made of constants and ``Column.sql``: rows of their values and the count, in order."""
        listed = ", ".join(by)
        order = ", ".join(str(number + 1) for number in range(len(by)))
        sql = f"SELECT {listed}, count(*) FROM variants WHERE {where.sql} GROUP BY {order} ORDER BY {order}"
        return self._fetch(sql, where.values)[1]

    def distinct(self, column: str) -> list[Any]:
        """Return the different values of a column of the table in order, without null; the answer is kept."""
        if column not in self.schema.names:
            return []
        if column not in self._distinct:
            name = quoted(column)
            sql = f"SELECT DISTINCT {name} FROM variants WHERE {name} IS NOT NULL ORDER BY 1"
            self._distinct[column] = [value for (value,) in self._fetch(sql, ())[1]]
        return self._distinct[column]

    def batches(
        self,
        where: Condition = EVERYTHING,
        sort: Sort = FILE_ORDER,
        columns: Sequence[Column] | None = None,
        *,
        seconds: float = 3_600,
        rows: int = BATCH_ROWS,
    ) -> Iterator[pa.RecordBatch]:
        """Stream every row that the condition takes, ``row`` first, in the sort's order.

        ``rows`` is the size of a batch, which DuckDB rounds to its own steps. There is one batch at least, empty where
        no row fits, so that whoever writes columns knows their types.
        """
        sort = self._prepared(sort)
        matching = self.total if where == EVERYTHING else self.count(where)
        select = f"SELECT {self._selected(columns)} FROM variants WHERE"
        begun = False
        with limited(self._connection, seconds) as cursor:
            for part in stretches_of(where, sort, matching=matching, total=self.total, rows=rows):
                relation = cursor.sql(f"{select} {part.sql}", params=list(part.values))
                reader: pa.RecordBatchReader = relation.to_arrow_reader(rows)
                for batch in filter(len, reader):
                    begun = True
                    yield batch
            if not begun:
                yield pa.RecordBatch.from_pylist([], schema=reader.schema)

    def samples_of(self, row: Row) -> str:
        """Return the genotype letters of a row that was read with all columns, one for each sample."""
        blocks = range(len(self.catalogue.samples))
        return "".join(row.get(f"genotypes_{number}") or "" for number in blocks if f"genotypes_{number}" in row)

    def levels_of(self, row: Row) -> list[float | None]:
        """Return the heteroplasmy of each sample for a row that was read with all columns; empty when it has none."""
        names = [name for name in self.schema.names if name.startswith("levels_")]
        return [level for name in names for level in row.get(name) or ()]

    def _chosen(
        self, where: Condition, stretches: Sequence[Stretch], size: int, columns: Sequence[Column] | None
    ) -> list[Row]:
        """Choose rows by their numbers first, then read the columns of these alone.

        In one query DuckDB (2.0) reads every column of each row group that a row comes from, which takes five times
        as long for rows that lie scattered.
        """
        numbers: list[int] = []
        for stretch in stretches:
            if len(numbers) < size:
                numbers += self._numbers(where, stretch, size - len(numbers))
        if not numbers:
            return []
        these = one_of(ROW.sql, numbers)
        found = self._rows(f"SELECT {self._selected(columns)} FROM variants WHERE {these.sql}", these.values)
        by_number = {row["row"]: row for row in found}
        return [by_number[number] for number in numbers]

    def _numbers(self, where: Condition, stretch: Stretch, size: int) -> list[int]:
        """The first rows of a stretch. Those near the end are looked for in ever longer parts from the end on."""
        numbers: list[int] = []
        parts = self._near_the_end(stretch) if stretch.from_the_end else [EVERYTHING]
        for near in parts:
            condition = all_of([one for one in (where, stretch.where, near) if one != EVERYTHING])
            sql = f"SELECT {ROW.sql} FROM variants WHERE {condition.sql} ORDER BY {stretch.order_by} LIMIT {size}"
            numbers = [number for (number,) in self._fetch(sql, condition.values)[1]]
            if len(numbers) == size:
                break
        return numbers

    def _prepared(self, sort: Sort) -> Sort:
        """Give the order by consequence the values that this table has."""
        if sort.column.name != CONSEQUENCE:
            return sort
        return replace(sort, column=replace(sort.column, order=by_severity(self.distinct(CONSEQUENCE))))

    def _near_the_end(self, stretch: Stretch) -> Iterator[Condition]:
        """Ever longer parts at a stretch's end, by row number; row groups outside are skipped."""
        end = min([self.total, *(value for value in stretch.where.values[-1:] if isinstance(value, int))])
        length = NEAR
        while length < end:
            yield Condition(f"{ROW.sql} >= ?", (end - length,))
            length *= 16
        yield EVERYTHING

    def _key(self, sort: Sort, row: int | None) -> tuple[Any, int] | None:
        """Return what the sort compares of a row: its value and its number."""
        if row is None:
            return None
        _, found = self._fetch(f"SELECT {sort.column.order} FROM variants WHERE {ROW.sql} = ?", (row,))
        return (found[0][0], row) if found else None

    def _selected(self, columns: Sequence[Column] | None) -> str:
        if columns is None:
            return ", ".join(quoted(name) for name in self.schema.names)
        return ", ".join([ROW.sql, *(f"{column.sql} AS {quoted(column.name)}" for column in columns)])

    def _count(self, first: Condition, rest: Sequence[Condition]) -> list[int]:
        """Count the first condition in WHERE, where row groups are skipped, and the others among what is left."""
        nested = [all_of(rest[: number + 1]) for number in range(len(rest))]
        filters = "".join(f", count(*) FILTER (WHERE {one.sql})" for one in nested)
        values = tuple(value for one in nested for value in one.values)
        _, [counts] = self._fetch(f"SELECT count(*){filters} FROM variants WHERE {first.sql}", (*values, *first.values))
        return list(counts)

    def _keep(self, counts: dict[Condition, int]) -> None:
        with self._lock:
            self._counts.update(counts)
            while len(self._counts) > KEPT_COUNTS:
                self._counts.popitem(last=False)

    def _rows(self, sql: str, values: Sequence[Any]) -> list[Row]:
        names, rows = self._fetch(sql, values)
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _fetch(self, sql: str, values: Sequence[Any]) -> tuple[list[str], list[tuple[Any, ...]]]:
        with limited(self._connection, QUERY_SECONDS) as cursor:
            cursor.execute(sql, list(values))
            return [one[0] for one in cursor.description or ()], cursor.fetchall()
