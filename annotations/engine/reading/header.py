"""The header of a VCF: read line by line, checked, and kept in a form that can be written for bcftools.

Sources of the rules: the VCF specifications 4.0 to 4.5 (hts-specs) and, for 3.3, the description that vcftools'
``Vcf.pm`` implements.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NoReturn

from annotations.engine.errors import InputRefused
from annotations.engine.limits import Limits
from annotations.engine.reading.lines import LineSource

FIXED_COLUMNS = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO")
VERSIONS = ("VCFv4.0", "VCFv4.1", "VCFv4.2", "VCFv4.3", "VCFv4.4", "VCFv4.5")
OLD_VERSION = "VCFv3.3"

_TYPES = ("Integer", "Float", "Flag", "Character", "String")
_NUMBER = re.compile(r"\d{1,6}|[ARG.PM]|LA|LR|LG")
_ATTRIBUTE = re.compile(r'\s*([A-Za-z_0-9.\-]+)\s*=\s*("(?:[^"\\]|\\.)*"|\[[^\]]*\]|(?!\[)[^",<>]*)\s*(,|$)')
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_DEFINITIONS = {
    "INFO": ("ID", "Number", "Type"),
    "FORMAT": ("ID", "Number", "Type"),
    "FILTER": ("ID",),
    "contig": ("ID",),
}
_OLD_DEFINITION = re.compile(r'([^,]+),(-?\d+),(\w+),"?(.*?)"?$')
_OLD_FILTER = re.compile(r'([^,]+),"?(.*?)"?$')


@dataclass(frozen=True)
class Meta:
    """One ``##`` line: ``kind`` is INFO, FORMAT, FILTER, contig or another key; ``attributes`` in file order."""

    kind: str
    text: str
    attributes: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The declared id; empty for lines that declare none."""
        return self.attributes.get("ID", "")


@dataclass
class Header:
    """What the header says. ``number_type`` maps (kind, id) to its Number and Type."""

    version: str
    metas: list[Meta]
    samples: tuple[str, ...]
    columns: tuple[str, ...]
    warnings: list[str]
    _declared: dict[str, dict[str, Meta]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for meta in self.metas:
            if meta.id:
                self._declared.setdefault(meta.kind, {}).setdefault(meta.id, meta)

    def declared(self, kind: str) -> dict[str, Meta]:
        """The first declaration of every id of a kind."""
        return self._declared.get(kind, {})

    def contig_lengths(self) -> dict[str, int]:
        """Declared contigs with their length, 0 where none is given."""
        lengths = {}
        for name, meta in self.declared("contig").items():
            length = meta.attributes.get("length", "")
            lengths[name] = int(length) if length.isascii() and length.isdigit() and len(length) < 12 else 0
        return lengths

    @property
    def is_old(self) -> bool:
        """Whether the file is VCF 3.3, whose records need converting."""
        return self.version == OLD_VERSION


def read_header(source: LineSource, limits: Limits) -> Header:
    """Read up to and including the ``#CHROM`` line. Raises InputRefused with the line that is broken."""
    version = _read_version(source)
    metas: list[Meta] = []
    warnings: list[str] = []
    contigs = size = 0
    while True:
        number = source.line
        raw = source.next_line()
        if raw is None:
            raise InputRefused("The header has no #CHROM line", "Add the line that names the columns.", line=number)
        size += len(raw)
        if size > limits.max_header_bytes:
            raise InputRefused(
                f"The header is larger than {limits.max_header_bytes:,} bytes", "Check how it was made.", line=number
            )
        text = _decode(raw, number)
        if not text.strip():
            continue
        if not text.startswith("##"):
            columns = _read_columns(text, number, limits)
            return Header(version, metas, columns[9:], columns, warnings)
        meta = _read_old_meta(text, number) if version == OLD_VERSION else _read_meta(text, number, warnings)
        if meta is None:
            continue
        contigs += meta.kind == "contig"
        if contigs > limits.max_contigs:
            raise InputRefused(f"The header declares more than {limits.max_contigs:,} contigs", line=number)
        metas.append(meta)


def _read_version(source: LineSource) -> str:
    raw = source.next_line() or b""
    text = _decode(raw, 1).removeprefix("##fileformat=").strip()
    if text in VERSIONS or text == OLD_VERSION:
        return text
    shown = text[:40] or "nothing"
    raise InputRefused(
        f"The first line says fileformat={shown}, which is not a version that can be read",
        "VCF 4.0 to 4.5 and 3.3 are: for example ##fileformat=VCFv4.2.",
        line=1,
    )


def _decode(raw: bytes, number: int) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputRefused(
            f"The header holds the byte 0x{raw[error.start]:02X}, which is not UTF-8 text",
            "Save the file as UTF-8.",
            line=number,
        ) from error
    control = _CONTROL.search(text)
    if control:
        name = "a NUL byte" if control[0] == "\0" else f"the control character 0x{ord(control[0]):02X}"
        raise InputRefused(f"The header holds {name}", "Remove it; the file may be damaged.", line=number)
    return text


