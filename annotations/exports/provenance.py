"""Where an export comes from, as names and values: for the sheet, the file's metadata, the VCF's header."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from annotations.engine.version import VERSION
from annotations.explorer.plan import Plan
from annotations.explorer.sorting import Sort
from annotations.models import Job

#: What ``versions`` of a summary names beside the sources.
_PROGRAMS = ("bcftools", "pysam", "pyarrow", "Python")


def provenance_of(job: Job, plan: Plan, sort: Sort, rows: int) -> tuple[tuple[str, str], ...]:
    """Return what a reader of the file needs to make it again. It names the job and no person."""
    summary: Mapping[str, Any] = job.summary
    versions: Mapping[str, str] = summary.get("versions", {})
    sources = [(name, version) for name, version in versions.items() if name not in {"GAS", *_PROGRAMS}]
    facts = [
        ("Exported", f"{timezone.now():%Y-%m-%d %H:%M} UTC by GAS {VERSION}"),
        ("Result", job.short_id),
        ("Annotated", f"{job.finished_at:%Y-%m-%d %H:%M} UTC" if job.finished_at else ""),
        ("Annotated by", f"GAS {versions.get('GAS', '')}, bcftools {versions.get('bcftools', '')}"),
        ("Reference", str(summary.get("reference", {}).get("assembly") or job.reference)),
        *((f"Source: {name}", str(version)) for name, version in sources),
        ("Filter", "; ".join(step.label for step in plan.steps) or "none"),
        ("Query", plan.filter.to_text()),
        ("Order", sort.column.title + (", descending" if sort.descending else "")),
        ("Variants", f"{rows:,}"),
        ("Note", "For research use. GAS reports what databases say; it does not diagnose."),
    ]
    return tuple((name, value) for name, value in facts if value)
