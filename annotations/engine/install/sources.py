"""Turns a source's files into a table that records are looked up in.

Alleles are checked against the sequence, split and left-aligned by ``bcftools norm``, sorted, and spellings of one
allele joined, so that a variant that went through the same ``norm`` finds its line by CHROM, POS, REF and ALT. What is
matched by position or overlap becomes intervals.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from annotations.engine.errors import ReferenceRefused
from annotations.engine.install.entries import Entry, Genome, SourceTable, checked
from annotations.engine.install.normalise import Row, normalised
from annotations.engine.install.requests import SourceRequest
from annotations.engine.install.tables import write_alleles, write_intervals
from annotations.engine.install.text_source import text_entries, text_fields
from annotations.engine.install.vcf_source import vcf_entries, vcf_fields
from annotations.engine.reference import SourceField

INFO_ID = re.compile(r"[A-Za-z_][0-9A-Za-z_.]*")
#: Written by the annotation itself.
_TAKEN = re.compile(r"GAS_.*|BCSQ")


def make_table(request: SourceRequest, genome: Genome, target: Path) -> SourceTable:
    """Write ``target`` (BGZF) and its ``.tbi``. Raises ReferenceRefused, with the line, when a file cannot serve."""
    for wanted in request.fields:
        if not INFO_ID.fullmatch(wanted.info) or _TAKEN.fullmatch(wanted.info):
            raise ReferenceRefused(
                f"{wanted.info} cannot be an INFO field. Use letters, digits, _ and a dot, and no name GAS uses."
            )
    fields, date = source_fields(request)
    table = SourceTable(fields, request.version or date or "unknown")
    entries = checked(source_entries(request, table), request, genome, table)
    contigs = list(genome.sequences)
    if request.match == "allele":
        numbers = ["1" if f.type == "Flag" else f.number for f in fields]
        records = map(_record, entries)
        alleles = normalised(
            records,
            numbers,
            genome.fasta,
            contigs,
            name=request.file_name,
            dropped=table.dropped,
            scratch=target.parent,
        )
        table.records = write_alleles(join_duplicates(alleles, fields, table.dropped), fields, target)
    else:
        table.records = write_intervals(entries, request, fields, contigs, target)
    if not table.records:
        what = "allele" if request.match == "allele" else "line"
        raise ReferenceRefused(
            f"{request.file_name} has no {what} on this reference. Give a {request.format} of this assembly."
        )
    return table


def source_fields(request: SourceRequest) -> tuple[tuple[SourceField, ...], str]:
    """The fields as our output declares them, and the date that the file bears."""
    return vcf_fields(request) if request.format == "VCF" else (text_fields(request), "")


def source_entries(request: SourceRequest, table: SourceTable) -> Iterator[Entry]:
    """The lines of the source's files, not yet held against a reference."""
    return vcf_entries(request, table) if request.format == "VCF" else text_entries(request, table)


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


def _record(entry: Entry) -> str:
    info = ";".join(f"F{at}={value}" for at, value in enumerate(entry.values) if value != ".") or "."
    return f"{entry.contig}\t{entry.start}\t.\t{entry.ref}\t{entry.alt}\t.\t.\t{info}\n"


def _join(values: Sequence[str], declared: SourceField) -> str:
    present = sorted({value for value in values if value != "."})
    if len(present) < 2:
        return present[0] if present else "."
    if declared.type in {"Integer", "Float"} and declared.number in {"1", "A"}:
        return max(present, key=float)
    return ("," if declared.number == "." else "|").join(present)
