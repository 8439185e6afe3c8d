"""A user's own source, of which there is only the file: what it is, is read off its first lines.

The content is hostile until proven otherwise: everything is bounded, and whatever cannot be used is refused with the
line, the column and what to do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from annotations.engine.errors import ReferenceRefused
from annotations.engine.install.entries import Entry, Genome, SourceTable, checked
from annotations.engine.install.localfile import open_local, text_lines
from annotations.engine.install.requests import SourceRequest, WantedField
from annotations.engine.install.sources import source_entries, source_fields
from annotations.engine.install.vcf_source import info_columns

#: Bytes of text that a file may hold once unpacked.
MAX_TEXT_BYTES = 100 << 20
#: Fields taken from one file; a table of hundreds of columns is no annotation any more.
MAX_FIELDS = 40
#: Intervals over one base, and alleles within a thousand bases: what honest files stay far below.
MAX_DEPTH = 50
MAX_ALLELES_PER_KILOBASE = 5_000
#: Lines looked at before the file is taken; the job looks at the rest.
HEAD_LINES = 20_000
_MAX_ID = 40
#: What columns are called that say where, in a table's heading.
_PLACES = {
    "contig": ("chrom", "chr", "contig", "chromosome", "seqname"),
    "position": ("pos", "position"),
    "ref": ("ref", "reference", "ref_allele"),
    "alt": ("alt", "alternate", "alt_allele"),
    "start": ("start", "chromstart", "begin"),
    "end": ("end", "chromend", "stop"),
}
_WAYS = {
    "allele": ("contig", "position", "ref", "alt"),
    "overlap": ("contig", "start", "end"),
    "position": ("contig", "position"),
}


@dataclass(frozen=True)
class OwnFile:
    """What a file turned out to be: its request, and how many lines of its head were looked at."""

    request: SourceRequest
    lines: int


def info_prefix(label: str) -> str:
    """What the INFO fields of a source of this name begin with.

    >>> info_prefix("my panel, v2")
    'OWN_MY_PANEL_V2'
    """
    return f"OWN_{_identifier(label)}"


def own_request(path: Path, file_name: str, label: str) -> SourceRequest:
    """What the file asks for. Raises ReferenceRefused when it is none of VCF, BED and a table with a heading."""
    return replace(_told_apart(path, file_name, label), shown_name=file_name)


def _told_apart(path: Path, file_name: str, label: str) -> SourceRequest:
    rows = list(islice(_rows(path, file_name), 50))
    first = rows[0][1] if rows else ""
    if first.startswith("##fileformat=VCF"):
        return _request(path, label, "VCF", "allele", _vcf_fields(path, file_name, label))
    says_bed = file_name.lower().removesuffix(".gz").endswith(".bed")
    skipped = ("#", "track", "browser") if says_bed else ("##", "track", "browser")
    rows = [row for row in rows if row[1].strip() and not row[1].startswith(skipped)]
    if not rows:
        raise ReferenceRefused(f"{file_name} has no line to read. Give a BED, a VCF or a table with a heading.")
    number, line = rows[0]
    cells = line.removeprefix("#").split("\t")
    if says_bed or (len(cells) > 2 and cells[1].strip().isdecimal() and cells[2].strip().isdecimal()):
        return _request(path, label, "BED", "overlap", _bed_fields(len(cells), label))
    return _table(path, label, f"{file_name}, line {number}", [cell.strip() for cell in cells])


def look_at(path: Path, file_name: str, label: str, genome: Genome) -> OwnFile:
    """Look at the head of a file before it is taken. Raises ReferenceRefused as the job would."""
    request = own_request(path, file_name, label)
    fields, _ = source_fields(request)
    table = SourceTable(fields, "")
    lines = 0
    for _entry in checked(_head(request, table), request, genome, table):
        lines += 1
    if not lines and not table.dropped:
        raise ReferenceRefused(f"{file_name} has a heading and no lines. Give the lines, too.")
    return OwnFile(request, lines)


def _head(request: SourceRequest, table: SourceTable) -> Iterator[Entry]:
    return islice(source_entries(request, table), HEAD_LINES)


def _rows(path: Path, file_name: str) -> Iterator[tuple[int, str]]:
    with open_local(path, file_name) as file:
        yield from text_lines(file, file_name, MAX_TEXT_BYTES)


def _request(
    path: Path,
    label: str,
    form: str,
    match: str,
    fields: Sequence[WantedField],
    *,
    place: dict[str, str] | None = None,
) -> SourceRequest:
    return SourceRequest(
        f"Yours: {label}",
        (path,),
        tuple(fields[:MAX_FIELDS]),
        format=form,
        match=match,
        version="as uploaded",
        known=False,
        place=place or ({} if form == "VCF" else {"contig": "chrom", "start": "start", "end": "end"}),
        zero_based=form == "BED",
        max_bytes=MAX_TEXT_BYTES,
        max_depth=MAX_DEPTH,
        max_per_kilobase=MAX_ALLELES_PER_KILOBASE,
    )


def _vcf_fields(path: Path, file_name: str, label: str) -> list[WantedField]:
    """Its identifier and every INFO field that the header declares."""
    columns = info_columns(path, file_name, MAX_TEXT_BYTES)
    return _named(["ID", *(column for column in columns if column != "ID")], label)


def _bed_fields(width: int, label: str) -> list[WantedField]:
    prefix = info_prefix(label)
    if width < 4:
        return [WantedField("", prefix, type="Flag", number="0", description=f"Lies in an interval of {label}")]
    fields = [WantedField("name", f"{prefix}_NAME", number=".", description=f"Intervals of {label}")]
    if width > 4:
        fields.append(
            WantedField("score", f"{prefix}_SCORE", type="Float", number="1", description="The largest score")
        )
    return fields


def _table(path: Path, label: str, place: str, heading: list[str]) -> SourceRequest:
    found: dict[str, str] = {}
    for column in heading:
        for key, names in _PLACES.items():
            if column.lower() in names:
                found.setdefault(key, column)
    match = next((way for way, needed in _WAYS.items() if all(key in found for key in needed)), "")
    if not match:
        named = ", ".join(heading)[:200]
        raise ReferenceRefused(
            f"{place}: the heading ({named}) has no columns chrom, pos, ref and alt; nor chrom, start and end; nor "
            "chrom and pos. Name them so, separated by tabs."
        )
    used = {key: found[key] for key in _WAYS[match]}
    fields = _named([column for column in dict.fromkeys(heading) if column and column not in used.values()], label)
    if not fields:
        fields = [WantedField("", info_prefix(label), type="Flag", number="0", description=f"Is in {label}")]
    elif match != "allele":
        fields = [WantedField(f.column, f.info, number=".", description=f.description) for f in fields]
    return _request(path, label, "TSV", match, fields, place=used)


def _named(columns: Sequence[str], label: str) -> list[WantedField]:
    """A field a column, each with an INFO id of its own."""
    prefix = info_prefix(label)
    fields: dict[str, WantedField] = {}
    for column in columns:
        info = f"{prefix}_{_identifier(column)}"
        shown = "".join(c for c in f"{label}: {column}" if c.isprintable())
        fields.setdefault(info, WantedField(column, info, description=shown[:200]))
    return list(fields.values())


def _identifier(text: str) -> str:
    return re.sub(r"[^A-Z0-9]+", "_", text.upper()).strip("_")[:_MAX_ID] or "X"
