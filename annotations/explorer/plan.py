"""A filter held against a table: its steps as conditions, and sentences about what could not be understood."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from annotations.explorer.conditions import Condition, all_of
from annotations.explorer.filters import Filter
from annotations.explorer.reading import BadValue, Reading
from annotations.explorer.reading_effect import read_consequence, read_genes, read_impact, read_worst
from annotations.explorer.reading_record import (
    read_class,
    read_filter,
    read_known,
    read_length,
    read_quality,
    read_reason,
    read_region,
)
from annotations.explorer.reading_samples import read_genotype, read_level
from annotations.explorer.reading_sources import read_clinical, read_disease, read_frequency
from annotations.explorer.search import read_search
from annotations.explorer.table import VariantTable

Reader = Callable[[tuple[str, ...], VariantTable], Reading]

#: Who reads which parameter; ``filters.NAMES`` has the order.
READERS: dict[str, Reader] = {
    "q": read_search,
    "gene": read_genes,
    "region": read_region,
    "impact": read_impact,
    "consequence": read_consequence,
    "worst": read_worst,
    "class": read_class,
    "known": read_known,
    "clinical": read_clinical,
    "disease": read_disease,
    "frequency": read_frequency,
    "quality": read_quality,
    "length": read_length,
    "filter": read_filter,
    "genotype": read_genotype,
    "level": read_level,
    "reason": read_reason,
}


@dataclass(frozen=True)
class Step:
    """One chip: the parameter, what it says, what it asks, and the filter that is left when it is taken out."""

    name: str
    label: str
    condition: Condition
    without: Filter


@dataclass(frozen=True)
class Plan:
    """The steps in their order. ``problems`` are sentences about values that were not applied, or only in part."""

    filter: Filter
    steps: tuple[Step, ...]
    problems: tuple[str, ...]

    @property
    def where(self) -> Condition:
        """Rows that every step takes."""
        return all_of(self.conditions)

    @property
    def conditions(self) -> list[Condition]:
        """The steps' conditions, for ``VariantTable.counts``."""
        return [step.condition for step in self.steps]


def plan_for(chosen: Filter, table: VariantTable) -> Plan:
    """Turn a filter into steps. Never raises for what a user wrote: what cannot be read becomes a sentence."""
    steps: list[Step] = []
    problems: list[str] = []
    for name, values in chosen.items:
        try:
            reading = READERS[name](values, table)
        except BadValue as error:
            problems.append(str(error))
            continue
        problems += reading.notes
        steps.append(Step(name, reading.label, reading.condition, chosen.without(name)))
    return Plan(chosen, tuple(steps), tuple(problems))
