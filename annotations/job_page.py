"""What a job's page shows: the timeline, the numbers, the figures, the files."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone

from annotations.availability import availability_of
from annotations.catalogue import UnknownReference, reference_named
from annotations.engine.reference import Reference
from annotations.explorer.door import owners_door
from annotations.figures.report import figures_for
from annotations.figures.tiles import tiles_of
from annotations.models import COLD_KINDS, Job, JobStatus, ResultFile
from annotations.queueing.place import place_of
from annotations.sharding.standing import standing_of
from annotations.timeline import timeline
from gas_site.storage import file_store

LOG_HEAD_BYTES = 4 * 1024
LOG_HEAD_LINES = 16


def detail_context(job: Job) -> dict[str, Any]:
    """Return the context of the job's page and of its live part."""
    files = list(job.files.all())
    completed = job.status == JobStatus.COMPLETED
    reference = reference_of(job)
    job.availability = availability_of([job]).get(job.pk)
    shards = standing_of(job)
    return {
        "job": job,
        # Open while the files are here: then every number and mark of a figure is a link to its rows.
        "variants_url": _variants_url(job) if completed else "",
        "door": owners_door(job),
        "availability": job.availability,
        "cold_kinds": COLD_KINDS,
        "now": timezone.now(),
        "steps": timeline(job, job.availability, at_work=shards.words if shards else "now"),
        **(numbers_context(job, reference) if completed else {}),
        "events": list(job.events.all()),
        "files": files,
        "summary": job.summary,
        "verdict": job.verdict,
        "reference": reference,
        "log_head": _log_head(files) if completed else [],
        "shards": shards,
        "place": place_of(job, timezone.now()),
    }


def numbers_context(job: Job, reference: Reference | None) -> dict[str, Any]:
    """Return what a completed job's summary becomes on a page: tiles, what to know, figures."""
    return {
        "summary": job.summary,
        "tiles": tiles_of(job.summary),
        "figures": figures_for(job.summary, reference),
        "not_annotated": sum(job.summary.get("not_annotated", {}).values()),
    }


def _variants_url(job: Job) -> str:
    open_now = job.availability is not None and job.availability.downloadable
    return reverse("annotations:variants", args=[job.pk]) if open_now else ""


def reference_of(job: Job) -> Reference | None:
    """Return the job's reference, or None when it is no longer installed; its results stay readable."""
    try:
        return reference_named(job.reference)
    except UnknownReference:
        return None


def _log_head(files: list[ResultFile]) -> list[str]:
    """Return the log's first lines, which hold the counts; none when the file is away."""
    file = next((file for file in files if file.kind == "log"), None)
    if file is None or not file_store().has(file.key):
        return []
    with file_store().read(file.key) as stored:
        lines = stored.read(LOG_HEAD_BYTES).decode(errors="replace").splitlines()
    return lines[:LOG_HEAD_LINES]
