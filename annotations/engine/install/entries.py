"""One line of a source's file, the same for every format, and the checks that all of them go through."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from annotations.engine.errors import ReferenceRefused
from annotations.engine.install.requests import SourceRequest, WantedField
from annotations.engine.reference import SourceField
from annotations.engine.sequence import ReferenceSequence

#: A source with a larger share of REFs that differ from the sequence belongs to another assembly.
MAX_MISMATCHES = 0.1
MISMATCH = "REF is not the reference's"
#: How many times as large a bounded file may become once there is one line an allele.
_MOST_GROWTH = 4
_TYPES = {
    "Integer": re.compile(r"[+-]?\d{1,18}"),
    "Float": re.compile(r"[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+|inf|nan)", re.I),
}


@dataclass(frozen=True)
class Genome:
    """What a source is held against; ``names`` maps every name a contig may go by to its own."""

    fasta: Path
    sequences: Mapping[str, ReferenceSequence]
    names: Mapping[str, str]


@dataclass
class SourceTable:
    """A table made: its fields as our output declares them, its records, what was dropped, by reason."""

    fields: tuple[SourceField, ...]
    version: str
    records: int = 0
    dropped: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Entry:
    """One line: positions from 1, both inclusive; ``values`` are safe in INFO, one a field, "." for none."""

    place: str
    contig: str
    start: int
    end: int
    ref: str
    alt: str
    values: list[str]


def info_safe(text: str) -> str:
    """Text as a VCF INFO value: what VCF 4.3 (1.2) gives a meaning is percent-encoded, and so is a space."""
    return "".join(f"%{ord(c):02X}" if c in "%;=," or c.isspace() or ord(c) < 32 else c for c in text) or "."


def translated(value: str, wanted: WantedField, dropped: Counter[str]) -> str:
    """A raw value under the field's translation; "." where there is none for it."""
    if not wanted.values or value == ".":
        return value
    found = wanted.values.get(value, wanted.values.get("*"))
    if found is None:
        dropped[f"without a translation in {wanted.info} (the rest of the line is kept)"] += 1
        return "."
    return info_safe(found)


def checked(entries: Iterable[Entry], request: SourceRequest, genome: Genome, table: SourceTable) -> Iterator[Entry]:
    """The lines that fit the reference, under its contig names.

    Raises ReferenceRefused, with the line, for values that are not of their type and places outside a contig, and
    at the end when too many REFs are not the reference's.
    """
    with_ref = 0
    crowding = _Crowding(request)
    for entry in entries:
        contig = genome.names.get(entry.contig, "")
        if entry.contig in request.skip_contigs or not contig:
            table.dropped["on a contig the reference lacks" if not contig else "on a contig left out"] += 1
            continue
        entry.contig = contig
        _check_values(entry, table.fields)
        if entry.ref:
            with_ref += 1
            if genome.sequences[contig].fetch(entry.start - 1, entry.end) != entry.ref.encode():
                table.dropped[MISMATCH] += 1
                continue
        elif not 1 <= entry.start <= entry.end <= len(genome.sequences[contig]):
            raise _outside(entry, len(genome.sequences[contig]))
        crowding.look(entry)
        yield entry
    if table.dropped[MISMATCH] > MAX_MISMATCHES * with_ref:
        raise ReferenceRefused(
            f"{request.file_name}: {table.dropped[MISMATCH]} of {with_ref} records have another REF than the "
            f"reference. Give a {request.format} of this assembly."
        )


class _Crowding:
    """Keeps the work that a file causes in proportion to its size.

    ``norm`` holds the alleles of a thousand bases together and compares each with all of them, and writes a line's
    values again for each of its alleles.
    """

    def __init__(self, request: SourceRequest) -> None:
        self._request = request
        self._alleles: Counter[tuple[str, int]] = Counter()
        self._bytes = 0

    def look(self, entry: Entry) -> None:
        """Raises ReferenceRefused, with the line, for one line too many."""
        limit, most = self._request.max_per_kilobase, self._request.max_bytes
        alleles = entry.alt.count(",") + 1
        if limit is not None and entry.alt:
            self._alleles[entry.contig, entry.start // 1000] += alleles
            if self._alleles[entry.contig, entry.start // 1000] > limit:
                where = f"{entry.contig}:{entry.start // 1000 * 1000:,}"
                raise ReferenceRefused(
                    f"{entry.place}: more than {limit:,} alleles within the thousand bases from {where}. Leave out "
                    "repeated lines."
                )
        self._bytes += alleles * (sum(map(len, entry.values)) + len(entry.ref) + len(entry.alt) // alleles)
        if most is not None and self._bytes > _MOST_GROWTH * most:
            raise ReferenceRefused(
                f"{entry.place}: one line an allele makes the file more than {_MOST_GROWTH} times as large. Leave out "
                "columns, or split the file."
            )


def _check_values(entry: Entry, fields: Sequence[SourceField]) -> None:
    for value, declared in zip(entry.values, fields, strict=True):
        pattern = _TYPES.get(declared.type)
        if pattern and value != "." and not all(v == "." or pattern.fullmatch(v) for v in value.split(",")):
            raise ReferenceRefused(f"{entry.place}: {declared.info} is {value[:60]!r}, no {declared.type}. Correct it.")


def _outside(entry: Entry, length: int) -> ReferenceRefused:
    if entry.start > entry.end:
        return ReferenceRefused(f"{entry.place}: the start {entry.start} lies behind the end {entry.end}. Swap them.")
    return ReferenceRefused(
        f"{entry.place}: {entry.contig}:{entry.start}-{entry.end} reaches outside the contig (1-{length}). "
        "Give a file of this assembly."
    )
