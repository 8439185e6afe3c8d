"""A source's lines out of BED and other tab-separated files, such as UCSC's table dumps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from annotations.engine.errors import ReferenceRefused
from annotations.engine.install.entries import Entry, SourceTable, info_safe, translated
from annotations.engine.install.localfile import open_local, text_lines
from annotations.engine.install.requests import BED_COLUMNS, SourceRequest, WantedField
from annotations.engine.reference import SourceField

#: Lines of a BED that are for browsers.
_BROWSER_LINES = ("track", "browser")


def text_fields(request: SourceRequest) -> tuple[SourceField, ...]:
    """The fields as the request declares them."""
    return tuple(
        SourceField(f.info, f.number or ("0" if f.type == "Flag" else "1"), f.type or "String", f.description, f.role)
        for f in request.fields
    )


def text_entries(request: SourceRequest, table: SourceTable) -> Iterator[Entry]:
    """The lines; the columns are the request's, a BED's, or those that the file's first line names."""
    for path in request.paths:
        names = request.columns or (BED_COLUMNS if request.format == "BED" else ())
        shown = request.name_of(path)
        columns: Mapping[str, int] | None = _numbered(request, shown, names) if names else None
        with open_local(path, shown) as file:
            for number, line in text_lines(file, shown, request.max_bytes):
                place = f"{shown}, line {number}"
                if columns is None and not line.startswith("##") and line:
                    columns = _numbered(request, place, line.removeprefix("#").split("\t"))
                elif columns is not None and line and not _is_comment(request, line):
                    entry = _entry(request, table, columns, line.split("\t"), place)
                    if entry is not None:
                        yield entry


def _is_comment(request: SourceRequest, line: str) -> bool:
    return line.startswith("#") or (request.format == "BED" and line.split(maxsplit=1)[0] in _BROWSER_LINES)


def _numbered(request: SourceRequest, place: str, names: Sequence[str]) -> dict[str, int]:
    """The number of each column by name; refused when one that is needed is not there."""
    columns = {name.strip(): at for at, name in enumerate(names)}
    for name in [*request.place.values(), *(f.column for f in request.fields if f.column)]:
        if name not in columns:
            raise ReferenceRefused(f"{place}: there is no column {name}. It has: {', '.join(columns)[:200]}.")
    return columns


def _entry(
    request: SourceRequest, table: SourceTable, columns: Mapping[str, int], cells: Sequence[str], place: str
) -> Entry | None:
    def cell(name: str) -> str:
        if columns[name] >= len(cells):
            wanted = columns[name] + 1
            raise ReferenceRefused(
                f"{place}: {len(cells)} columns where {name} is column {wanted}. Separate them by tabs."
            )
        return cells[columns[name]].strip()

    def number(name: str) -> int:
        text = cell(name)
        if not text.isascii() or not text.isdecimal() or len(text) > 10:
            raise ReferenceRefused(f"{place}, column {name}: {text[:60]!r} is no whole number. Correct it.")
        return int(text)

    at = request.place
    values = [_value(f, cell(f.column) if f.column else "1", table) for f in request.fields]
    if "start" in at:
        start, end = number(at["start"]) + request.zero_based, number(at["end"])
        if start == end + 1 and request.zero_based:
            # An insertion lies between two bases (chromStart equal to chromEnd); it stands for the base before it.
            start = end
    else:
        start = end = number(at["position"]) + request.zero_based
    if request.match == "position":
        end = start
    if request.match != "allele":
        return Entry(place, cell(at["contig"]), start, end, "", "", values)
    ref, alt = cell(at["ref"]).upper(), cell(at["alt"]).upper()
    if not ref.isalpha() or not alt or "\t" in alt:
        raise ReferenceRefused(f"{place}: REF is {ref[:60]!r} and ALT {alt[:60]!r}. Write both as bases.")
    return Entry(place, cell(at["contig"]), start, start + len(ref) - 1, ref, alt, values)


def _value(wanted: WantedField, text: str, table: SourceTable) -> str:
    if wanted.type == "Flag" and wanted.column:
        return "1" if text.lower() in {"1", "y", "yes", "true", "t"} else "."
    if wanted.values:
        return translated(text or ".", wanted, table.dropped)
    if wanted.separator:
        return ",".join(info_safe(part.strip()) for part in text.split(wanted.separator) if part.strip()) or "."
    return info_safe(text)
