"""What an allele is called on a page: its HGVS name where it has one."""

from __future__ import annotations

from typing import Any

from annotations.engine.hgvs.genomic import genomic_name
from annotations.engine.reference import Reference
from annotations.figures.words import clipped

MOST_CHARACTERS = 40


def variant_name(row: dict[str, Any], reference: Reference | None) -> str:
    """Return ``m.11778G>A``, ``chr1:g.24del``; REF>ALT at its place for what HGVS has no name for.

    Only the genome's own contig is left unnamed, where there is one: a name says where it belongs.
    """
    contig = reference.contig_names().get(row["contig"]) if reference else None
    plain = f"{row['contig']}:{row['pos']}{row['ref']}>{row['alt']}"
    if contig is None or reference is None or row.get("not_annotated"):
        return clipped(plain, MOST_CHARACTERS)
    sequence = reference.sequence(contig.name)
    name = genomic_name(row["pos"], row["ref"], row["alt"], sequence, mitochondrial=contig.mitochondrial)
    if not name:
        return clipped(plain, MOST_CHARACTERS)
    return clipped(name if contig.mitochondrial else f"{contig.name}:{name}", MOST_CHARACTERS)
