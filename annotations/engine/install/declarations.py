"""Sources declared in TOML: what docs/references.md describes, read and checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from annotations.engine.install.remote import CHECKSUMS, RemoteFile
from annotations.engine.install.requests import BED_COLUMNS, FORMATS, PLACES, ROLES, TYPES, SourceRequest, WantedField
from annotations.engine.install.sources import INFO_ID
from annotations.engine.install.toml_file import Table, TomlFile
from annotations.engine.reference import MATCHES

_FIELD_KEYS = ("column", "info", "type", "number", "description", "role", "values", "separator")
_SOURCE_KEYS = (
    *("name", "file", "url", "checksum", "bytes", "chromosomes", "format", "match", "version", "citation", "licence"),
    *("known", "columns", "zero_based", "skip_contigs", "pass_only", "optional", "field"),
    *PLACES,
)
#: The columns that each way to match needs of a text file.
_NEEDED = {
    "allele": ("contig", "position", "ref", "alt"),
    "position": ("contig", "position"),
    "overlap": ("contig", "start", "end"),
}


@dataclass(frozen=True)
class Declared:
    """A source whose files are still to be found: beside the TOML (``local``) or at their publisher's (``remote``)."""

    request: SourceRequest
    local: tuple[Path, ...] = ()
    remote: tuple[RemoteFile, ...] = ()
    optional: bool = False

    def found(self, fetch: Callable[[RemoteFile], Path]) -> SourceRequest:
        """The request with its files, those of the publisher fetched."""
        return replace(self.request, paths=self.local or tuple(fetch(one) for one in self.remote))


def read_declarations(path: Path) -> list[Declared]:
    """The sources of a TOML file. Raises ReferenceRefused with the line and the repair."""
    root = TomlFile(path).root()
    root.only(["source"])
    declared = declared_sources(root)
    if not declared:
        raise root.refused("source", "no source is declared", "Begin one with [[source]]")
    return declared


def declared_sources(root: Table) -> list[Declared]:
    """The ``[[source]]`` tables of a file."""
    declared, fields = [], 0
    for table in root.tables("source"):
        table.only(_SOURCE_KEYS)
        declared.append(_source(table, fields))
        fields += len(table.values.get("field", []))
    return declared


def remote_files(table: Table) -> tuple[RemoteFile, ...]:
    """The files that ``url`` names: one, or one a chromosome where it holds ``{chromosome}``."""
    url = table.text("url")
    if not url.startswith(("https://", "http://")):
        raise table.refused("url", f"{url!r} is no address", "Write https://…")
    checksum = table.one_of("checksum", CHECKSUMS, "")
    size = table.get("bytes", int, 0)
    names = table.texts("chromosomes") or ("",)
    if ("{chromosome}" in url) != (names != ("",)):
        raise table.refused("chromosomes", "{chromosome} in url and chromosomes go together", "Add the other")
    return tuple(RemoteFile(url.replace("{chromosome}", name), checksum, size) for name in names)


def _source(table: Table, fields_before: int) -> Declared:
    name = table.text("name")
    form = table.one_of("format", FORMATS, _format_of(table.text("file", table.text("url", ""))))
    match = table.one_of("match", MATCHES, "overlap" if form == "BED" else "allele")
    if form == "BED" and match == "allele":
        raise table.refused("match", "a BED has no alleles", 'Write match = "overlap" or "position"')
    wanted = tuple(_field(one, form) for one in table.tables("field", fields_before))
    if not name or not wanted:
        raise table.refused("name", "a source needs a name and a [[source.field]]", "Add what is missing")
    request = SourceRequest(
        name,
        (),
        wanted,
        format=form,
        match=match,
        version=table.text("version", ""),
        citation=table.text("citation", ""),
        licence=table.text("licence", ""),
        known=table.get("known", bool, match == "allele"),
        columns=table.texts("columns"),
        place={} if form == "VCF" else _place(table, form, match),
        zero_based=table.get("zero_based", bool, form == "BED"),
        skip_contigs=frozenset(table.texts("skip_contigs")),
        pass_only=table.get("pass_only", bool, False),
    )
    optional = table.get("optional", bool, False)
    if ("file" in table.values) == ("url" in table.values):
        raise table.refused("file", "a source has a file or a url", "Give one of them")
    if "url" in table.values:
        return Declared(request, remote=remote_files(table), optional=optional)
    return Declared(request, local=(table.file.directory / table.text("file"),), optional=optional)


def _format_of(name: str) -> str:
    """What a file's ending says of its format."""
    bare = name.lower().removesuffix(".gz")
    return "BED" if bare.endswith(".bed") else "TSV" if bare.endswith((".tsv", ".txt")) else "VCF"


def _place(table: Table, form: str, match: str) -> dict[str, str]:
    """The columns that say where; a BED's have their names."""
    place = {key: table.text(key) for key in PLACES if key in table.values}
    if form == "BED":
        place = {"contig": "chrom", "start": "start", "end": "end"} | place
    needed = ("contig", "start", "end") if "start" in place and match == "position" else _NEEDED[match]
    for key in needed:
        if key not in place:
            raise table.refused(
                "name", f"matching by {match} needs the column that holds the {key}", f'Add {key} = "…"'
            )
    columns = table.texts("columns") or (BED_COLUMNS if form == "BED" else ())
    for key, column in place.items():
        if columns and column not in columns:
            raise table.refused(key, f"{column} is none of the columns", f"There is: {', '.join(columns)}")
    return place


def _field(table: Table, form: str) -> WantedField:
    table.only(_FIELD_KEYS)
    info, kind = table.text("info"), table.one_of("type", TYPES, "")
    if not INFO_ID.fullmatch(info):
        raise table.refused("info", f"{info!r} cannot be an INFO field", "Use letters, digits, _ and a dot")
    column = table.text("column", "")
    if not column and (kind != "Flag" or form == "VCF"):
        raise table.refused("column", f"{info} has no column to come from", 'Add column = "…", or make it a Flag')
    return WantedField(
        column,
        info,
        kind,
        table.one_of("number", ("0", "1", ".", "A", "R"), ""),
        table.text("description", ""),
        table.one_of("role", ROLES, ""),
        table.mapping("values"),
        str(table.get("separator", str, "")),
    )
