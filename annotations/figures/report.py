"""The figures of one result, built from its ``summary.json`` and the reference it was annotated against."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from annotations.figures.bars import Row, bars, rest_of, strip
from annotations.figures.chart import Chart, query
from annotations.figures.distributions import spread_charts
from annotations.figures.genome import GenomeMap, genome_map
from annotations.figures.karyogram import Karyogram, karyogram
from annotations.figures.marks import IMPACTS, marks_of
from annotations.figures.terms import impact_of, severity
from annotations.figures.words import counted, percent, term

if TYPE_CHECKING:
    from annotations.engine.reference import Reference

MOST_ROWS = 12
MOST_CONTIGS = 26

RCRS = (16_569, ((16_024, 16_569), (1, 576)))
"""Length of the human mitochondrial genome and its control region (NC_012920.1, feature D-loop)."""


@dataclass(frozen=True)
class Figures:
    """A page of figures; letters run over the map (always "a" when there is one) and the charts."""

    genome: GenomeMap | None
    charts: tuple[Chart, ...]
    karyogram: Karyogram | None = None

    def __bool__(self) -> bool:
        return bool(self.genome or self.karyogram or self.charts)


def figures_for(summary: Mapping[str, Any], reference: Reference | None) -> Figures:
    """All figures the summary has numbers for; ``reference`` None (removed since) leaves out the map."""
    if not summary.get("total"):
        return Figures(None, ())
    genome = _genome(summary, reference)
    drawn = None if genome else karyogram(summary, reference)
    charts = [_impacts(summary), _consequences(summary), _frequencies(summary)]
    if drawn is None and (genome is None or len(summary.get("by_contig", {})) > 1):
        charts.append(_contigs(summary))
    charts += [_genes(summary), *spread_charts(summary)]
    present = [chart for chart in charts if chart and chart.bars]
    first = "b" if genome or drawn else "a"
    lettered = (replace(chart, letter=chr(ord(first) + n)) for n, chart in enumerate(present))
    return Figures(genome, tuple(lettered), drawn)


def _genome(summary: Mapping[str, Any], reference: Reference | None) -> GenomeMap | None:
    """The map of the circular contig with the most variants, when all of the reference is circular."""
    if reference is None or not reference.contigs or not all(contig.circular for contig in reference.contigs):
        return None
    counts = summary.get("by_contig", {})
    contig = max(reference.contigs, key=lambda one: int(counts.get(one.name, 0)))
    if not counts.get(contig.name):
        return None
    length, control = RCRS
    return genome_map(
        marks_of(summary.get("marks", ()), contig.name),
        reference.genes(contig.name),
        contig.length,
        reference=reference.name,
        total=int(counts[contig.name]),
        control=control if contig.length == length else (),
    )


def _impacts(summary: Mapping[str, Any]) -> Chart | None:
    counts = summary.get("by_impact", {})
    rows = [Row(impact, int(counts.get(impact, 0)), impact, query(impact=impact)) for impact in IMPACTS]
    if not any(row.count for row in rows):
        return None
    return Chart("impact", "Impact", "Impact", bars(rows), kind="impact", strip=strip(rows))


def _consequences(summary: Mapping[str, Any]) -> Chart | None:
    counts: Mapping[str, int] = summary.get("by_consequence", {})
    ordered = sorted(counts.items(), key=lambda pair: (severity(pair[0]), -pair[1], pair[0]))
    rows = [
        Row(", ".join(map(term, name.split("&"))), int(count), impact_of(name), query(worst=name))
        for name, count in ordered
    ]
    caption = f"The most severe consequence of each variant, coloured by impact. {rest_of(rows, MOST_ROWS, 'term')}"
    return Chart("consequence", "Consequence", "Consequence", bars(rows[:MOST_ROWS], _total(rows)), caption)


def _frequencies(summary: Mapping[str, Any]) -> Chart | None:
    frequency = summary.get("frequency") or {}
    bins = frequency.get("bins") or []
    if not bins:
        return None
    source = _source_name(frequency)
    field = str(frequency.get("field") or "")
    rows = [_unseen(field, summary)]
    rows += [_bin(field, float(one["low"]), float(one["high"]), int(one["count"]), frequency) for one in bins]
    total = _total(rows)
    if not total:
        return None
    rare = rarer_than(summary, 0.001)
    verb = "is" if rare == 1 else "are"
    caption = f"{rare:,} of {counted(total, 'variant')} {verb} rarer than 1 in 1,000 sequences in {source}."
    return Chart("frequency", f"How common in {source}", "Frequency", bars(rows), caption)


def _unseen(field: str, summary: Mapping[str, Any]) -> Row:
    """What the source does not have, and what it has looked for and never seen: told apart since it is counted."""
    zeros = summary["frequency"].get("zeros")
    wanted = "none" if zeros is None else "unseen"
    return Row("not seen", not_seen(summary) + int(zeros or 0), query=query(frequency=f"{field}:{wanted}"))


def _bin(field: str, low: float, high: float, count: int, frequency: Mapping[str, Any]) -> Row:
    zeros = frequency.get("zeros")
    if low > 0 or zeros is None:
        return Row(_range(low, high), count, query=query(frequency=f"{field}:{low:g}-{high:g}"))
    return Row(_range(low, high), count - int(zeros), query=query(frequency=f"{field}:seen-{high:g}"))


def _range(low: float, high: float) -> str:
    """A bin's label in the fewest words."""
    if low <= 0:
        return f"under {percent(high)}"
    return f"over {percent(low)}" if high >= 1 else f"{percent(low)} to {percent(high)}"


