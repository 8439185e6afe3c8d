"""The counts of a result, kept while its records stream by. Every total is exact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from annotations.engine.reference import Reference
from annotations.engine.results.alleles import CLASSES, substitution, variant_class
from annotations.engine.results.consequence import IMPACTS, SEVERITY
from annotations.engine.results.distributions import Distributions

if TYPE_CHECKING:
    from annotations.engine.results.records import Records
    from annotations.engine.results.source_values import SourceValues
    from annotations.engine.results.textblock import Flags

#: Bounds of the frequency bins, as fractions: [low, high), the last one closed.
FREQUENCY_BINS = ((0.0, 0.0001), (0.0001, 0.001), (0.001, 0.01), (0.01, 0.05), (0.05, 1.0))
_BIN_BOUNDS = np.array([high for _, high in FREQUENCY_BINS[:-1]])
#: Genes listed by count; the others of a whole genome are in the table.
MAX_GENES = 5_000


def _counter() -> Counter[str]:
    return Counter()


@dataclass
class Tally:
    """Counts over the output records of one result.

    ``by_consequence``, ``by_impact`` and ``by_region`` count each annotated record once, by its most severe term;
    ``by_gene`` counts a record in every gene it falls in.
    """

    total: int = 0
    known: int = 0
    known_annotated: int = 0
    """Of ``known``, those that are annotated: a source may know an allele that nothing can be told of."""
    confirmed: int = 0
    not_annotated: Counter[str] = field(default_factory=_counter)
    by_source: Counter[str] = field(default_factory=_counter)
    by_class: Counter[str] = field(default_factory=_counter)
    by_consequence: Counter[str] = field(default_factory=_counter)
    by_impact: Counter[str] = field(default_factory=_counter)
    by_gene: Counter[str] = field(default_factory=_counter)
    by_contig: Counter[str] = field(default_factory=_counter)
    by_region: Counter[str] = field(default_factory=_counter)
    substitutions: Counter[str] = field(default_factory=_counter)
    frequencies: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(FREQUENCY_BINS), np.int64))
    frequency_not_seen: int = 0
    frequency_not_seen_annotated: int = 0
    frequency_zeros: int = 0
    """Of ``frequencies``, those of alleles that were looked for and never seen."""
    spread: Distributions = field(default_factory=Distributions)
    untold: set[str] = field(default_factory=set)
    """Counts that one of the merged does not have, made by an earlier GAS: of all together they are not known."""

    def add(self, records: Records) -> None:
        """Count a block."""
        self.total += len(records)
        for contig, first, last in records.runs:
            self.by_contig[contig] += last - first
        self._add_entries(records)
        annotated = np.array([entry.consequence is not None for entry in records.entries], np.bool_)
        self._add_values(records.values, annotated[records.codes])
        self.spread.add(records)
        for (ref, alt), count in zip(records.alleles, records.allele_counts, strict=True):
            of_class = variant_class(ref, alt)
            self.by_class[of_class] += count
            self.spread.add_allele(ref, alt, of_class, count)
            self.substitutions[substitution(ref, alt)] += count

    def _add_entries(self, records: Records) -> None:
        counts = np.bincount(records.codes, minlength=len(records.entries)).tolist()
        for entry, count in zip(records.entries, counts, strict=True):
            # An entry may stand in the list though reasons took all its records.
            if not count:
                continue
            found = entry.consequence
            if found is None:
                self.not_annotated[entry.reason] += count
                continue
            self.by_consequence[found.worst] += count
            self.by_impact[found.impact] += count
            self.by_region[found.region] += count
            for gene in found.genes.split(",") if found.genes else ():
                self.by_gene[gene] += count

    def _add_values(self, values: SourceValues, annotated: Flags) -> None:
        self.known += int(values.known.sum())
        self.known_annotated += int((values.known & annotated).sum())
        self.confirmed += int(values.confirmed.sum())
        for source, found in values.found.items():
            self.by_source[source] += int(found.sum())
        without = np.isnan(values.frequency)
        seen = values.frequency[~without]
        self.frequency_not_seen += int(without.sum())
        self.frequency_not_seen_annotated += int((without & annotated).sum())
        self.frequency_zeros += len(seen) - int(np.count_nonzero(seen))
        bins = np.searchsorted(_BIN_BOUNDS, seen, side="right")
        self.frequencies = (self.frequencies + np.bincount(bins, minlength=len(FREQUENCY_BINS))).astype(np.int64)

    def state(self) -> dict[str, Any]:
        """Everything counted, as JSON's own types: what ``merge`` takes."""
        told = (name for name in _COUNTED if name not in self.untold)
        return {name: _plain(getattr(self, name)) for name in told} | {"spread": self.spread.state()}

    def merge(self, state: Mapping[str, Any]) -> None:
        """Add what another counted of the records behind these; an earlier GAS has not counted all of it."""
        self.untold.update(name for name in _COUNTED if name not in state)
        for name in filter(state.__contains__, _COUNTED):
            mine = getattr(self, name)
            if isinstance(mine, Counter):
                mine.update(state[name])
            else:
                setattr(self, name, mine + (np.array(state[name]) if isinstance(mine, np.ndarray) else state[name]))
        self.spread.merge(state["spread"])

    def to_json(self, reference: Reference) -> dict[str, Any]:
        """The counts under the names they bear in ``summary.json``."""
        return {
            "total": self.total,
            "annotated": self.total - self.not_annotated.total(),
            "not_annotated": _by_count(self.not_annotated),
            "known": self.known,
            "known_annotated": self._told("known_annotated"),
            "by_source": {source.name: self.by_source[source.name] for source in reference.sources},
            "by_class": {name: self.by_class[name] for name in CLASSES},
            "by_consequence": dict(sorted(self.by_consequence.items(), key=lambda item: SEVERITY[item[0]])),
            "by_impact": {impact: self.by_impact[impact] for impact in IMPACTS},
            "by_gene": _by_count(self.by_gene, MAX_GENES),
            "by_contig": dict(self.by_contig),
            "by_region": _by_count(self.by_region),
            "transitions": self.substitutions["transition"],
            "transversions": self.substitutions["transversion"],
            "frequency": self._frequency(reference),
            "confirmed": self.confirmed,
            **self.spread.to_json(reference),
        }

    def _told(self, name: str) -> int | None:
        count: int = getattr(self, name)
        return None if name in self.untold else count

    def _frequency(self, reference: Reference) -> dict[str, Any] | None:
        named = [(source, item) for source in reference.sources for item in source.fields if item.role == "frequency"]
        if not named:
            return None
        source, item = named[0]
        bins = [
            {"label": _bin_label(low, high), "low": low, "high": high, "count": count}
            for (low, high), count in zip(FREQUENCY_BINS, self.frequencies.tolist(), strict=True)
        ]
        return {
            "field": item.info,
            "source": source.name,
            "bins": bins,
            "not_seen": self.frequency_not_seen,
            "not_seen_annotated": self._told("frequency_not_seen_annotated"),
            "zeros": self._told("frequency_zeros"),
        }


_COUNTED = tuple(one.name for one in fields(Tally) if one.name not in {"spread", "untold"})


def _plain(counted: Any) -> Any:
    return counted.tolist() if isinstance(counted, np.ndarray) else counted


def _by_count(counts: Counter[str], most: int | None = None) -> dict[str, int]:
    """The largest first; of equals the first by name, so that no order of counting shows."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most])


def _bin_label(low: float, high: float) -> str:
    """A bin in percent, such as "0.1 % to 1 %"."""
    if low == 0:
        return f"below {_percent(high)}"
    return f"{_percent(low)} and above" if high == 1.0 else f"{_percent(low)} to {_percent(high)}"


def _percent(fraction: float) -> str:
    return f"{fraction * 100:g} %"
