"""Turn a VCF into a source: an indexed table of alleles with the fields wanted of it.

The VCF's records are checked against the sequence, split and left-aligned by ``bcftools norm``, sorted, and
spellings of one allele joined, so that a variant that went through the same ``norm`` finds its line by
CHROM, POS, REF and ALT.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import pysam

from annotations.engine.errors import ReferenceRefused
from annotations.engine.install.localfile import open_local, text_lines
from annotations.engine.install.normalise import Row, normalised
from annotations.engine.reference import SourceField
from annotations.engine.sequence import ReferenceSequence

#: A source with a larger share of REFs that differ from the sequence belongs to another assembly.
MAX_MISMATCHES = 0.1
INFO_ID = re.compile(r"[A-Za-z_][0-9A-Za-z_.]*")
#: What well-known fields mean, so that figures and filters find them.
ROLES = {"AF": "frequency", "AC": "count", "CLNDN": "disease", "CLNSIG": "status"}
_TYPES = {
    "Integer": re.compile(r"[+-]?\d+"),
    "Float": re.compile(r"[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+|inf|nan)", re.I),
}
_HEADER = re.compile(r"##INFO=<ID=([^,]+),Number=([^,]+),Type=([^,]+),Description=\"((?:[^\"\\]|\\.)*)\"")


@dataclass(frozen=True)
class SourceRequest:
    """A VCF to take fields from. ``infos`` and ``roles`` rename and explain fields where the rule does not."""

    name: str
    path: Path
    fields: tuple[str, ...]
    version: str = ""
    citation: str = ""
    licence: str = ""
    infos: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)

    def info(self, name: str) -> str:
        """The INFO id this field gets in our output."""
        return self.infos.get(name, f"{self.name}_{name}")

    def role(self, name: str) -> str:
        """What the field is for; "" when nobody knows."""
        return self.roles.get(name, ROLES.get(name, ""))


@dataclass
class SourceTable:
    """A table made: its fields as our output declares them, its records, what was dropped, by reason."""

    fields: tuple[SourceField, ...]
    version: str
    records: int = 0
    dropped: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Genome:
    """What a source is held against; ``names`` maps every name a contig may go by to its own."""

    fasta: Path
    sequences: Mapping[str, ReferenceSequence]
    names: Mapping[str, str]


def make_table(request: SourceRequest, genome: Genome, target: Path) -> SourceTable:
    """Write ``target`` (BGZF) and its ``.tbi``. Raises ReferenceRefused when the VCF cannot serve."""
    header, fields = _read_header(request)
    table = SourceTable(fields, request.version or header.get("fileDate", "unknown"))
    numbers = ["1" if f.type == "Flag" else f.number for f in fields]
    name = request.path.name
    records = _records(request, genome, table)
    alleles = normalised(records, numbers, genome.fasta, list(genome.sequences), name=name, dropped=table.dropped)
    rows = join_duplicates(alleles, fields, table.dropped)
    table.records = write_table(_typed(rows, fields, name), fields, target)
    if not table.records:
        raise ReferenceRefused(f"{name} has no allele on this reference. Give a VCF of this assembly.")
    return table


def join_duplicates(rows: Iterable[Row], fields: Sequence[SourceField], dropped: Counter[str]) -> Iterator[Row]:
    """One row an allele: numbers keep the largest, texts are listed, by "," where the field is a list, else "|"."""
    for key, group in groupby(rows, key=lambda row: row[:4]):
        spellings = list(group)
        if len(spellings) == 1:
            yield spellings[0]
            continue
        dropped["another spelling of an allele"] += len(spellings) - 1
        columns = zip(*(row[4] for row in spellings), strict=True)
        yield *key, tuple(_join(values, f) for values, f in zip(columns, fields, strict=True))


def write_table(rows: Iterable[Row], fields: Sequence[SourceField], target: Path) -> int:
    """Write rows, sorted by contig and position, as BGZF with a tabix index; answers how many there were."""
    records = 0
    with pysam.BGZFile(str(target), "wb", None) as out:
        out.write("\t".join(["#CHROM", "POS", "REF", "ALT", *(f.info for f in fields)]).encode() + b"\n")
        for contig, position, ref, alt, values in rows:
            out.write("\t".join([contig, str(position), ref, alt, *values]).encode() + b"\n")
            records += 1
    pysam.tabix_index(str(target), seq_col=0, start_col=1, end_col=1, meta_char="#", force=True)
    return records


def info_safe(text: str) -> str:
    """Text as a VCF INFO value: what VCF 4.3 (1.2) gives a meaning is percent-encoded, and so is a space."""
    return "".join(f"%{ord(c):02X}" if c in "%;=," or c.isspace() or ord(c) < 32 else c for c in text) or "."


def _read_header(request: SourceRequest) -> tuple[dict[str, str], tuple[SourceField, ...]]:
    name = request.path.name
    lines: dict[str, str] = {}
    declared: dict[str, tuple[str, str, str]] = {}
    with open_local(request.path) as file:
        for number, line in text_lines(file, name):
            if number == 1 and not line.startswith("##fileformat=VCF"):
                raise ReferenceRefused(f"{name} is no VCF text. Convert it with bcftools view -Oz.")
            if not line.startswith("##"):
                break
            if found := _HEADER.match(line):
                declared[found[1]] = (found[2], found[3], found[4])
            key, _, value = line[2:].partition("=")
            lines.setdefault(key, value)
    for wanted in request.fields:
        if wanted not in declared:
            known = ", ".join(sorted(declared)) or "none"
            raise ReferenceRefused(f"{name} declares no INFO field {wanted}. It has: {known}.")
        if not INFO_ID.fullmatch(request.info(wanted)):
            raise ReferenceRefused(f"{request.info(wanted)} cannot be an INFO field. Use letters, digits, _ and a dot.")
    return lines, tuple(SourceField(request.info(f), *declared[f], request.role(f)) for f in request.fields)


def _records(request: SourceRequest, genome: Genome, table: SourceTable) -> Iterator[str]:
    """The VCF's records that fit the reference, bare of everything but the fields wanted."""
    name = request.path.name
    wanted = {f: (f"F{i}", table.fields[i].number) for i, f in enumerate(request.fields)}
    checked = 0
    with open_local(request.path) as file:
        for number, line in text_lines(file, name):
            if line.startswith("#") or not line:
                continue
            columns = line.split("\t", 8)
            if len(columns) < 8 or not columns[1].isdecimal() or not columns[3]:
                raise ReferenceRefused(f"{name}, line {number}: this is no VCF record. Separate its columns by tabs.")
            contig, position, ref = genome.names.get(columns[0], ""), int(columns[1]), columns[3].upper()
            if not contig:
                table.dropped["on a contig the reference lacks"] += 1
                continue
            checked += 1
            if genome.sequences[contig].fetch(position - 1, position - 1 + len(ref)) != ref.encode():
                table.dropped["REF is not the reference's"] += 1
                continue
            yield (
                f"{contig}\t{position}\t.\t{ref}\t{columns[4]}\t.\t.\t"
                f"{_values(columns[7], wanted, columns[4].count(',') + 1, f'{name}, line {number}')}\n"
            )
    if table.dropped["REF is not the reference's"] > MAX_MISMATCHES * checked:
        wrong = table.dropped["REF is not the reference's"]
        raise ReferenceRefused(
            f"{name}: {wrong} of {checked} records have another REF than the reference. Give a VCF of this assembly."
        )


