"""All that a result's summary counts, of one stream of records or of several that make one result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from annotations.engine.reference import Reference, SourceField
from annotations.engine.results.distributions import Distributions
from annotations.engine.results.marks import Marks, Ranked, most_notable
from annotations.engine.results.summary import Tally

if TYPE_CHECKING:
    from annotations.engine.results.records import Records

#: A contig and a position there.
Place = tuple[str, int]


class Counts:
    """Counts the records of one stream, block by block."""

    def __init__(self, fields: Sequence[SourceField], samples: Sequence[str]) -> None:
        self._tally = Tally(spread=Distributions(samples))
        self._marks = Marks(fields)
        self._first: Place | None = None
        self._last: Place | None = None

    def add(self, records: Records) -> None:
        """Count a block."""
        self._tally.add(records)
        self._marks.add(records)
        self._first = self._first or (records.runs[0][0], records.pos[0].as_py())
        self._last = (records.runs[-1][0], records.pos[-1].as_py())

    def to_json(self, reference: Reference) -> dict[str, Any]:
        """The counts under the names they bear in ``summary.json``."""
        return self._tally.to_json(reference) | {"marks": self._marks.to_json(reference)}

    def state(self, reference: Reference) -> dict[str, Any]:
        """The same before anything is left out of it, for MergedCounts, and the first and last record's place."""
        return {
            "tally": self._tally.state(),
            "marks": self._marks.ranked(reference),
            "first": self._first,
            "last": self._last,
        }


class MergedCounts:
    """Puts the states of one result's parts together, in the order of its records."""

    def __init__(self, samples: Sequence[str]) -> None:
        self._tally = Tally(spread=Distributions(samples))
        self._marks: list[Ranked] = []

    def add(self, state: Mapping[str, Any]) -> None:
        """Add the next part's."""
        self._tally.merge(state["tally"])
        self._marks = most_notable([self._marks, state["marks"]])

    def to_json(self, reference: Reference) -> dict[str, Any]:
        """What one Counts of all the records would say."""
        return self._tally.to_json(reference) | {"marks": [mark for _, mark in self._marks]}
