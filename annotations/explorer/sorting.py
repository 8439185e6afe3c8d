"""The order of rows, and pages by key: where a page goes on after a row, whatever it is sorted by.

Equal values stand in the order of the file; rows without a value come last in either direction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from annotations.explorer.columns import ROW, Catalogue, Column
from annotations.explorer.conditions import EVERYTHING, Condition


@dataclass(frozen=True)
class Stretch:
    """A part of an order: which rows, and what stands behind ORDER BY."""

    where: Condition
    order_by: str

    @property
    def from_the_end(self) -> bool:
        """Say whether its rows stand in the order of the file, turned round."""
        return self.order_by == f"{ROW.order} DESC"


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

    def whole(self) -> list[Stretch]:
        """Return the whole order as one stretch."""
        return [Stretch(EVERYTHING, self._order())]

    def beyond(self, value: Any, row: int, *, backwards: bool = False) -> list[Stretch]:
        """Return what follows (backwards: precedes, nearest first) the row that has this value of the sort column.

        One stretch after the other, because rows with the same value, with another and with none are found quickly
        each, and all at once (with OR) slowly.
        """
        order, onwards = self.column.order, f"{ROW.order} {'<' if backwards else '>'} ?"
        by_row = f"{ROW.order} {'DESC' if backwards else 'ASC'}"
        further = "<" if self.descending != backwards else ">"
        if order == ROW.order:
            return [Stretch(Condition(f"{order} {further} ?", (row,)), self._order(backwards=backwards))]
        without = Condition(f"{order} IS NULL")
        if value is None:
            same = Stretch(without & Condition(onwards, (row,)), by_row)
            others = [Stretch(Condition(f"{order} IS NOT NULL"), self._order(backwards=True))]
            return [same, *(others if backwards else [])]
        same = Stretch(Condition(f"{order} = ? AND {onwards}", (value, row)), by_row)
        others = [Stretch(Condition(f"{order} {further} ?", (value,)), self._order(backwards=backwards))]
        return [same, *others, *([] if backwards else [Stretch(without, by_row)])]

    def _order(self, *, backwards: bool = False) -> str:
        direction = "DESC" if self.descending != backwards else "ASC"
        if self.column.order == ROW.order:
            return f"{ROW.order} {direction}"
        nulls, rows = ("FIRST", "DESC") if backwards else ("LAST", "ASC")
        return f"{self.column.order} {direction} NULLS {nulls}, {ROW.order} {rows}"


FILE_ORDER = Sort()


def read_sort(text: str, catalogue: Catalogue) -> Sort:
    """Return the order that a URL names; the file's order for a column that the table does not have."""
    column = catalogue.get(text.removeprefix("-"))
    return Sort(column, text.startswith("-")) if column else FILE_ORDER
