"""Charts of how a result's variants are spread: class, length, quality, known or novel, samples.

Summaries of earlier versions lack some of the numbers; then there is no such chart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from annotations.figures.bars import Row, bars
from annotations.figures.chart import Chart, query
from annotations.figures.words import counted, percent

MOST_SAMPLES = 20
#: A bar for each length up to this; longer ones stand together in the next.
SINGLE_LENGTHS = 5
#: Ends of the bars of longer lengths, in bases.
LONGER = (10, 20)


def spread_charts(summary: Mapping[str, Any]) -> list[Chart | None]:
    """The charts in their order."""
    return [_classes(summary), _lengths(summary), _quality(summary), _known(summary), _samples(summary)]


def _classes(summary: Mapping[str, Any]) -> Chart | None:
    counts: Mapping[str, int] = summary.get("by_class", {})
    rows = [Row(name, int(count), query=query(**{"class": name})) for name, count in counts.items() if count]
    transitions, transversions = (int(summary.get(name, 0)) for name in ("transitions", "transversions"))
    caption = ""
    if transversions:
        caption = f"Ti/Tv {transitions / transversions:.2f}: {counted(transitions, 'transition')}, "
        caption += f"{counted(transversions, 'transversion')}."
    return Chart("class", "Class", "Class", bars(rows), caption)


def _lengths(summary: Mapping[str, Any]) -> Chart | None:
    counts = {int(length): int(count) for length, count in (summary.get("indel_lengths") or {}).items()}
    if not counts:
        return None
    rows = [row for sign in (1, -1) for row in _one_side(counts, sign)]
    return Chart("lengths", "Length of insertions and deletions", "Bases", bars(rows))


def _one_side(counts: Mapping[int, int], sign: int) -> list[Row]:
    """Bars of insertions (1) or deletions (-1); the last is of what the summary counts together."""
    words, mark = ("inserted", "+") if sign > 0 else ("deleted", "-")
    sizes = {abs(length): count for length, count in counts.items() if length * sign > 0}
    rows = [
        Row(f"{counted(size, 'base')} {words}", sizes[size], query=query(length=f"{mark}{size}"))
        for size in range(1, SINGLE_LENGTHS + 1)
        if size in sizes
    ]
    first = SINGLE_LENGTHS + 1
    for last in LONGER:
        found = sum(sizes.get(size, 0) for size in range(first, last + 1))
        if found:
            rows.append(Row(f"{first} to {last} {words}", found, query=query(length=f"{mark}{first}-{last}")))
        first = last + 1
    if more := sum(count for size, count in sizes.items() if size >= first):
        rows.append(Row(f"{first} or more {words}", more, query=query(length=f"{mark}{first}-")))
    return rows


def _quality(summary: Mapping[str, Any]) -> Chart | None:
    quality = summary.get("quality") or {}
    counts: Sequence[int] = quality.get("counts") or ()
    if not any(counts):
        return None
    bounds = ["", *map(str, quality["bounds"]), ""]
    rows = []
    for low, high, count in zip(bounds[:-1], bounds[1:], counts, strict=True):
        label = f"{low} to {high}" if low and high else f"{low} and more" if low else f"under {high}"
        rows.append(Row(label, int(count), query=query(quality=f"{low}-{high})" if high else f"{low}-")))
    if missing := int(quality.get("missing", 0)):
        rows.append(Row("none given", missing, query=query(quality="none")))
    return Chart("quality", "Quality", "QUAL", bars(rows), "As the caller wrote it; a range takes its lower end.")


def _known(summary: Mapping[str, Any]) -> Chart | None:
    if "known" not in summary or not summary.get("by_source"):
        return None
    annotated, known = int(summary.get("annotated", summary.get("total", 0))), int(summary["known"])
    # Known is what a source has, annotated or not; novel is only what is annotated. Earlier summaries do not tell the
    # two kinds of known apart, and what is left of theirs is the least that can be novel.
    told = summary.get("known_annotated")
    novel = max(0, annotated - (known if told is None else int(told)))
    rows = [Row("known", known, query=query(known="yes")), Row("novel", novel, query=query(known="no"))]
    sources: Mapping[str, int] = summary["by_source"]
    caption = "; ".join(f"{name}: {int(count):,}" for name, count in sources.items())
    return Chart("known", "Known or novel", "In a source", bars(rows), caption)


def _samples(summary: Mapping[str, Any]) -> Chart | None:
    samples: Sequence[Mapping[str, Any]] = summary.get("samples") or ()
    rows = []
    for number, sample in enumerate(samples[:MOST_SAMPLES], start=1):
        het, hom = int(sample["het"]), int(sample["hom"])
        rows.append(Row(f"{sample['name']}, het", het, query=query(genotype=f"{number}:het")))
        rows.append(Row(f"{sample['name']}, hom", hom, query=query(genotype=f"{number}:hom")))
    if not any(row.count for row in rows):
        return None
    total = int(summary.get("total", 0))
    missing = sum(int(sample["missing"]) for sample in samples)
    caption = "Alleles that a sample carries besides another (het), or only (hom). "
    if missing and total:
        caption += f"{percent(missing / (total * len(samples)))} of the genotypes are not called. "
    left = int((summary.get("input") or {}).get("sample_count", len(samples))) - MOST_SAMPLES
    if left > 0:
        caption += f"{counted(left, 'more sample')} in the table."
    return Chart("samples", "Samples", "Sample", bars(rows, total), caption)
