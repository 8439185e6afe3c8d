"""Filters to start from, as far as a result's sources can answer them."""

from __future__ import annotations

from dataclasses import dataclass

from annotations.explorer.clinical import HARMFUL
from annotations.explorer.columns import CLINICAL, Catalogue
from annotations.explorer.filters import Filter

RARE = "0.01"


@dataclass(frozen=True)
class Preset:
    """A filter with a name."""

    title: str
    filter: Filter


def presets_for(catalogue: Catalogue) -> list[Preset]:
    """Return the presets; what needs a frequency or a clinical significance is there when the sources have it."""
    damaging = {"impact": ["HIGH", "MODERATE"]}
    found = [Preset("All", Filter())]
    if catalogue.frequency is not None:
        found.append(Preset("Rare and damaging", Filter.of({**damaging, "frequency": [RARE]})))
    else:
        found.append(Preset("Damaging", Filter.of(damaging)))
    if catalogue.of_role(*CLINICAL):
        found.append(Preset("Known pathogenic", Filter.of({"clinical": list(HARMFUL)})))
    found.append(Preset("Novel", Filter.of({"known": ["no"]})))
    return found
