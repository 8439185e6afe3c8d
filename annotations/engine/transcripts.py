"""Transcripts of a contig's GFF3, as ``bcftools csq`` reads them. Positions are 1-based and inclusive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from annotations.engine.genes import gff_attributes, gff_biotype


@dataclass(frozen=True, slots=True)
class Transcript:
    """One transcript; ``exons`` are inclusive and rise, ``coding`` is the first and the last coding position.

    ``phase`` is the number of coding bases before the first whole codon, where the transcript's 5' end is missing.
    """

    id: str
    gene: str
    reverse: bool
    biotype: str
    exons: tuple[tuple[int, int], ...]
    coding: tuple[int, int] | None = None
    phase: int = 0
    tags: frozenset[str] = frozenset()

    @property
    def start(self) -> int:
        """The lowest position."""
        return self.exons[0][0]

    @property
    def end(self) -> int:
        """The highest position."""
        return self.exons[-1][1]


@dataclass(slots=True)
class _Open:
    """A transcript while its lines come in."""

    id: str
    gene: str
    reverse: bool
    biotype: str
    span: tuple[int, int]
    tags: frozenset[str]
    exons: list[tuple[int, int]] = field(default_factory=list)
    #: Begin, end, phase.
    coding: list[tuple[int, int, int]] = field(default_factory=list)


def read_transcripts(gff: Path) -> list[Transcript]:
    """The transcripts of a GFF3 that the installer wrote, in its order; parts may stand in any order."""
    genes: dict[str, str] = {}
    found: dict[str, _Open] = {}
    parts: list[tuple[str, str, int, int, int]] = []
    for columns, attributes in _features(gff):
        kind, first, last, identity = columns[2], int(columns[3]), int(columns[4]), _bare(attributes.get("ID", ""))
        parent = _bare(attributes.get("Parent", ""))
        if kind == "gene" or attributes.get("ID", "").startswith("gene:") or not parent:
            genes[identity] = attributes.get("Name") or identity
        elif kind in ("exon", "CDS"):
            phase = int(columns[7]) if columns[7].isdigit() else 0
            parts.append((parent, kind, first, last, phase))
        elif identity and kind not in ("three_prime_UTR", "five_prime_UTR"):
            tags = frozenset(attributes.get("tag", "").split(",")) - {""}
            biotype = gff_biotype(attributes)
            found[identity] = _Open(identity, parent, columns[6] == "-", biotype, (first, last), tags)
    for parent, kind, first, last, phase in parts:
        if parent in found and kind == "exon":
            found[parent].exons.append((first, last))
        elif parent in found:
            found[parent].coding.append((first, last, phase))
    return [_closed(one, genes.get(one.gene, one.gene)) for one in found.values()]


def _features(gff: Path) -> Iterator[tuple[list[str], dict[str, str]]]:
    with gff.open(encoding="utf-8") as lines:
        for line in lines:
            columns = line.rstrip("\r\n").split("\t", 8)
            if len(columns) == 9:
                yield columns, gff_attributes(columns[8])


def _closed(one: _Open, gene: str) -> Transcript:
    coding = sorted(one.coding)
    exons = _joined([*one.exons, *((first, last) for first, last, _ in coding)]) or [one.span]
    return Transcript(
        id=one.id,
        gene=gene,
        reverse=one.reverse,
        biotype=one.biotype,
        exons=tuple(exons),
        coding=(coding[0][0], coding[-1][1]) if coding else None,
        phase=coding[-1 if one.reverse else 0][2] if coding else 0,
        tags=one.tags,
    )


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans that overlap made one, so that each coding base lies in an exon; neighbours stay apart."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(last, joined[-1][1])
        else:
            joined.append((first, last))
    return joined


def _bare(name: str) -> str:
    return name.removeprefix("gene:").removeprefix("transcript:")
