"""A source's lines out of BED and other tab-separated files, such as UCSC's table dumps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from annotations.engine.errors import ReferenceRefused
from annotations.engine.install.entries import Entry, SourceTable, info_safe, translated
from annotations.engine.install.localfile import open_local, text_lines
from annotations.engine.install.requests import BED_COLUMNS, SourceRequest, WantedField
from annotations.engine.reference import SourceField

#: Lines of a BED that are for browsers.
_BROWSER_LINES = ("track", "browser")
#: Of a position; a longer number is none.
_MOST_DIGITS = 10


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
                    yield _entry(request, table, _Line(place, columns, line.split("\t")))


def _is_comment(request: SourceRequest, line: str) -> bool:
    return line.startswith("#") or (request.format == "BED" and line.split(maxsplit=1)[0] in _BROWSER_LINES)


def _numbered(request: SourceRequest, place: str, names: Sequence[str]) -> dict[str, int]:
    """The number of each column by name; refused when one that is needed is not there."""
    columns = {name.strip(): at for at, name in enumerate(names)}
    for name in [*request.place.values(), *(f.column for f in request.fields if f.column)]:
        if name not in columns:
            raise ReferenceRefused(f"{place}: there is no column {name}. It has: {', '.join(columns)[:200]}.")
    return columns


@dataclass(frozen=True)
class _Line:
    """One line's cells, by the names of the columns."""

    place: str
    columns: Mapping[str, int]
    cells: Sequence[str]

    def text(self, name: str) -> str:
        at = self.columns[name]
        if at >= len(self.cells):
            raise ReferenceRefused(
                f"{self.place}: {len(self.cells)} columns where {name} is column {at + 1}. Separate them by tabs."
            )
        return self.cells[at].strip()

    def number(self, name: str) -> int:
        text = self.text(name)
        if not text.isascii() or not text.isdecimal() or len(text) > _MOST_DIGITS:
            raise ReferenceRefused(f"{self.place}, column {name}: {text[:60]!r} is no whole number. Correct it.")
        return int(text)


def _entry(request: SourceRequest, table: SourceTable, line: _Line) -> Entry:
    at = request.place
    values = [_value(f, line.text(f.column) if f.column else "1", table) for f in request.fields]
    start, end = _interval(request, line)
    if request.match != "allele":
        return Entry(line.place, line.text(at["contig"]), start, end, "", "", values)
    ref, alt = line.text(at["ref"]).upper(), line.text(at["alt"]).upper()
    if not ref.isalpha() or not alt:
        raise ReferenceRefused(f"{line.place}: REF is {ref[:60]!r} and ALT {alt[:60]!r}. Write both as bases.")
    return Entry(line.place, line.text(at["contig"]), start, start + len(ref) - 1, ref, alt, values)


def _interval(request: SourceRequest, line: _Line) -> tuple[int, int]:
    """First and last position, from 1; equal where the source is matched by allele or position."""
    at = request.place
    if "start" not in at:
        position = line.number(at["position"]) + request.zero_based
        return position, position
    start, end = line.number(at["start"]) + request.zero_based, line.number(at["end"])
    if request.zero_based and start == end + 1:
        # An insertion lies between two bases (chromStart equal to chromEnd); it stands for the base before it.
        start = end
    return start, start if request.match == "position" else end


def _value(wanted: WantedField, text: str, table: SourceTable) -> str:
    if wanted.type == "Flag" and wanted.column:
        return "1" if text.lower() in {"1", "y", "yes", "true", "t"} else "."
    if wanted.values:
        return translated(text or ".", wanted, table.dropped)
    if wanted.separator:
        return ",".join(info_safe(part.strip()) for part in text.split(wanted.separator) if part.strip()) or "."
    return info_safe(text)
