"""The summary in a few lines of text, for the command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

MOST_GENES = 5


def summary_lines(summary: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines that `manage.py annotate` prints for a summary."""
    total, annotated = summary["total"], summary["annotated"]
    yield f"{total:,} variants, {annotated:,} annotated, {summary['known']:,} known to the sources"
    for reason, count in summary["not_annotated"].items():
        yield f"  not annotated, {reason.replace('_', ' ')}: {count:,}"
    for title, key in (("impact", "by_impact"), ("consequence", "by_consequence"), ("source", "by_source")):
        if summary[key]:
            yield f"by {title}: " + ", ".join(f"{name} {count:,}" for name, count in summary[key].items())
    genes = sorted(summary["by_gene"].items(), key=lambda item: (-item[1], item[0]))
    if genes:
        shown = ", ".join(f"{name} {count:,}" for name, count in genes[:MOST_GENES])
        more = f" and {len(genes) - MOST_GENES:,} more genes" if len(genes) > MOST_GENES else ""
        yield f"by gene: {shown}{more}"
    for warning in summary.get("warnings", []):
        yield f"note: {warning}"
