"""Why bcftools stopped: the checks too dear for every record, made once a stage of the pipe has failed.

bcftools gives up on FORMAT values that do not have their declared type, and when it splits a record with several
alternate alleles whose INFO or FORMAT lists (Number A or R) have another length. It names only contig and position.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from pathlib import Path

from annotations.engine.columns import Place, show
from annotations.engine.errors import InputRefused
from annotations.engine.head_scan import scan_head
from annotations.engine.header import Header, Meta
from annotations.engine.header_text import KEY
from annotations.engine.limits import Limits
from annotations.engine.reader import VcfReader
from annotations.engine.reference import Reference

#: More names than these are garbage in the columns, not fields somebody forgot to declare.
MOST_UNDECLARED = 1_000
_INTEGER = re.compile(rb"[+-]?\d+|\.")
_FLOAT = re.compile(rb"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|infinity|nan)|\.", re.IGNORECASE)
_VALUES = {"Integer": _INTEGER, "Float": _FLOAT}
_EXPECTED = {"A": 0, "R": 1}
"""How many values more than alternate alleles a list of this Number has."""


def diagnose(path: Path, reference: Reference, limits: Limits | None = None) -> InputRefused | None:
    """The first fault of the file that only bcftools would find, or None when the file is not at fault."""
    try:
        with VcfReader(path, reference, limits, sort_later=True) as reader:
            numbers = itertools.count(reader.first_record_line)
            for text, _ in reader.chunks():
                for line in text[:-1].split(b"\n"):
                    check_values(line, reader.header, Place(next(numbers)))
    except InputRefused as refused:
        return refused
    return None


def check_values(line: bytes, header: Header, place: Place) -> None:
    """Raise InputRefused for the first value of a record that does not fit its declaration."""
    fields = line.split(b"\t")
    if len(fields) < 8:
        return
    _check_names(fields, header, place)
    alleles = 0 if fields[4] == b"." else fields[4].count(b",") + 1
    for item in fields[7].split(b";"):
        key, equals, value = item.partition(b"=")
        if equals and alleles > 1:
            _check_length(header.declared("INFO"), "INFO", key, value, alleles=alleles, place=place)
    if len(fields) < 10:
        return
    keys = fields[8].split(b":")
    for sample, column in zip(header.samples, fields[9:], strict=False):
        for key, value in zip(keys, column.split(b":"), strict=False):
            _check_type(sample, key, value, header, place)
            if alleles > 1:
                _check_length(header.declared("FORMAT"), sample, key, value, alleles=alleles, place=place)


def find_undeclared(path: Path, reference: Reference, limits: Limits | None = None) -> list[tuple[str, str]]:
    """Every (kind, id) of the whole file that its header lacks: to be declared when a stage stopped at one.

    bcftools norm only warns of the first; the stage after it then fails with "BCF read error". At most
    MOST_UNDECLARED are listed. Raises as reading does.
    """
    found: dict[tuple[str, str], None] = {}
    with VcfReader(path, reference, limits, sort_later=True) as reader:
        for text, _ in reader.chunks():
            undeclared, _ = scan_head(reader.header, text)
            found.update(dict.fromkeys(undeclared))
            if len(found) > MOST_UNDECLARED:
                break
    return list(found)[:MOST_UNDECLARED]


def _check_names(fields: list[bytes], header: Header, place: Place) -> None:
    """Names that the header lacks and that no header line could declare."""
    infos = [item.partition(b"=")[0] for item in fields[7].split(b";")]
    formats = fields[8].split(b":") if len(fields) > 8 else []
    for column, keys in (("FILTER", fields[6].split(b";")), ("INFO", infos), ("FORMAT", formats)):
        declared = header.declared(column)
        for key in keys:
            name = key.decode("utf-8", "replace")
            if name and name not in declared and not KEY.fullmatch(name):
                raise place.refuse(
                    column, f"{show(key)} is not a name that a header can declare", "Names have no , ; < > = or quotes."
                )


def _check_type(sample: str, key: bytes, value: bytes, header: Header, place: Place) -> None:
    meta = header.declared("FORMAT").get(key.decode("utf-8", "replace"))
    pattern = _VALUES.get(meta.attributes["Type"]) if meta is not None and key != b"GT" else None
    if meta is None or pattern is None or not value:
        return
    for one in value.split(b","):
        if one and not pattern.fullmatch(one):
            kind = "a whole number" if pattern is _INTEGER else "a number"
            raise place.refuse(
                sample[:60], f"{meta.id} is {show(one)}, not {kind}", "Correct the value or its Type in the header."
            )


def _check_length(
    metas: Mapping[str, Meta], column: str, key: bytes, value: bytes, *, alleles: int, place: Place
) -> None:
    meta = metas.get(key.decode("utf-8", "replace"))
    more = _EXPECTED.get(meta.attributes["Number"]) if meta is not None else None
    if meta is None or more is None or value in (b".", b""):
        return
    count, wanted = value.count(b",") + 1, alleles + more
    if count != wanted:
        raise place.refuse(
            column[:60],
            f"{meta.id} has {count} value{'s' if count > 1 else ''}, but the record's {alleles} alternate alleles "
            f"need {wanted}",
            "Correct the list or the Number of the field in the header.",
        )