def _values(info: str, wanted: Mapping[str, tuple[str, str]], alts: int, place: str) -> str:
    """The fields wanted under the names ``normalised`` takes; a flag is 1.

    bcftools splits a list that does not fit the alleles without complaint, so it is counted here.
    """
    kept = []
    for part in info.split(";"):
        name, _, value = part.partition("=")
        if name in wanted:
            key, number = wanted[name]
            due = {"A": alts, "R": alts + 1}.get(number)
            if due is not None and value != "." and value.count(",") + 1 != due:
                raise ReferenceRefused(f"{place}: {name} has {value.count(',') + 1} values, not {due}. Correct it.")
            kept.append(f"{key}={value or 1}".replace(" ", "%20"))
    return ";".join(kept) or "."


def _join(values: Sequence[str], declared: SourceField) -> str:
    present = sorted({value for value in values if value != "."})
    if len(present) < 2:
        return present[0] if present else "."
    if declared.type in _TYPES and declared.number in {"1", "A"}:
        return max(present, key=float)
    return ("," if declared.number == "." else "|").join(present)


def _typed(rows: Iterable[Row], fields: Sequence[SourceField], name: str) -> Iterator[Row]:
    for row in rows:
        for value, declared in zip(row[4], fields, strict=True):
            pattern = _TYPES.get(declared.type)
            if pattern and not all(v == "." or pattern.fullmatch(v) for v in value.split(",")):
                place = f"{row[0]}:{row[1]} {row[2]}>{row[3]}"
                raise ReferenceRefused(
                    f"{name}, {place}: {declared.info} is {value!r}, no {declared.type}. Correct it."
                )
        yield row
