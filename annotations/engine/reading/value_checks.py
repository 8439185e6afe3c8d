"""Checks of a record's names and values that are too dear for every record: those that only bcftools would make.

bcftools gives up on FORMAT values that do not have their declared type, on names that it cannot add to the header,
and when it splits a record with several alternate alleles whose FORMAT lists (Number A, R or G) have another length.
It names contig and position at most.
"""

from __future__ import annotations

import re

from annotations.engine.reading.columns import Place, show
from annotations.engine.reading.header import Header, Meta
from annotations.engine.reading.header_text import KEY
from annotations.engine.reading.info_lists import values_wanted, wrong_length

_INTEGER = re.compile(rb"[+-]?\d+|\.")
_FLOAT = re.compile(rb"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|infinity|nan)|\.", re.IGNORECASE)
_VALUES = {"Integer": _INTEGER, "Float": _FLOAT}


def check_values(line: bytes, header: Header, place: Place) -> None:
    """Raise InputRefused for the first name or value of a record that bcftools norm gives up on."""
    fields = line.split(b"\t")
    if len(fields) < 8:
        return
    _check_names(fields, header, place)
    alleles = 0 if fields[4] == b"." else fields[4].count(b",") + 1
    if len(fields) < 10:
        return
    keys = fields[8].split(b":")
    samples = [column.split(b":") for column in fields[9:]]
    for sample, values in zip(header.samples, samples, strict=False):
        for key, value in zip(keys, values, strict=False):
            _check_type(sample, key, value, header, place)
    if alleles > 1:
        for at, key in enumerate(keys):
            column = [values[at] if at < len(values) else b"." for values in samples]
            _check_format_lengths(key, column, header, alleles, place)


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
    meta = _meta(header, "FORMAT", key)
    pattern = _VALUES.get(meta.attributes["Type"]) if meta is not None and key != b"GT" else None
    if meta is None or pattern is None or not value:
        return
    for one in value.split(b","):
        if one and not pattern.fullmatch(one):
            kind = "a whole number" if pattern is _INTEGER else "a number"
            raise place.refuse(
                sample[:60], f"{meta.id} is {show(one)}, not {kind}", "Correct the value or its Type in the header."
            )


def _check_format_lengths(key: bytes, column: list[bytes], header: Header, alleles: int, place: Place) -> None:
    """The longest list of the samples counts: shorter ones are filled up, and one value a sample is let through."""
    meta = _meta(header, "FORMAT", key)
    wanted = _wanted(meta, alleles)
    if meta is None or not wanted or (meta.attributes["Type"] not in _VALUES and meta.attributes["Number"] != "G"):
        return
    counts = [value.count(b",") + 1 for value in column]
    most = max(counts)
    if most > 1 and most not in wanted:
        sample = header.samples[counts.index(most)]
        raise place.refuse(sample[:60], *wrong_length(meta.id, most, alleles, wanted[0]))


def _meta(header: Header, kind: str, key: bytes) -> Meta | None:
    return header.declared(kind).get(key.decode("utf-8", "replace"))


def _wanted(meta: Meta | None, alleles: int) -> tuple[int, ...]:
    """How many values bcftools norm takes; for one a genotype (G) also a haploid's. Empty when any number will do."""
    number = meta.attributes["Number"] if meta is not None else ""
    wanted = values_wanted(number, alleles)
    return (wanted, alleles + 1) if number == "G" else (wanted,) if wanted else ()
