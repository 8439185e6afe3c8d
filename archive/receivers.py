"""What the archive hears from the apps upstream."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from accounts.models import Plan, User
from accounts.signals import plan_changed, plan_news
from annotations.figures.words import counted
from annotations.models import Job
from annotations.signals import annotation_completed, annotation_deleting, annotation_gone
from archive import deleting, retention
from archive.requests import restore_progress


def connect() -> None:
    """Listen. The names keep a second call from listening twice."""
    annotation_completed.connect(on_completed, dispatch_uid="archive")
    annotation_deleting.connect(on_deleting, dispatch_uid="archive")
    annotation_gone.connect(on_gone, dispatch_uid="archive")
    plan_changed.connect(on_plan_changed, dispatch_uid="archive")
    plan_news.connect(on_plan_news, dispatch_uid="archive")


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


def on_plan_news(user: User, **_: Any) -> str:
    """Say how far a restore is; nothing when none is under way."""
    progress = restore_progress(user)
    if progress is None:
        return ""
    if not progress.done:
        many = progress.total > 1
        return f"{counted(progress.total, 'result')} {'are on their' if many else 'is on its'} way back."
    return f"{progress.done:,} of {counted(progress.total, 'result')} are back."
