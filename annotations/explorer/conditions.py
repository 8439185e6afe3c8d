"""Pieces of SQL that ask something of a row. A piece holds names from the catalogue and question marks, never a value.

Values travel beside the text, in the order of their question marks, and DuckDB binds them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Condition:
    """A boolean expression over a row of the table. Built from constants of this package and ``Column.sql`` only."""

    sql: str
    values: tuple[Any, ...] = ()

    def __and__(self, other: Condition) -> Condition:
        return all_of([self, other])

    def __or__(self, other: Condition) -> Condition:
        return any_of([self, other])


EVERYTHING = Condition("TRUE")
NOTHING = Condition("FALSE")


def all_of(conditions: Sequence[Condition]) -> Condition:
    """Rows that every condition takes; all rows when there is none."""
    return _joined(conditions, " AND ", EVERYTHING)


def any_of(conditions: Sequence[Condition]) -> Condition:
    """Rows that at least one condition takes; no row when there is none."""
    return _joined(conditions, " OR ", NOTHING)


def one_of(expression: str, values: Sequence[Any]) -> Condition:
    """Rows whose ``expression`` is one of the values; no row when there is none."""
    if not values:
        return NOTHING
    marks = ", ".join("?" * len(values))
    return Condition(f"{expression} IN ({marks})", tuple(values))


def _joined(conditions: Sequence[Condition], word: str, without: Condition) -> Condition:
    if len(conditions) < 2:
        return conditions[0] if conditions else without
    sql = word.join(f"({one.sql})" for one in conditions)
    return Condition(sql, tuple(value for one in conditions for value in one.values))
