"""What the archive hears from the apps upstream."""

from __future__ import annotations

from typing import Any

from accounts.models import Plan, User
from accounts.signals import plan_changed
from annotations.models import Job
from annotations.signals import annotation_completed, annotation_deleting
from archive import deleting, retention


def connect() -> None:
    """Listen. The names keep a second call from listening twice."""
    annotation_completed.connect(on_completed, dispatch_uid="archive")
    annotation_deleting.connect(on_deleting, dispatch_uid="archive")
    plan_changed.connect(on_plan_changed, dispatch_uid="archive")


def on_completed(job: Job, **_: Any) -> None:
    """Hold the files of a completed job."""
    retention.hold(job)


def on_deleting(job: Job, **_: Any) -> dict[str, int]:
    """Remove the archives of a deleted job."""
    return deleting.remove_holding(job)


def on_plan_changed(user: User, before: Plan, after: Plan, **_: Any) -> None:
    """Keep or start to let go."""
    retention.follow_plan(user, before, after)
