"""A job as steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from annotations.timeline import timeline

START = datetime(2026, 11, 22, 11, 37, 44, tzinfo=UTC)


@dataclass
class AJob:
    """Stands in for the row; the timeline only reads."""

    status: str
    input_size: int = 39_117
    verdict: dict[str, Any] = field(default_factory=lambda: {"warnings": ["a", "b"]})
    created_at: datetime = START
    queued_at: datetime | None = START + timedelta(seconds=14)
    started_at: datetime | None = START + timedelta(seconds=23)
    finished_at: datetime | None = START + timedelta(seconds=37)


def steps(job: AJob) -> list[tuple[str, str, str]]:
    return [(step.label, step.kind, step.note) for step in timeline(job)]


def test_a_completed_job_says_how_long_each_step_took() -> None:
    assert steps(AJob("completed")) == [
        ("Uploaded", "done", "38.2 KB"),
        ("Checked", "done", "2 warnings"),
        ("Queued", "done", "9 seconds"),
        ("Annotated", "done", "14 seconds"),
        ("Ready", "current", "download open"),
    ]


def test_a_waiting_job_shows_what_comes_next() -> None:
    assert steps(AJob("pending", started_at=None, finished_at=None))[2:] == [
        ("Queued", "live", "waiting for a free worker"),
        ("Annotated", "next", ""),
        ("Ready", "next", ""),
    ]


def test_a_running_job_is_at_work() -> None:
    assert steps(AJob("running", finished_at=None))[2:] == [
        ("Queued", "done", "9 seconds"),
        ("Annotating", "live", "now"),
        ("Ready", "next", ""),
    ]


def test_a_failed_job_ends_there() -> None:
    assert steps(AJob("failed"))[-2:] == [("Started", "done", "14 seconds"), ("Failed", "failed", "")]


def test_a_job_cancelled_in_the_queue_never_started() -> None:
    assert [step.label for step in timeline(AJob("cancelled", started_at=None))] == [
        "Uploaded",
        "Checked",
        "Queued",
        "Cancelled",
    ]


def test_a_checked_file_waits_for_its_owner() -> None:
    job = AJob("uploading", queued_at=None, started_at=None, finished_at=None)

    assert [step.kind for step in timeline(job)] == ["done", "done", "current", "next", "next"]


@pytest.mark.parametrize("status", ["uploading", "pending", "running", "completed", "failed", "cancelled"])
def test_exactly_one_step_is_where_the_job_stands(status: str) -> None:
    standing = [step for step in timeline(AJob(status)) if step.kind not in {"done", "next"}]

    assert len(standing) == 1
