"""Reads what is asked of the record itself: place, class, quality, FILTER, known or novel, why not annotated."""

from __future__ import annotations

from annotations.engine.results.alleles import CLASSES
from annotations.explorer.conditions import Condition, any_of, one_of
from annotations.explorer.reading import BadValue, Reading, listed, number_range, quoted_list, split_values, within
from annotations.explorer.regions import ContigNames, Region
from annotations.explorer.regions import read_region as region_of
from annotations.explorer.table import VariantTable
from annotations.figures.words import thousands

KNOWN = {"yes": Reading("Known", Condition('"known"')), "no": Reading("Novel", Condition('NOT "known"'))}
MAX_REGIONS = 500


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
    return Reading(label, any_of([region.condition for region in regions]), (note,) if wrong else ())


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
    """``yes``: one of the sources knows the allele; ``no``: none does."""
    reading = KNOWN.get(values[0].lower())
    if reading is None:
        raise BadValue("Known or novel is asked with yes or no.")
    return reading


def read_quality(values: tuple[str, ...], table: VariantTable) -> Reading:
    """QUAL: ``30`` and more, ``30-100``, ``-30``. A record without QUAL is not in any range."""
    found = number_range(values[0])
    if found.high is None:
        label = f"Quality {found.low:g} or more"
    elif found.low is None:
        label = f"Quality up to {found.high:g}"
    else:
        label = f"Quality {found.low:g} to {found.high:g}"
    return Reading(label, within('"qual"', found))


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
