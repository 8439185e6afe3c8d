"""A job as a list of timeline steps: what happened, when, how long it took, and what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from annotations.figures.words import counted, size, span

if TYPE_CHECKING:
    from annotations.availability import Availability


class JobLike(Protocol):
    """What the timeline reads of a job; times are None until they happen."""

    status: str
    input_size: int
    verdict: Any
    created_at: datetime
    queued_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True)
class Step:
    """``kind`` is done, current (open for the reader), live (at work now), next, failed or stopped."""

    label: str
    kind: str
    at: datetime | None = None
    note: str = ""


def timeline(job: JobLike, availability: Availability | None = None, *, at_work: str = "now") -> list[Step]:
    """The steps of ``job`` in their order; exactly one is not "done" or "next". ``at_work`` says how far it is."""
    steps = [Step("Uploaded", "done", job.created_at, size(job.input_size))]
    if job.verdict:
        warnings = len(job.verdict.get("warnings", ()))
        steps.append(
            Step("Checked", "done", job.created_at, counted(warnings, "warning") if warnings else "no warnings")
        )
    if job.status == "uploading":
        steps.append(Step("Your go", "current", note="choose the reference, then run"))
        return [*steps, Step("Annotated", "next"), Step("Ready", "next")]
    return steps + _after_queueing(job, availability, at_work)


def _after_queueing(job: JobLike, availability: Availability | None, at_work: str) -> list[Step]:
    if job.status == "pending":
        waiting = Step("Queued", "live", job.queued_at, "waiting for a free worker")
        return [waiting, Step("Annotated", "next"), Step("Ready", "next")]
    steps = []
    if job.queued_at:
        steps.append(Step("Queued", "done", job.queued_at, _between(job.queued_at, job.started_at)))
    if job.status == "running":
        return [*steps, Step("Annotating", "live", job.started_at, at_work), Step("Ready", "next")]
    if job.status == "completed":
        took = _between(job.started_at, job.finished_at)
        done = [Step("Annotated", "done", job.started_at, took)] if job.started_at else []
        return [*steps, *done, *_whereabouts(job, availability)]
    if job.started_at:
        steps.append(Step("Started", "done", job.started_at, _between(job.started_at, job.finished_at)))
    failed = job.status == "failed"
    return [*steps, Step("Failed" if failed else "Cancelled", "failed" if failed else "stopped", job.finished_at)]


def _whereabouts(job: JobLike, availability: Availability | None) -> list[Step]:
    """The result's own steps: ready, going cold, cold, on its way back."""
    if availability is None or availability.downloadable:
        ready = Step("Ready", "current", job.finished_at, "download open")
        due_at = availability.due_at if availability else None
        return [ready, Step("Cold storage", "next", due_at)] if due_at else [ready]
    ready = Step("Ready", "done", job.finished_at)
    if availability.is_restoring:
        asked = Step("Restoring", "live", availability.since, "on its way back")
        return [ready, asked, Step("Ready again", "next", availability.expected_at)]
    moving = availability.state == "archiving"
    return [ready, Step("Cold storage", "live" if moving else "current", availability.since, "files kept")]


def _between(start: datetime | None, end: datetime | None) -> str:
    return span((end - start).total_seconds()) if start and end else ""
