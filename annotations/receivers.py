"""What annotations hears from accounts."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from accounts.signals import account_closing
from annotations import deleting
from annotations.models import Job


def connect() -> None:
    """Listen. The name keeps a second call from listening twice."""
    account_closing.connect(on_account_closing, dispatch_uid="annotations")


def on_account_closing(user: User, **_: Any) -> None:
    """Delete every job of a closing account, those being deleted already excepted."""
    for job in Job.objects.of(user):
        deleting.delete(job)
