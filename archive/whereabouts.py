"""Tells annotations' pages where results are."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.utils.timezone import localtime

from annotations import availability
from annotations.availability import Availability
from annotations.models import Job
from archive.models import Holding, HoldingState


def register() -> None:
    """Become the one whom annotations asks."""
    availability.register(of_jobs)


def of_jobs(jobs: Iterable[Job]) -> dict[UUID, Availability]:
    """Return where the results of these jobs are, in one query."""
    found = Holding.objects.filter(job__in=[job.pk for job in jobs])
    return {holding.job_id: _availability(holding) for holding in found}


def _availability(holding: Holding) -> Availability:
    return Availability(
        state=holding.state,
        downloadable=holding.state == HoldingState.AVAILABLE,
        due_at=holding.due_at,
        since=holding.since,
        tier=holding.tier,
        expected_at=holding.expected_at,
        problem=_problem(holding),
    )


def _problem(holding: Holding) -> str:
    """Return a sentence for the owner when a restore does not get on; what staff need stands in the admin."""
    if holding.state != HoldingState.RESTORING or not holding.last_error:
        return ""
    at = localtime(holding.retry_at) if holding.retry_at else None
    again = f" The next try is at {at:%H:%M} ({at.tzinfo})." if at else ""
    return f"This result could not be brought back yet. It is safe in cold storage, and we keep trying.{again}"
