"""The filter as a value: what a URL's query asks for, and the query that asks for it.

Nothing is judged here; ``plan.plan_for`` turns a filter into conditions and says what it could not understand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.http import QueryDict

#: Parameters in the order their steps are taken, which is the order of the chips.
NAMES = (
    "q",
    "gene",
    "region",
    "impact",
    "consequence",
    "worst",
    "class",
    "known",
    "clinical",
    "disease",
    "frequency",
    "quality",
    "length",
    "filter",
    "genotype",
    "level",
    "reason",
)
#: Limits of what is looked at: a pasted list of genes is long, but not endless.
MAX_VALUES, MAX_CHARACTERS = 50, 200_000


@dataclass(frozen=True)
class Filter:
    """Values by parameter, hashable; parameters without a value are not in it."""

    items: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.items)

    @classmethod
    def of(cls, values: Mapping[str, Sequence[str]]) -> Filter:
        """Make a filter of lists of values; names that are no parameter, and empty values, are left out."""
        kept = {name: tuple(filter(None, map(_clean, values.get(name, ())[:MAX_VALUES]))) for name in NAMES}
        return cls(tuple((name, found) for name, found in kept.items() if found))

    @classmethod
    def from_query(cls, query: QueryDict) -> Filter:
        """Read the query string of a request."""
        return cls.of({name: query.getlist(name) for name in NAMES})

    @classmethod
    def from_text(cls, text: str) -> Filter:
        """Read a query string as ``to_text`` writes it."""
        values: dict[str, list[str]] = {}
        for name, value in parse_qsl(text, max_num_fields=1_000):
            values.setdefault(name, []).append(value)
        return cls.of(values)

    def to_text(self, **others: Any) -> str:
        """Return the query string of this filter, with ``others`` (sort, columns) that say something behind it."""
        pairs = [(name, value) for name, values in self.items for value in values]
        return urlencode([*pairs, *((name, value) for name, value in others.items() if value not in ("", None))])

    def values(self, name: str) -> tuple[str, ...]:
        """Return a parameter's values, none when the filter does not have it."""
        return dict(self.items).get(name, ())

    def with_(self, name: str, *values: str) -> Filter:
        """Return the filter with a parameter set, or taken out when there is no value."""
        return Filter.of({**dict(self.items), name: values})

    def without(self, name: str, value: str | None = None) -> Filter:
        """Return the filter without a parameter, or without one of its values."""
        left = [one for one in self.values(name) if value is not None and one != value]
        return self.with_(name, *left)


def _clean(text: str) -> str:
    """Drop what cannot be printed and the space around: a pasted list comes with line ends and tabs."""
    spaced = text[:MAX_CHARACTERS].replace("\n", " ").replace("\r", " ").replace("\t", " ")
    return "".join(filter(str.isprintable, spaced)).strip()
