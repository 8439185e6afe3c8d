"""What reading a parameter's values gives, and the small things all readers need."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from annotations.explorer.conditions import Condition

#: Values named in a chip; more are counted.
MOST_NAMED = 3
MOST_QUOTED = 10


class BadValue(Exception):
    """A value that cannot be applied. Its message is a sentence for the person who wrote it."""


@dataclass(frozen=True)
class Reading:
    """A condition, the chip's words for it, and sentences about parts that were left out."""

    label: str
    condition: Condition
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Range:
    """Numbers from ``low`` to ``high``, both included; None is open."""

    low: float | None
    high: float | None


def split_values(values: Sequence[str]) -> list[str]:
    """Take lists apart at commas, and drop doubles."""
    return list(dict.fromkeys(part for value in values for part in map(str.strip, value.split(",")) if part))


def listed(names: Sequence[str], word: str = "or") -> str:
    """Name up to three things, count more.

    >>> listed(["HIGH", "MODERATE"]), listed(["a", "b", "c", "d"])
    ('HIGH or MODERATE', 'a, b and 2 more')
    """
    if len(names) > MOST_NAMED:
        return f"{', '.join(names[: MOST_NAMED - 1])} and {len(names) - MOST_NAMED + 1} more"
    return f" {word} ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def quoted_list(values: Sequence[str]) -> str:
    """Quote what a person wrote, shortened: the sentence is to be readable whatever stands in the URL."""
    shown = [value if len(value) <= 40 else value[:39] + "…" for value in values[:MOST_QUOTED]]
    more = f" and {len(values) - MOST_QUOTED:,} more" if len(values) > MOST_QUOTED else ""
    return ", ".join(shown) + more


def number(text: str) -> float:
    """Read a number, or a percentage as a fraction. Raises BadValue for anything else, infinity included."""
    plain = text.strip()
    factor = 0.01 if plain.endswith("%") else 1.0
    try:
        value = float(plain.removesuffix("%").replace("_", "x"))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadValue(f"“{quoted_list([text])}” is not a number. Write it like 0.01 or 1%.")
    return value * factor if factor != 1 else value


def number_range(text: str) -> Range:
    """Read ``LOW-HIGH``, ``LOW-`` or ``-HIGH``; a number alone is LOW."""
    low, dash, high = text.partition("-")
    if "e" in low[-1:].lower():  # 1e-5 is one number
        more, dash, high = high.partition("-")
        low = f"{low}-{more}"
    found = Range(number(low) if low.strip() else None, number(high) if dash and high.strip() else None)
    if found.low is not None and found.high is not None and found.low > found.high:
        raise BadValue(f"“{quoted_list([text])}” runs backwards. Write the smaller number first.")
    if found.low is None and found.high is None:
        raise BadValue(f"“{quoted_list([text])}” is not a range. Write it like 10-30.")
    return found


def within(expression: str, found: Range, *, end: str = "<=") -> Condition:
    """Rows whose expression lies in the range; without a value they do not."""
    bounds = [(f"{expression} >= ?", found.low), (f"{expression} {end} ?", found.high)]
    given = [(sql, value) for sql, value in bounds if value is not None]
    return Condition(" AND ".join(sql for sql, _ in given), tuple(value for _, value in given))
