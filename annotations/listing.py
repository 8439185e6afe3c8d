"""The list of one's own jobs: tabs, search, paging by key."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from annotations.availability import ARCHIVING, RESTORING, Availability, availability_of, away_from
from annotations.models import ACTIVE, Job, JobQuerySet, JobStatus

PAGE = 25
TABS: dict[str, tuple[str, frozenset[str]]] = {
    "": ("All", frozenset(JobStatus) - {JobStatus.UPLOADING}),
    "active": ("In progress", frozenset(ACTIVE)),
    "ready": ("Ready", frozenset({JobStatus.COMPLETED})),
    "cold": ("Cold storage", frozenset({JobStatus.COMPLETED})),
    "failed": ("Failed", frozenset({JobStatus.FAILED})),
    "cancelled": ("Cancelled", frozenset({JobStatus.CANCELLED})),
}


def list_context(user: User, query: Mapping[str, str]) -> dict[str, Any]:
    """Return what the list page shows for the query string: ``q``, ``status``, and ``before`` or ``after`` a key."""
    # Without what cannot be printed: PostgreSQL refuses a NUL in text.
    text = "".join(filter(str.isprintable, query.get("q", ""))).strip()[:100]
    tab = query.get("status", "") if query.get("status", "") in TABS else ""
    counts = _counts(user)
    found = _search(_rows(_of_tab(user, tab)), text)
    jobs, older, newer = _page(found, query)
    availability = availability_of(jobs)
    for job in jobs:
        job.availability = availability.get(job.pk)
    kept = {"q": text, "status": tab}
    return {
        "page": {
            "jobs": jobs,
            "older_url": _url(kept, before=_key(jobs[-1])) if older else None,
            "newer_url": _newer_url(kept, jobs) if newer else None,
        },
        "tabs": [
            {
                "label": label,
                "count": counts[slug],
                "url": _url({"q": text, "status": slug}),
                "current": slug == tab,
            }
            for slug, (label, _) in TABS.items()
        ],
        "query": text,
        "tab": tab,
        "total": counts[""],
        "headline": _headline(counts),
        "any_active": any(job.is_active for job in jobs),
        "any_moving": any(job.availability is not None and job.availability.is_moving for job in jobs),
        "any_changing": any(job.is_active or _changes(job.availability) for job in jobs),
        "now": timezone.now(),
        "here": _url({**kept, **{name: query[name] for name in ("before", "after") if query.get(name)}}),
    }


def _changes(availability: Availability | None) -> bool:
    """Say whether time alone will change what the list shows of a completed job."""
    if availability is None:
        return False
    return availability.due_at is not None or availability.state in {ARCHIVING, RESTORING}


def _counts(user: User) -> dict[str, int]:
    """Return how many jobs each tab has: two queries, whatever the number of jobs."""
    by_status = Job.objects.of(user).queued().counts_by_status()
    counts = {slug: sum(by_status.get(status, 0) for status in statuses) for slug, (_, statuses) in TABS.items()}
    # They are the user's own, which is not said twice: a planner then begins with the few that are away.
    away = Job.objects.filter(pk__in=away_from(user), deleted_at=None)
    counts["cold"] = away.count() if counts["cold"] else 0
    counts["ready"] -= counts["cold"]
    return counts


def _of_tab(user: User, tab: str) -> JobQuerySet:
    """Return the jobs of a tab. Ready and in cold storage are both completed; the archive knows which is which."""
    jobs = Job.objects.of(user).filter(status__in=TABS[tab][1])
    if tab == "cold":
        return jobs.filter(pk__in=away_from(user))
    return jobs.exclude(pk__in=away_from(user)) if tab == "ready" else jobs


def _rows(jobs: JobQuerySet) -> JobQuerySet:
    """Take from each job's JSON the few numbers that a row shows: a summary can hold 500 marks, and a page 25 jobs."""
    return jobs.defer("summary", "verdict").annotate(
        samples=F("verdict__sample_count"),
        variants=F("summary__total"),
        confirmed=F("summary__confirmed"),
        high_impact=F("summary__by_impact__HIGH"),
    )


def _search(jobs: JobQuerySet, text: str) -> JobQuerySet:
    """Find a part of the file's name, or the beginning of an id as the pages print it."""
    if not text:
        return jobs
    return jobs.filter(Q(file_name__icontains=text) | Q(id__in=_ids_beginning_with(jobs, text)))


def _ids_beginning_with(jobs: JobQuerySet, text: str) -> list[UUID]:
    """Turn ``7f3a21c8`` into a range of ids, which every database compares the same way."""
    digits = text.lower().replace("-", "")
    if not 4 <= len(digits) <= 32 or set(digits) - set("0123456789abcdef"):
        return []
    low, high = UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
    return list(jobs.filter(id__gte=low, id__lte=high).values_list("pk", flat=True)[:PAGE])


def _page(jobs: JobQuerySet, query: Mapping[str, str]) -> tuple[list[Job], bool, bool]:
    """Return one page, and whether there are older and newer ones. A key that cannot be read is the first page."""
    before, after = _parse(query.get("before", "")), _parse(query.get("after", ""))
    if after:
        at, pk = after
        newer_first = jobs.filter(Q(created_at__gt=at) | Q(created_at=at, id__gt=pk)).order_by("created_at", "id")
        rows = list(newer_first[: PAGE + 1])
        if rows:
            return rows[:PAGE][::-1], True, len(rows) > PAGE
    if before:
        at, pk = before
        jobs = jobs.filter(Q(created_at__lt=at) | Q(created_at=at, id__lt=pk))
    rows = list(jobs.order_by("-created_at", "-id")[: PAGE + 1])
    return rows[:PAGE], len(rows) > PAGE, before is not None


def _newer_url(kept: Mapping[str, str], jobs: list[Job]) -> str:
    """Return the page before this one; the first page where this one is empty, for its jobs were deleted."""
    return _url(kept, after=_key(jobs[0])) if jobs else _url(kept)


def _key(job: Job) -> str:
    return f"{job.created_at.isoformat()}_{job.pk}"


def _parse(key: str) -> tuple[datetime, UUID] | None:
    at, _, pk = key.partition("_")
    try:
        moment = datetime.fromisoformat(at)
        return (moment.astimezone(UTC), UUID(pk)) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _url(kept: Mapping[str, str], **key: str) -> str:
    parameters = {name: value for name, value in {**kept, **key}.items() if value}
    return reverse("annotations:list") + (f"?{urlencode(parameters)}" if parameters else "")


def _headline(counts: Mapping[str, int]) -> str:
    active, ready, cold = counts["active"], counts["ready"], counts["cold"]
    if not active and not ready and not cold:
        return "Nothing in progress."
    parts = [f"{active:,} in progress"] if active else []
    parts += [f"{ready:,} ready to download"] if ready else []
    parts += [f"{cold:,} in cold storage"] if cold else []
    return f"{', '.join(parts)}."
