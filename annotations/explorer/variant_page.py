"""What the page of one variant shows: everything known, in the file's words and in people's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString

from annotations.engine.results.consequence import Consequence
from annotations.explorer.cells import cell
from annotations.explorer.columns import Column
from annotations.explorer.links import Link, links_for
from annotations.explorer.names import variant_name
from annotations.explorer.page import View
from annotations.explorer.pool import TableAway
from annotations.explorer.reading_samples import KINDS
from annotations.explorer.table import VariantTable
from annotations.explorer.transcripts import Line, line_of
from annotations.figures.words import counted, term
from annotations.models import Job, VariantNote

#: Samples listed; carriers come first, the line has the rest.
MOST_SAMPLES = 100
MOST_TRANSCRIPTS = 200
#: Characters of the original line that a page shows.
MOST_LINE = 20_000
_WORDS = {letters[0]: words for letters, words in KINDS.values() if len(letters) == 1}


@dataclass(frozen=True)
class SourceFacts:
    """What one source says: its name and version, and a value a field, written as cells are."""

    name: str
    version: str
    values: tuple[tuple[str, SafeString], ...]


@dataclass(frozen=True)
class SampleFacts:
    """One sample's genotype in words and as it stands, its level, and the caller's other values."""

    name: str
    words: str
    genotype: str
    level: float | None
    values: tuple[tuple[str, str], ...]


def variant_context(number: int, view: View, table: VariantTable) -> dict[str, Any] | None:
    """Return the context of the page; None for a row that the table does not have."""
    row = table.row(number)
    if row is None:
        return None
    job = view.job
    line, problem = _line(job, row, table)
    before, after = table.neighbours(view.plan.where, view.sort, number)
    transcripts = line.transcripts(table.reference) if line else []
    samples = _samples(row, line, table)
    return {
        "job": job,
        "door": view.door,
        "row": row,
        "name": variant_name(row, table.reference),
        "facts": _facts(row, table),
        "sources": _sources(row, table),
        "links": _links(row, table),
        "beside": _beside(row),
        "surroundings": _surroundings(row),
        "terms": [term(name) for name in (row.get("consequence") or "").split("&")],
        "transcripts": [_transcript(one, row) for one in transcripts[:MOST_TRANSCRIPTS]],
        "transcripts_left": max(0, len(transcripts) - MOST_TRANSCRIPTS),
        "samples": samples[:MOST_SAMPLES],
        "samples_left": max(0, len(samples) - MOST_SAMPLES),
        "has_levels": any(one.level is not None for one in samples[:MOST_SAMPLES]),
        "line": line.text[:MOST_LINE] if line else "",
        "line_cut": bool(line and len(line.text) > MOST_LINE),
        "problem": problem,
        "note": VariantNote.objects.filter(job=job, row=number).first() if view.door.owned else None,
        "before_url": view.row_url(before) if before is not None else "",
        "after_url": view.row_url(after) if after is not None else "",
        "back_url": view.url(),
        "filtered": bool(view.plan.steps),
        "query_text": view.address_text,
    }


def _beside(row: dict[str, Any]) -> str:
    """How an allele lies that is upstream of its gene and not in it; "" for every other."""
    distance = row.get("upstream_distance")
    return f"{counted(distance, 'base')} upstream of" if distance is not None and row.get("gene") else ""


def _surroundings(row: dict[str, Any]) -> list[tuple[str, str]]:
    """The nearest genes of an allele that lies in none, each with how far it is, in the contig's order."""
    sides = (("gene_before", "before it"), ("gene_after", "after it"))
    near = [(row.get(name), row.get(f"{name}_distance"), where) for name, where in sides]
    return [(gene, f"{counted(distance, 'base')} {where}") for gene, distance, where in near if gene and distance]


def _transcript(found: Consequence, row: dict[str, Any]) -> dict[str, str]:
    """A consequence in words; where csq names a gene alone, of the transcript that is told for it."""
    told = (row.get("transcript") or "") if found.gene == row.get("gene") else ""
    words = ", ".join(term(name) for name in found.terms.split("&"))
    return {
        "transcript": found.transcript or told,
        "impact": found.impact,
        "gene": found.gene,
        "words": words,
        "protein": found.protein,
    }


def keep_note(job: Job, row: int, text: str) -> str:
    """Write, replace or remove the note on a row, and say what was done."""
    if not text:
        VariantNote.objects.filter(job=job, row=row).delete()
        return "The note is removed."
    VariantNote.objects.update_or_create(job=job, row=row, defaults={"text": text})
    return "The note is kept."


def _line(job: Job, row: dict[str, Any], table: VariantTable) -> tuple[Line | None, str]:
    try:
        line = line_of(job, row, table.place_of(row))
    except TableAway as error:
        return None, str(error)
    return line, "" if line else "The index does not lead to this record's line. Download the VCF to read it."


def _facts(row: dict[str, Any], table: VariantTable) -> list[tuple[str, SafeString]]:
    names = ("id", "class", "known", "qual", "filter", "carriers")
    columns = [column for column in map(table.catalogue.get, names) if column is not None]
    return [(column.title, cell(column, row)) for column in columns]


def _sources(row: dict[str, Any], table: VariantTable) -> list[SourceFacts]:
    """What each source says, those that say nothing left out; own and removed ones last."""
    by_source: dict[str, list[Column]] = {}
    for column in table.catalogue.columns.values():
        if column.source:
            by_source.setdefault(column.source, []).append(column)
    versions = {source.name: source.version for source in table.reference.sources} if table.reference else {}
    found = [_source(name, versions.get(name, ""), columns, row) for name, columns in by_source.items()]
    gone = [column for column in table.catalogue.columns.values() if column.of_unknown_source]
    found.append(_source("Other sources of this result", "", gone, row))
    return [one for one in found if one.values]


def _source(name: str, version: str, columns: list[Column], row: dict[str, Any]) -> SourceFacts:
    said = [column for column in columns if row.get(column.name) is not None]
    return SourceFacts(name, version, tuple((column.title, cell(column, row, most=2_000)) for column in said))


def _samples(row: dict[str, Any], line: Line | None, table: VariantTable) -> list[SampleFacts]:
    """Every sample, carriers first."""
    letters, levels = table.samples_of(row), table.levels_of(row)
    order = sorted(range(len(letters)), key=lambda number: (letters[number] not in "12", letters[number] == "."))
    found: list[SampleFacts] = []
    for number in order:
        values = line.sample(number) if line and len(found) < MOST_SAMPLES else {}
        found.append(
            SampleFacts(
                table.catalogue.samples[number],
                _WORDS[letters[number]],
                values.pop("GT", ""),
                levels[number] if levels else None,
                tuple(values.items()),
            )
        )
    return found


def _links(row: dict[str, Any], table: VariantTable) -> list[Link]:
    sources = table.reference.sources if table.reference else ()
    return links_for(row, table.reference, [source.name for source in sources], _texts(row, table))


def _texts(row: dict[str, Any], table: VariantTable) -> list[str]:
    return [
        str(row[column.name]) for column in table.catalogue.columns.values() if column.source and row.get(column.name)
    ]
