"""The most notable alleles of a result, for figures that show alleles one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from annotations.engine.fair_turns import turn
from annotations.engine.hgvs.genomic import genomic_name
from annotations.engine.reference import Reference, SourceField
from annotations.engine.results.consequence import IMPACTS
from annotations.engine.results.entries import Entry

if TYPE_CHECKING:
    from annotations.engine.results.records import Records

#: Alleles a figure can show one by one.
MAX_MARKS = 500
#: Confirmed alleles come before all others, a higher impact before a lower, then those with a disease, then rarity.
_NOT_CONFIRMED, _IMPACT, _NO_DISEASE = 100.0, 10.0, 2.0
#: Frequencies that differ by less are equal, and equals take turns along their contig.
_EQUAL = 1e-7


@dataclass(frozen=True, slots=True)
class _Mark:
    rank: float
    contig: str
    pos: int
    ref: str
    alt: str
    entry: Entry
    frequency: float | None
    confirmed: bool
    disease: str


#: A mark as the summary has it, behind its rank.
Ranked = tuple[float, dict[str, Any]]


class Marks:
    """Keeps the MAX_MARKS most notable of all records; of equals some from everywhere on their contigs."""

    def __init__(self, fields: Sequence[SourceField]) -> None:
        self._disease = [at for at, field in enumerate(fields) if field.role == "disease"]
        self._marks: list[_Mark] = []

    def add(self, records: Records) -> None:
        """Look through a block of records."""
        values = records.values
        impacts = np.array([_impact_rank(entry) for entry in records.entries])[records.codes]
        ranks = np.where(values.confirmed, 0.0, _NOT_CONFIRMED) + impacts * _IMPACT
        ranks += np.where(values.has_disease, 0.0, _NO_DISEASE)
        # A frequency is a fraction; one that is not must not outweigh the other grounds.
        ranks += np.clip(np.nan_to_num(values.frequency, nan=0.0), 0.0, 1.0)
        last = self._marks[-1].rank if len(self._marks) == MAX_MARKS else np.inf
        candidates = np.flatnonzero(ranks < last)
        # A turn only puts back, so of the few that are notable enough alone.
        ranks[candidates] += turn(records.pos.to_numpy()[candidates].astype(np.uint64)) * _EQUAL
        candidates = candidates[ranks[candidates] < last]
        if not len(candidates):
            return
        chosen = candidates[np.argsort(ranks[candidates], kind="stable")[:MAX_MARKS]]
        added = [self._mark(records, at, float(ranks[at])) for at in chosen.tolist()]
        self._marks = sorted([*self._marks, *added], key=lambda mark: mark.rank)[:MAX_MARKS]

    def to_json(self, reference: Reference) -> list[dict[str, Any]]:
        """The marks, most notable first."""
        return [mark for _, mark in self.ranked(reference)]

    def ranked(self, reference: Reference) -> list[Ranked]:
        """The same, each behind its rank, for ``most_notable``."""
        return [(mark.rank, _mark_json(mark, reference)) for mark in self._marks]

    def _mark(self, records: Records, at: int, rank: float) -> _Mark:
        values = records.values
        diseases = (values.columns[column][at].as_py() for column in self._disease)
        frequency = float(values.frequency[at])
        return _Mark(
            rank=rank,
            contig=records.contig[at].as_py(),
            pos=records.pos[at].as_py(),
            ref=records.ref[at].as_py(),
            alt=records.alt[at].as_py(),
            entry=records.entries[records.codes[at]],
            frequency=None if np.isnan(frequency) else frequency,
            confirmed=bool(values.confirmed[at]),
            disease=next((str(disease) for disease in diseases if disease), ""),
        )


def most_notable(parts: Iterable[Sequence[Ranked]]) -> list[Ranked]:
    """The MAX_MARKS most notable of the parts of one result, in its order."""
    return sorted(chain.from_iterable(parts), key=lambda ranked: ranked[0])[:MAX_MARKS]


def _impact_rank(entry: Entry) -> int:
    return IMPACTS.index(entry.consequence.impact) if entry.consequence else len(IMPACTS)


def _mark_json(mark: _Mark, reference: Reference) -> dict[str, Any]:
    known = reference.contig_names().get(mark.contig)
    mitochondrial = known is not None and known.mitochondrial
    sequence = reference.sequence(known.name) if known and not mark.entry.reason else None
    found = mark.entry.consequence
    return {
        "contig": mark.contig,
        "pos": mark.pos,
        "ref": mark.ref,
        "alt": mark.alt,
        "hgvs": genomic_name(mark.pos, mark.ref, mark.alt, sequence, mitochondrial=mitochondrial),
        "gene": found.gene if found else "",
        "consequence": found.worst if found else "",
        "protein": found.protein if found else "",
        "impact": found.impact if found else "",
        "frequency": mark.frequency,
        "confirmed": mark.confirmed,
        "disease": mark.disease,
    }
