"""The questions by which all rows of a filter are streamed in an order, in flat memory.

DuckDB (2.0) hands out the rows of one file as they stand there, but not where it joins, and a list of five values or
more it joins. So a filter's rows are asked for in the file's order explicitly: at once where they are few, else a
stretch of the file at a time, so that no more than a stretch is ever sorted.
"""

from __future__ import annotations

from collections.abc import Iterator

from annotations.engine.results.table import GROUP_ROWS
from annotations.explorer.columns import ROW
from annotations.explorer.conditions import EVERYTHING, Condition
from annotations.explorer.sorting import Sort

#: Batches in a stretch, about; a stretch is a whole number of the file's row groups.
BATCHES = 4


def stretches_of(where: Condition, sort: Sort, *, matching: int, total: int, rows: int) -> Iterator[Condition]:
    """Yield what stands behind WHERE, in the order of the rows, ``matching`` of ``total`` in batches of ``rows``."""
    order = sort.whole()[0].order_by
    step = max(1, BATCHES * rows // GROUP_ROWS) * GROUP_ROWS
    if where == EVERYTHING and sort.is_file_order:
        yield where
    elif matching <= step or not sort.is_file_order:
        yield Condition(f"{where.sql} ORDER BY {order}", where.values)
    else:
        for first in range(0, total, step):
            here = where & Condition(f"{ROW.sql} >= ? AND {ROW.sql} < ?", (first, first + step))
            yield Condition(f"{here.sql} ORDER BY {order}", here.values)
