"""What the archive hears from the apps upstream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db.models import Prefetch

from accounts.export import Entry, json_entry
from accounts.models import Plan, User
from accounts.signals import collecting_export, plan_changed, plan_news
from annotations.figures.words import counted
from annotations.models import Job
from annotations.signals import annotation_completed, annotation_deleting, annotation_gone
from archive import deleting, retention
from archive.models import Holding, HoldingEvent
from archive.requests import restore_progress


def connect() -> None:
    """Listen. The names keep a second call from listening twice."""
    annotation_completed.connect(on_completed, dispatch_uid="archive")
    annotation_deleting.connect(on_deleting, dispatch_uid="archive")
    annotation_gone.connect(on_gone, dispatch_uid="archive")
    plan_changed.connect(on_plan_changed, dispatch_uid="archive")
    plan_news.connect(on_plan_news, dispatch_uid="archive")
    collecting_export.connect(on_collecting_export, dispatch_uid="archive")


def on_completed(job: Job, **_: Any) -> None:
    """Hold the files of a completed job."""
    retention.hold(job)


def on_deleting(job: Job, **_: Any) -> dict[str, int]:
    """Remove the archives of a deleted job."""
    return deleting.remove_holding(job)


def on_gone(job_id: UUID, **_: Any) -> None:
    """Remove what was stored while the job was being removed."""
    deleting.remove_late_archives(job_id)


def on_plan_changed(user: User, before: Plan, after: Plan, **_: Any) -> None:
    """Keep or start to let go."""
    retention.follow_plan(user, before, after)


def on_collecting_export(user: User, **_: Any) -> Iterator[Entry]:
    """Give where each result is and was."""
    events = Prefetch("events", queryset=HoldingEvent.objects.order_by("at", "pk"))
    holdings = Holding.objects.of(user).filter(job__deleted_at=None).prefetch_related(events).order_by("pk")
    yield json_entry("storage.json", [_described(holding) for holding in holdings.iterator(chunk_size=200)])


def _described(holding: Holding) -> dict[str, Any]:
    return {
        "job": holding.job_id,
        "state": holding.state,
        "since": holding.since,
        "goes_cold_at": holding.due_at,
        "moves": [{"at": event.at, "state": event.state} for event in holding.events.all()],
    }


def on_plan_news(user: User, **_: Any) -> str:
    """Say how far a restore is; nothing when none is under way."""
    progress = restore_progress(user)
    if progress is None:
        return ""
    if not progress.done:
        many = progress.total > 1
        return f"{counted(progress.total, 'result')} {'are on their' if many else 'is on its'} way back."
    return f"{progress.done:,} of {counted(progress.total, 'result')} are back."
