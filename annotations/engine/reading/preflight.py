"""A bounded look at an upload before its job is queued: the verdict that a person sees."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from annotations.engine.limits import Limits
from annotations.engine.reading.assembly import assembly_of
from annotations.engine.reading.named_assembly import named_assembly
from annotations.engine.reading.reader import VcfReader
from annotations.engine.reference import Reference
from annotations.engine.results.alleles import variant_class

#: How many sample names a verdict shows.
FIRST_SAMPLES = 5


@dataclass(frozen=True)
class ContigVerdict:
    """Records on one contig: its name in the file, and in the reference ("" where that lacks it)."""

    name: str
    renamed_to: str
    count: int
    known: bool


@dataclass(frozen=True)
class Fit:
    """How the file fits the reference: records on its contigs and off them, REF alleles compared and found wrong."""

    known: int
    unknown: int
    checked: int
    mismatched: int


@dataclass(frozen=True)
class Verdict:
    """What a bounded look says. ``records`` and all counts are of the whole file only when ``complete``."""

    name: str
    reference: str
    format: str
    compression: str
    sample_count: int
    samples: tuple[str, ...]
    records: int
    complete: bool
    by_class: dict[str, int]
    """Alternate alleles by class: SNV, insertion, deletion, MNV, indel, symbolic, other."""
    contigs: tuple[ContigVerdict, ...]
    sorted: bool
    assembly: str
    """The assembly that the header's contig lengths belong to or that it names, "" when none is told."""
    fit: Fit
    warnings: tuple[str, ...]
    chosen: str = ""
    """The reference that was chosen, where the file contradicts it and fits ``reference``; else ""."""

    def to_json(self) -> dict[str, Any]:
        """The verdict as JSON's own types."""
        verdict: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return verdict

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The verdict that to_json() wrote."""
        contigs = tuple(ContigVerdict(**contig) for contig in data["contigs"])
        lists = {"samples": tuple(data["samples"]), "warnings": tuple(data["warnings"])}
        return cls(**{**data, **lists, "contigs": contigs, "fit": Fit(**data["fit"])})


def preflight(
    path: Path, reference: Reference, *, name: str, limits: Limits | None = None, max_records: int = 20_000
) -> Verdict:
    """Look at the first records of a file (the whole file when it is small): within the limits' ``look`` sizes.

    Raises InputRefused and WrongReference as reading it would.
    """
    classes: Counter[str] = Counter()
    limits = limits or Limits()
    limits = replace(limits, verify_packed_bytes=limits.look_packed_bytes)
    with VcfReader(path, reference, limits, sort_later=True) as reader:
        complete, enough = True, False
        for text, _ in reader.chunks():
            _count_classes(text, classes)
            if enough:  # and yet there was another chunk
                complete = False
                break
            enough = reader.counts.records >= max_records or reader.has_looked_enough()
        return _verdict(reader, reference, name, classes, complete=complete)


def _verdict(reader: VcfReader, reference: Reference, name: str, classes: Counter[str], *, complete: bool) -> Verdict:
    counts = reader.counts
    unknown = counts.unknown_contigs.total()
    contigs = tuple(
        ContigVerdict(contig, counts.renamed.get(contig, contig) if known else "", count, known)
        for contig, count in counts.by_contig.most_common()
        for known in (contig not in counts.unknown_contigs,)
    )
    return Verdict(
        name=name,
        reference=reference.name,
        format=reader.format,
        compression=reader.compression,
        sample_count=len(reader.samples),
        samples=reader.samples[:FIRST_SAMPLES],
        records=counts.records,
        complete=complete,
        by_class=dict(classes.most_common()),
        contigs=contigs,
        sorted=counts.first_unsorted_line is None,
        assembly=assembly_of(reader.header.contig_lengths()) or named_assembly(reader.header.metas),
        fit=Fit(counts.records - unknown, unknown, counts.refs_checked, counts.refs_mismatched),
        warnings=tuple(_warnings(reader, reference)),
    )


def _count_classes(text: bytes, classes: Counter[str]) -> None:
    alleles: Counter[tuple[bytes, bytes]] = Counter()
    for line in text.split(b"\n"):
        fields = line.split(b"\t", 5)
        if len(fields) > 4:
            for alt in fields[4].split(b","):
                alleles[fields[3], alt] += 1
    for (ref, alt), count in alleles.items():
        if alt != b".":
            classes[variant_class(ref.decode("utf-8", "replace"), alt.decode("utf-8", "replace"))] += count


def _warnings(reader: VcfReader, reference: Reference) -> list[str]:
    counts = reader.counts
    warnings = list(reader.warnings)
    if not counts.records:
        warnings.append("The file holds no variants: only a header.")
    if counts.first_unsorted_line is not None:
        warnings.append(f"The records are not sorted (line {counts.first_unsorted_line:,}); they will be.")
    unknown = counts.unknown_contigs.total()
    if unknown:
        names = ", ".join(name for name, _ in counts.unknown_contigs.most_common(3))
        more = f" and {len(counts.unknown_contigs) - 3:,} more" if len(counts.unknown_contigs) > 3 else ""
        lie, stay = ("lies", "it stays") if unknown == 1 else ("lie", "they stay")
        warnings.append(
            f"{unknown:,} of {counts.records:,} records {lie} on contigs that {reference.name} does not have "
            f"({names}{more}); {stay} in the result, not annotated."
        )
    first = counts.first_mismatch
    if first is not None:
        one = counts.refs_mismatched == 1
        are, where, stay = ("is", "in", "this record stays") if one else ("are", "the first in", "these records stay")
        warnings.append(
            f"{counts.refs_mismatched:,} of {counts.refs_checked:,} checked REF alleles {are} not what the reference "
            f"has there ({where} line {first.line:,}: REF is {first.found}, the reference has {first.expected}); "
            f"{stay} in the result, not annotated."
        )
    if counts.beyond_contig:
        lie = "1 record lies" if counts.beyond_contig == 1 else f"{counts.beyond_contig:,} records lie"
        warnings.append(f"{lie} beyond the end of the contig and cannot be annotated.")
    if reader.renamed_info:
        pairs = ", ".join(f"{old} becomes {new}" for old, new in reader.renamed_info.items())
        warnings.append(f"INFO fields of the file have names that the annotation uses: {pairs}.")
    return warnings
