"""The headline counts of a result, each with a line of meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from annotations.figures.chart import query
from annotations.figures.report import rarer_than
from annotations.figures.terms import impact_of
from annotations.figures.words import counted, share, term, thousands

#: Why the blocks of a gVCF, and its allele for all others, are not annotated: they are symbolic, and no variants.
BLOCK = "reference_block"
_CLASSES = {
    "SNV": ("substitution", "substitutions"),
    "insertion": ("insertion", "insertions"),
    "deletion": ("deletion", "deletions"),
    "MNV": ("multi-base change", "multi-base changes"),
    "indel": ("insertion-deletion", "insertion-deletions"),
    "symbolic": ("structural", "structural"),
    "other": ("other", "other"),
    BLOCK: ("reference block", "reference blocks"),
}


@dataclass(frozen=True)
class Tile:
    """A number under its name, with the line that says what it means."""

    label: str
    value: int
    note: str
    query: str | None = None


def tiles_of(summary: Mapping[str, Any]) -> tuple[Tile, ...]:
    """Four or five tiles; which ones depends on what the reference's sources know."""
    total = int(summary.get("total", 0))
    tiles = [Tile("Variants", total, classes(summary), ""), _high(summary)]
    frequency = summary.get("frequency") or {}
    if frequency.get("bins"):
        confirmed = int(summary.get("confirmed", 0))
        tiles.append(
            Tile("Confirmed pathogenic", confirmed, f"by {_database(frequency)}'s status", query(clinical="confirmed"))
        )
        tiles.append(
            Tile(
                "Rarer than 0.1%",
                rarer_than(summary, 0.001),
                f"of {_database(frequency)} sequences",
                query(frequency="0.001"),
            )
        )
    else:
        known = int(summary.get("known", 0))
        tiles.append(Tile("Known", known, f"{share(known, total) or '0%'} are in a source", query(known="yes")))
    genes = sum(1 for name in summary.get("by_gene", {}) if name)
    tiles.append(Tile("Genes", genes, _outside(summary) or "with a variant"))
    return tuple(tiles)


def classes(summary: Mapping[str, Any], most: int = 3) -> str:
    """The commonest classes of variant, and the rest as other: "43 substitutions, 1 deletion"."""
    by_class = {**summary.get("by_class", {})}
    if blocks := int(summary.get("not_annotated", {}).get(BLOCK, 0)):
        by_class |= {"symbolic": int(by_class.get("symbolic", 0)) - blocks, BLOCK: blocks}
    counts = sorted(((int(n), name) for name, n in by_class.items() if n), reverse=True)
    named = [counted(n, *_CLASSES.get(name, (name, name))) for n, name in counts[:most]]
    rest = sum(n for n, _ in counts[most:])
    return ", ".join([*named, f"{thousands(rest)} other"] if rest else named)


def _outside(summary: Mapping[str, Any]) -> str:
    """How many variants lie in no gene: those upstream count for the gene that follows, the others for none."""
    counts: Mapping[str, int] = summary.get("by_consequence", {})
    upstream, between = (int(counts.get(f"{name}_variant", 0)) for name in ("upstream_gene", "intergenic"))
    told = [f"{thousands(upstream)} upstream of one"] if upstream else []
    told += [f"{thousands(between)} between genes"] if between else []
    return f"{counted(upstream + between, 'variant')} in none: {', '.join(told)}" if told else ""


def _high(summary: Mapping[str, Any]) -> Tile:
    high = int(summary.get("by_impact", {}).get("HIGH", 0))
    counts: Mapping[str, int] = summary.get("by_consequence", {})
    found = sorted(((int(n), name) for name, n in counts.items() if n and impact_of(name) == "HIGH"), reverse=True)
    worst = ", ".join(f"{thousands(n)} {term(name.split('&')[0])}" for n, name in found[:2])
    none = "no stop, frameshift or splice-site change" if summary.get("annotated", 1) else "nothing was annotated"
    return Tile("High impact", high, worst or none, query(impact="HIGH"))


def _database(frequency: Mapping[str, Any]) -> str:
    return str(frequency.get("source") or "the source").split()[0]
