"""Reads what is asked of the record itself: place, class, quality, FILTER, known or novel, why not annotated."""

from __future__ import annotations

import re

from annotations.engine.results.alleles import CLASSES
from annotations.explorer.conditions import Condition, all_of, any_of, one_of
from annotations.explorer.reading import (
    BadValue,
    Range,
    Reading,
    listed,
    number_range,
    quoted_list,
    split_values,
    within,
)
from annotations.explorer.regions import ContigNames, Region
from annotations.explorer.regions import read_region as region_of
from annotations.explorer.table import VariantTable
from annotations.figures.words import thousands

ANNOTATED = Condition('"not_annotated" IS NULL')
MAX_REGIONS = 500
_LENGTH = re.compile(r"([+-]?)(\d{1,9})(-?)(\d{0,9})")


def contig_names(table: VariantTable) -> ContigNames:
    """Return the names of this result's contigs."""
    return ContigNames(table.distinct("contig"), table.reference)


def read_region(values: tuple[str, ...], table: VariantTable) -> Reading:
    """``MT:3,000-4,000``, ``chrM:11778``, ``chr7``; several with spaces or semicolons between them."""
    names = contig_names(table)
    texts = [part for value in values for part in value.replace(";", " ").split()]
    found = {text: region_of(text, names) for text in texts[:MAX_REGIONS]}
    regions = [region for region in found.values() if region is not None]
    wrong = [text for text, region in found.items() if region is None]
    note = f"Not a place on this genome: {quoted_list(wrong)}. Write it like {_example(table)}:1,000-2,000."
    if not regions:
        raise BadValue(note)
    label = listed([str(region) for region in regions])
    return Reading(
        label, any_of([region.condition(table.schema.names) for region in regions]), (note,) if wrong else ()
    )


def read_class(values: tuple[str, ...], table: VariantTable) -> Reading:
    """SNV, insertion, deletion, MNV, indel, symbolic, other."""
    by_name = {name.lower(): name for name in CLASSES}
    wanted = split_values(values)
    found = [by_name[value.lower()] for value in wanted if value.lower() in by_name]
    if len(found) < len(wanted):
        wrong = [value for value in wanted if value.lower() not in by_name]
        raise BadValue(f"No class of variants: {quoted_list(wrong)}. The classes are {', '.join(CLASSES)}.")
    return Reading(listed(found), one_of('"class"', found))


def read_known(values: tuple[str, ...], table: VariantTable) -> Reading:
    """``yes``: one of the sources knows the allele; ``no``: it is annotated, and none does."""
    if values[0].lower() == "yes":
        return Reading("Known", Condition('"known"'))
    if values[0].lower() != "no":
        raise BadValue("Known or novel is asked with yes or no.")
    return Reading("Novel", all_of([Condition('NOT "known"'), *only_annotated(table)]))


def only_annotated(table: VariantTable) -> list[Condition]:
    """What keeps variants apart that could not be annotated; nothing where all were.

    Sources are asked for them too, but of most (a symbol, a contig of another genome) none can know anything.
    """
    return [ANNOTATED] if table.has(Condition('"not_annotated" IS NOT NULL')) else []


def read_quality(values: tuple[str, ...], table: VariantTable) -> Reading:
    """QUAL: ``30`` and more, ``30-100``, ``-30``; ``none`` for records without it, which are in no range.

    ``30-100)`` leaves 100 out: so the bars of a figure ask.
    """
    if values[0].lower() == "none":
        return Reading("Without quality", Condition('"qual" IS NULL'))
    is_open = values[0].endswith(")")
    found = number_range(values[0].removesuffix(")"))
    if found.high is None:
        label = f"Quality {found.low:g} or more"
    elif found.low is None:
        label = f"Quality {'under' if is_open else 'up to'} {found.high:g}"
    else:
        label = f"Quality {found.low:g} to {'under ' if is_open else ''}{found.high:g}"
    return Reading(label, within('"qual"', found, end="<" if is_open else "<="))


def read_length(values: tuple[str, ...], table: VariantTable) -> Reading:
    """How many bases an insertion adds (``+3``, ``+6-10``, ``+21-`` for 21 and more) or a deletion takes (``-3``)."""
    match = _LENGTH.fullmatch(values[0].strip())
    if not match:
        raise BadValue(f"“{quoted_list(values[:1])}” is no length. Write +3 for three bases inserted, -3 for deleted.")
    sign, low, dash, high = match.groups()
    kind, long, short = ("deletion", "ref", "alt") if sign == "-" else ("insertion", "alt", "ref")
    found = Range(int(low), int(high) if high else None if dash else int(low))
    size = low if not dash else f"{low} to {high}" if high else f"{low} or more"
    asked = within(f'length("{long}") - length("{short}")', found)
    label = f"{size} bases {'inserted' if kind == 'insertion' else 'deleted'}"
    return Reading(label, all_of([one_of('"class"', [kind]), asked]))


def read_filter(values: tuple[str, ...], table: VariantTable) -> Reading:
    """FILTER as the file has it (``PASS``, ``q10;s50``); ``.`` for records that were not filtered."""
    names = [value for value in values if value != "."]
    conditions = [one_of('"filter"', names)] if names else []
    if "." in values:
        conditions.append(Condition('"filter" IS NULL'))
    shown = [value if value != "." else "not filtered" for value in values]
    return Reading(f"FILTER {listed(shown)}", any_of(conditions))


def read_reason(values: tuple[str, ...], table: VariantTable) -> Reading:
    """Why an allele could not be annotated, by the engine's word; ``any`` for all such, ``none`` for the others."""
    if values[0] == "any":
        return Reading("Not annotated", Condition('"not_annotated" IS NOT NULL'))
    if values[0] == "none":
        return Reading("Annotated", Condition('"not_annotated" IS NULL'))
    present = table.distinct("not_annotated")
    wrong = [value for value in values if value not in present]
    if wrong:
        raise BadValue(f"No record of this result was left out because of {quoted_list(wrong)}.")
    return Reading(
        f"Not annotated: {listed([value.replace('_', ' ') for value in values])}", one_of('"not_annotated"', values)
    )


def place_label(region: Region) -> str:
    """Say where a region is, in a chip."""
    return str(region) if region.start is None else f"{region.contig}:{thousands(region.start)}"


def _example(table: VariantTable) -> str:
    contigs = table.distinct("contig")
    return str(contigs[0]) if contigs else "chr1"
