"""The order of rows, and pages by key: where a page goes on after a row, whatever it is sorted by.

Equal values stand in the order of the file; rows without a value come last in either direction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from annotations.explorer.columns import ROW, Catalogue, Column
from annotations.explorer.conditions import Condition


@dataclass(frozen=True)
class Sort:
    """A column and a direction. As text, ``impact`` or ``-impact``, the minus for the largest first."""

    column: Column = ROW
    descending: bool = False

    def __str__(self) -> str:
        return f"-{self.column.name}" if self.descending else self.column.name

    @property
    def is_file_order(self) -> bool:
        """Say whether rows stand as in the file."""
        return self.column.order == ROW.order and not self.descending

    def order_by(self, *, backwards: bool = False) -> str:
        """Return what stands behind ORDER BY; ``backwards`` turns all of it round."""
        direction = "DESC" if self.descending != backwards else "ASC"
        if self.column.order == ROW.order:
            return f"{ROW.order} {direction}"
        nulls, rows = ("FIRST", "DESC") if backwards else ("LAST", "ASC")
        return f"{self.column.order} {direction} NULLS {nulls}, {ROW.order} {rows}"

    def beyond(self, value: Any, row: int, *, backwards: bool = False) -> Condition:
        """Rows that come after (backwards: before) the row that has this value of the sort column."""
        order = self.column.order
        further = "<" if self.descending != backwards else ">"
        if order == ROW.order:
            return Condition(f"{order} {further} ?", (row,))
        same = f"{order} = ? AND {ROW.order} {'<' if backwards else '>'} ?"
        if value is None:
            nulls = f"{order} IS NULL AND {ROW.order} {'<' if backwards else '>'} ?"
            return Condition(f"({nulls}) OR {order} IS NOT NULL" if backwards else nulls, (row,))
        last = "" if backwards else f" OR {order} IS NULL"
        return Condition(f"{order} {further} ? OR ({same}){last}", (value, value, row))


FILE_ORDER = Sort()


def read_sort(text: str, catalogue: Catalogue) -> Sort:
    """Return the order that a URL names; the file's order for a column that the table does not have."""
    column = catalogue.get(text.removeprefix("-"))
    return Sort(column, text.startswith("-")) if column else FILE_ORDER
