"""By which way somebody reads a result: its owner's pages, a link that was shared, or the example without an account.

The pages are the same; a door says what their addresses are and what belongs to the owner alone: notes, saved filters,
the choice of columns, and everything that changes something.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from annotations.models import Job


@dataclass(frozen=True)
class Door:
    """``namespace`` of the URLs, and what stands in them before a page's own part: a job's id, or a share's token."""

    namespace: str
    args: tuple[Any, ...]
    owned: bool = False
    has_variants: bool = True
    has_exports: bool = True

    def url(self, name: str, *more: Any) -> str:
        """Return the address of a page of the result."""
        return reverse(f"{self.namespace}:{name}", args=[*self.args, *more])

    @property
    def home(self) -> str:
        """Return the address of the result's page."""
        return self.url("detail")


def owners_door(job: Job) -> Door:
    """Return the owner's own way."""
    return Door("annotations", (job.pk,), owned=True)
