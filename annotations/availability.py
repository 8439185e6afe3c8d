"""Whether a result can be downloaded, or is in cold storage.

The archive knows, and annotations must not import it; so the archive registers itself here when it is ready, and
the pages ask here. Without an archive everything is available, always.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from annotations.models import Job, JobStatus

AVAILABLE, ARCHIVING, ARCHIVED, RESTORING = "available", "archiving", "archived", "restoring"


@dataclass(frozen=True)
class Availability:
    """Where the cold-going files of a completed job are. Times are UTC, and None where they do not apply.

    ``due_at``: goes cold then (available). ``since``: in this state since. ``tier`` and ``expected_at``: of a
    retrieval (restoring). ``problem``: a sentence for the owner when a restore does not get on.
    """

    state: str = AVAILABLE
    downloadable: bool = True
    due_at: datetime | None = None
    since: datetime | None = None
    tier: str = ""
    expected_at: datetime | None = None
    problem: str = ""

    @property
    def is_cold(self) -> bool:
        """Say whether the files are in cold storage, or just on their way into it."""
        return self.state in {ARCHIVING, ARCHIVED}

    @property
    def is_restoring(self) -> bool:
        """Say whether the files are on their way back."""
        return self.state == RESTORING

    @property
    def is_moving(self) -> bool:
        """Say whether a worker is at it, or should be: a page that shows this is soon out of date."""
        return self.state in {ARCHIVING, RESTORING} or (self.due_at is not None and self.due_at <= timezone.now())

    @property
    def is_late(self) -> bool:
        """Say whether the result should have been back by now."""
        return self.expected_at is not None and self.expected_at <= timezone.now()

    @property
    def stamp(self) -> str:
        """Name what a page was made from; another stamp means that the page wants to be made again."""
        return f"{self.state}-{self.due_at.timestamp():.0f}" if self.due_at else self.state


OfJobs = Callable[[Iterable[Job]], dict[UUID, Availability]]

_registered: list[OfJobs] = []


def register(of_jobs: OfJobs) -> None:
    """Name who knows, in one query for any number of jobs."""
    _registered[:] = [of_jobs]


def availability_of(jobs: Iterable[Job]) -> dict[UUID, Availability]:
    """Return the availability of every completed job among ``jobs``, with one query for all."""
    completed = [job for job in jobs if job.status == JobStatus.COMPLETED]
    known = _registered[0](completed) if _registered and completed else {}
    return {job.pk: known.get(job.pk, Availability()) for job in completed}