def not_seen(summary: Mapping[str, Any]) -> int:
    """Annotated variants without a frequency.

    Earlier summaries count all without one; of what is not annotated, then, next to none is taken to have one.
    """
    frequency = summary.get("frequency") or {}
    if (told := frequency.get("not_seen_annotated")) is not None:
        return int(told)
    without = int(frequency.get("not_seen", 0))
    skipped: Mapping[str, int] = summary.get("not_annotated", {})
    return max(0, without - sum(skipped.values()))


def rarer_than(summary: Mapping[str, Any], limit: float) -> int:
    """How many annotated variants lie in bins below ``limit`` or were not seen at all."""
    frequency = summary.get("frequency") or {}
    below = sum(int(one["count"]) for one in frequency.get("bins") or [] if float(one["high"]) <= limit)
    return below + not_seen(summary)


def _source_name(frequency: Mapping[str, Any]) -> str:
    """The database and not its table: "MITOMAP" of "MITOMAP polymorphisms"."""
    return str(frequency.get("source") or "the source").split()[0]


def _contigs(summary: Mapping[str, Any]) -> Chart | None:
    counts: Mapping[str, int] = summary.get("by_contig", {})
    rows = [Row(name, int(counts[name]), query=query(region=name)) for name in sorted(counts, key=natural_order)]
    shown = bars(rows[:MOST_CONTIGS], _total(rows))
    return Chart("contigs", "Variants by chromosome", "Contig", shown, rest_of(rows, MOST_CONTIGS, "contig"), "contig")


def _genes(summary: Mapping[str, Any]) -> Chart | None:
    counts: Mapping[str, int] = summary.get("by_gene", {})
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    rows = [Row(name, int(count), query=query(gene=name)) for name, count in ordered if name]
    shown = bars(rows[:MOST_ROWS], int(summary["total"]))
    upstream = summary.get("by_consequence", {}).get("upstream_gene_variant")
    caption = f"{'A variant upstream of a gene counts for it. ' if upstream else ''}{rest_of(rows, MOST_ROWS, 'gene')}"
    return Chart("genes", "Genes with the most variants", "Gene", shown, caption, "gene")


def _total(rows: Sequence[Row]) -> int:
    return sum(row.count for row in rows)


def natural_order(name: str) -> tuple[tuple[int, int | str], ...]:
    """A key that puts chr2 before chr10."""
    parts = re.split(r"(\d+)", name)
    return tuple((0, int(part)) if part.isdecimal() else (1, part) for part in parts)
