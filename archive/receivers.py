"""What the archive hears from the apps upstream."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from accounts.models import Plan, User
from accounts.signals import plan_changed
from annotations.models import Job
from annotations.signals import annotation_completed, annotation_deleting, annotation_gone
from archive import deleting, retention


def connect() -> None:
    """Listen. The names keep a second call from listening twice."""
    annotation_completed.connect(on_completed, dispatch_uid="archive")
    annotation_deleting.connect(on_deleting, dispatch_uid="archive")
    annotation_gone.connect(on_gone, dispatch_uid="archive")
    plan_changed.connect(on_plan_changed, dispatch_uid="archive")


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
