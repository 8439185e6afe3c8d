"""A source's lines out of VCF files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from annotations.engine.errors import ReferenceRefused
from annotations.engine.install.entries import Entry, SourceTable, info_safe, translated
from annotations.engine.install.localfile import open_local, text_lines
from annotations.engine.install.requests import SourceRequest, WantedField
from annotations.engine.reference import SourceField

_HEADER = re.compile(r"##INFO=<ID=([^,]+),Number=([^,]+),Type=([^,]+),Description=\"((?:[^\"\\]|\\.)*)\"")
_DATE = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)")
#: What VCF's third column is, as a field.
_ID = (".", "String", "Identifier in the source")


def vcf_fields(request: SourceRequest) -> tuple[tuple[SourceField, ...], str]:
    """The fields wanted, as the header and the request together declare them, and the file's date.

    Raises ReferenceRefused when the file is no VCF or lacks a field.
    """
    lines, declared = _header(request.paths[0], request.file_name, request.max_bytes)
    declared.setdefault("ID", _ID)
    fields = []
    for wanted in request.fields:
        if wanted.column not in declared:
            known = ", ".join(sorted(declared.keys() - {"ID"})) or "none"
            raise ReferenceRefused(f"{request.file_name} declares no INFO field {wanted.column}. It has: {known}.")
        number, type_, description = declared[wanted.column]
        if number in {"A", "R", "G"} and wanted.number not in {"", number}:
            raise ReferenceRefused(
                f"{request.file_name} has one {wanted.column} an allele (Number={number}). Leave its number out."
            )
        fields.append(
            SourceField(
                wanted.info,
                wanted.number or number,
                wanted.type or type_,
                wanted.description or description,
                wanted.role,
            )
        )
    date = _DATE.fullmatch(lines.get("fileDate", ""))
    return tuple(fields), "-".join(date.groups()) if date else lines.get("fileDate", "")


def vcf_entries(request: SourceRequest, table: SourceTable) -> Iterator[Entry]:
    """The records, bare of everything but the fields wanted."""
    wanted = {one.column: at for at, one in enumerate(request.fields)}
    for path in request.paths:
        name = request.name_of(path)
        with open_local(path, name) as file:
            for number, line in text_lines(file, name, request.max_bytes):
                if line.startswith("#") or not line:
                    continue
                place = f"{name}, line {number}"
                columns = line.split("\t", 8)
                if len(columns) < 8 or not columns[1].isdecimal() or not columns[3]:
                    raise ReferenceRefused(f"{place}: this is no VCF record. Separate its columns by tabs.")
                if request.pass_only and columns[6] not in {"PASS", "."}:
                    table.dropped["did not pass the source's filters"] += 1
                    continue
                contig, position, ref, alt = columns[0], int(columns[1]), columns[3].upper(), columns[4]
                values = _values(columns, request.fields, wanted, table, place)
                yield Entry(place, contig, position, position + len(ref) - 1, ref, alt, values)


def info_columns(path: Path, name: str, max_bytes: int) -> list[str]:
    """The INFO fields that a VCF's header declares."""
    return list(_header(path, name, max_bytes)[1])


def _header(path: Path, name: str, max_bytes: int | None) -> tuple[dict[str, str], dict[str, tuple[str, str, str]]]:
    lines: dict[str, str] = {}
    declared: dict[str, tuple[str, str, str]] = {}
    with open_local(path, name) as file:
        for number, line in text_lines(file, name, max_bytes):
            if number == 1 and not line.startswith("##fileformat=VCF"):
                raise ReferenceRefused(f"{name} is no VCF text. Convert it with bcftools view -Oz.")
            if not line.startswith("##"):
                break
            if found := _HEADER.match(line):
                declared[found[1]] = (found[2], found[3], found[4])
            key, _, value = line[2:].partition("=")
            lines.setdefault(key, value)
    return lines, declared


def _values(
    columns: list[str],
    fields: tuple[WantedField, ...],
    wanted: Mapping[str, int],
    table: SourceTable,
    place: str,
) -> list[str]:
    """The fields' values; a flag is 1.

    bcftools splits a list that does not fit the alleles without complaint, so it is counted here.
    """
    values = ["."] * len(fields)
    if "ID" in wanted:
        values[wanted["ID"]] = ",".join(info_safe(one) for one in columns[2].split(";"))
    alts = columns[4].count(",") + 1
    for part in columns[7].split(";"):
        name, _, value = part.partition("=")
        at = wanted.get(name)
        if at is None:
            continue
        due = {"A": alts, "R": alts + 1}.get(table.fields[at].number)
        if due is not None and value != "." and value.count(",") + 1 != due:
            raise ReferenceRefused(f"{place}: {name} has {value.count(',') + 1} values, not {due}. Correct it.")
        values[at] = translated((value or "1").replace(" ", "%20"), fields[at], table.dropped)
    return values