def _read_meta(text: str, number: int, warnings: list[str]) -> Meta | None:
    key, equals, value = text[2:].partition("=")
    if not equals or not key.strip():
        warnings.append(f"Line {number} of the header says nothing of the form ##key=value and was left out.")
        return None
    wanted = _DEFINITIONS.get(key)
    if wanted is None:
        return Meta(key, text)
    value = value.strip()
    if not value.startswith("<") or not value.endswith(">"):
        _broken(key, f"it has to read ##{key}=<…> and ends without its closing bracket or begins without <", number)
    attributes = _read_attributes(key, value[1:-1], number)
    for name in wanted:
        if not attributes.get(name):
            _broken(key, f"it has no {name}", number)
    if "Type" in wanted:
        _repair_number_and_type(key, attributes, number, warnings)
    return Meta(key, f"##{key}=<{_join(attributes)}>", attributes)


def _read_attributes(key: str, inside: str, number: int) -> dict[str, str]:
    attributes: dict[str, str] = {}
    at = 0
    while at < len(inside):
        found = _ATTRIBUTE.match(inside, at)
        if not found:
            _broken(key, "its quotes or commas do not match up", number)
        attributes.setdefault(found[1], found[2].strip())
        at = found.end()
    attributes.pop("IDX", None)  # BCF's own numbering: a large number there makes htslib reserve that many places
    return attributes


def _repair_number_and_type(key: str, attributes: dict[str, str], number: int, warnings: list[str]) -> None:
    """An unknown Type becomes String, as bcftools reads it; an unknown Number becomes "." (any), and both are said."""
    if attributes["Type"] not in _TYPES:
        warnings.append(f"Line {number} of the header: {key} {attributes['ID']} has an unknown Type, read as String.")
        attributes["Type"] = "String"
    if not _NUMBER.fullmatch(attributes["Number"]):
        if attributes["Number"] != "-1":
            warnings.append(
                f"Line {number} of the header: {key} {attributes['ID']} has an unknown Number, read as any."
            )
        attributes["Number"] = "."


def _join(attributes: dict[str, str]) -> str:
    return ",".join(f"{name}={value}" for name, value in attributes.items())


def _broken(key: str, why: str, number: int) -> NoReturn:
    raise InputRefused(
        f"The {key} line of the header is broken: {why}",
        'Write it like ##INFO=<ID=DP,Number=1,Type=Integer,Description="Depth">.',
        line=number,
    )


def _read_old_meta(text: str, number: int) -> Meta | None:
    """VCF 3.3 writes ``##INFO=DP,1,Integer,"Total Depth"``; Number -1 means any."""
    key, equals, value = text[2:].partition("=")
    if not equals:
        return None
    if key in ("INFO", "FORMAT"):
        found = _OLD_DEFINITION.fullmatch(value.strip())
        if not found:
            raise InputRefused(
                f"The {key} line of the header is broken",
                f'VCF 3.3 writes it like ##{key}=DP,1,Integer,"Total Depth".',
                line=number,
            )
        count = "." if found[2].startswith("-") else found[2]
        kind = found[3] if found[3] in _TYPES else "String"
        attributes = {"ID": found[1].strip(), "Number": count, "Type": kind, "Description": _quoted(found[4])}
    elif key == "FILTER":
        old = _OLD_FILTER.fullmatch(value.strip())
        if not old:
            return None
        attributes = {"ID": old[1].strip(), "Description": _quoted(old[2])}
    else:
        return Meta(key, text)
    return Meta(key, f"##{key}=<{_join(attributes)}>", attributes)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _read_columns(text: str, number: int, limits: Limits) -> tuple[str, ...]:
    if not text.startswith("#"):
        raise InputRefused(
            "The records begin, but no #CHROM line came before them",
            "Add the line that names the columns: " + " ".join(FIXED_COLUMNS) + ".",
            line=number,
        )
    if not text.upper().startswith("#CHROM"):
        raise InputRefused(
            "A line of the header begins with a single #", "Header lines begin with ##, the last with #CHROM.", number
        )
    if "\t" not in text and " " in text:
        raise InputRefused("The column names are separated by spaces", "Separate columns with tabs.", number)
    columns = tuple(text.split("\t"))
    for place, wanted in enumerate(FIXED_COLUMNS):
        got = columns[place] if place < len(columns) else ""
        if got != wanted:
            said = f"is {got[:40]!r}" if got else "is missing"
            raise InputRefused(
                f"Column {place + 1} of the #CHROM line {said}; it has to be {wanted}",
                "Separate the eight names with tabs.",
                number,
            )
    if len(columns) > 8 and columns[8] != "FORMAT":
        raise InputRefused(f"Column 9 of the #CHROM line is {columns[8][:40]!r}; it has to be FORMAT", "", number)
    _check_samples(columns[9:], number, limits)
    return columns


def _check_samples(samples: tuple[str, ...], number: int, limits: Limits) -> None:
    if len(samples) > limits.max_samples:
        raise InputRefused(f"The file has more than {limits.max_samples:,} samples", "Send it in parts.", number)
    seen: set[str] = set()
    for place, name in enumerate(samples, start=10):
        if not name.strip():
            raise InputRefused(f"Column {place} of the #CHROM line has no sample name", "Name every sample.", number)
        if name in seen:
            raise InputRefused(
                f"The sample name {name[:60]} stands twice in the #CHROM line",
                "Give every sample its own name.",
                number,
            )
        seen.add(name)
