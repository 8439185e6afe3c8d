"""Reads what is asked of a sample: its genotype and its heteroplasmy. Samples are numbered from 1, as in the file.

A number, not a name: a name is a person's, and a URL ends up in histories and bookmarks.
"""

from __future__ import annotations

from annotations.explorer.conditions import Condition, all_of, one_of
from annotations.explorer.reading import BadValue, Reading, listed, number_range, quoted_list, within
from annotations.explorer.table import VariantTable
from annotations.figures.words import counted, percent

#: What can be asked of a genotype: the letters of ``engine.results.genotypes``, and words for a chip.
KINDS = {
    "het": (("1",), "heterozygous"),
    "hom": (("2",), "homozygous"),
    "carrier": (("1", "2"), "carrier"),
    "ref": (("0",), "without the allele"),
    "missing": ((".",), "not called"),
}
NO_GENOTYPES = "This result's table has no genotypes. If the file has samples, run it again to get them."


def read_genotype(values: tuple[str, ...], table: VariantTable) -> Reading:
    """``2:het``: the second sample is heterozygous; kinds are those of KINDS. Several must all hold."""
    if not table.catalogue.has_genotypes:
        raise BadValue(NO_GENOTYPES)
    labels, conditions = [], []
    for value in values:
        sample, _, kind = value.rpartition(":")
        if kind not in KINDS:
            raise BadValue(f"No genotype: {quoted_list([value])}. Write it like 1:het; there are {', '.join(KINDS)}.")
        letters, words = KINDS[kind]
        place = _sample(sample, table)
        labels.append(f"{table.catalogue.samples[place]} {words}")
        conditions.append(one_of(table.catalogue.genotype(place).sql, letters))
    return Reading(listed(labels, "and"), all_of(conditions))


def read_level(values: tuple[str, ...], table: VariantTable) -> Reading:
    """``1:0.1-0.9`` or ``10%-90%``: the heteroplasmy of a sample, both ends included; a number alone is the least."""
    if not table.catalogue.has_levels:
        raise BadValue("This result's table has no heteroplasmy: the file gives none.")
    labels: list[str] = []
    conditions: list[Condition] = []
    for value in values:
        sample, colon, text = value.rpartition(":")
        place = _sample(sample if colon else "1", table)
        found = number_range(text)
        name = f" of {table.catalogue.samples[place]}" if len(table.catalogue.samples) > 1 else ""
        low, high = percent(found.low or 0), percent(1 if found.high is None else found.high)
        labels.append(f"Level{name} {low} to {high}" if found.high is not None else f"Level{name} {low} or more")
        conditions.append(within(table.catalogue.level(place).sql, found))
    return Reading(listed(labels, "and"), all_of(conditions))


def _sample(text: str, table: VariantTable) -> int:
    count = len(table.catalogue.samples)
    place = int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else 0
    if not 1 <= place <= count:
        raise BadValue(f"There is no sample {quoted_list([text])}: this file has {counted(count, 'sample')}.")
    return place - 1
