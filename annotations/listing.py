"""The list of one's own jobs: tabs, search, paging by key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from annotations.availability import ARCHIVING, RESTORING, Availability, availability_of
from annotations.list_rows import rows_of
from annotations.models import Job, JobQuerySet, JobStatus
from annotations.queueing.place import positions_of
from annotations.tallies import Tally, tallies

PAGE = 25
#: What a row shows of a job's own columns; whatever is missing here costs a query a row.
_SHOWN = (
    *("user", "status", "file_name", "reference", "input_size", "failure", "created_at", "queued_at", "finished_at"),
    *("progress_stage", "progress_fraction", "progress_records", "turn_at", "not_before", "small"),
)


class Tab(NamedTuple):
    """A part of the list: what it is called, and which of the jobs it takes."""

    label: str
    take: Callable[[JobQuerySet], JobQuerySet]


TABS = {
    "": Tab("All", JobQuerySet.queued),
    "active": Tab("In progress", JobQuerySet.active),
    "ready": Tab("Ready", JobQuerySet.ready),
    "cold": Tab("Cold storage", JobQuerySet.cold),
    "failed": Tab("Failed", lambda jobs: jobs.ended_as(JobStatus.FAILED)),
    "cancelled": Tab("Cancelled", lambda jobs: jobs.ended_as(JobStatus.CANCELLED)),
}


def list_context(user: User, query: Mapping[str, str]) -> dict[str, Any]:
    """Return what the list page shows for the query string: ``q``, ``status``, and ``before`` or ``after`` a key."""
    # Without what cannot be printed: PostgreSQL refuses a NUL in text.
    text = "".join(filter(str.isprintable, query.get("q", ""))).strip()[:100]
    tab = query.get("status", "") if query.get("status", "") in TABS else ""
    counts = _counts(user)
    kept = {"q": text, "status": tab}
    return {
        **_page_context(user, query, kept),
        "tabs": [
            {
                "label": one.label,
                "count": counts[slug],
                "url": _url({"q": text, "status": slug}),
                "current": slug == tab,
            }
            for slug, one in TABS.items()
        ],
        "query": text,
        "tab": tab,
        "total": counts[""],
        "headline": _headline(counts),
    }


def _page_context(user: User, query: Mapping[str, str], kept: Mapping[str, str]) -> dict[str, Any]:
    """Return the page's rows, the ways to its neighbours, and what of it time alone will change."""
    jobs, older, newer = _page(_search(_rows(_of_tab(user, kept["status"])), kept["q"]), query)
    now = timezone.now()
    availability, positions = availability_of(jobs), positions_of(jobs, now)
    for job in jobs:
        job.availability = availability.get(job.pk)
        job.position = positions.get(job.pk)
    return {
        "page": {
            "jobs": jobs,
            "rows": rows_of(jobs, premium=user.is_premium),
            "older_url": _url(kept, before=_key(jobs[-1])) if older else None,
            "newer_url": _newer_url(kept, jobs) if newer else None,
        },
        "any_active": any(job.is_active for job in jobs),
        "any_moving": any(job.availability is not None and job.availability.is_moving for job in jobs),
        "any_changing": any(job.is_active or _changes(job.availability) for job in jobs),
        "now": now,
        "here": _url({**kept, **{name: query[name] for name in ("before", "after") if query.get(name)}}),
    }


def _changes(availability: Availability | None) -> bool:
    """Say whether time alone will change what the list shows of a completed job."""
    if availability is None:
        return False
    return availability.due_at is not None or availability.state in {ARCHIVING, RESTORING}


def _counts(user: User) -> dict[str, Tally]:
    """Return how many jobs each tab has: one query, whatever the number of jobs."""
    mine = Job.objects.of(user)
    parts = {slug: tab.take(mine) for slug, tab in TABS.items() if slug}
    counts = dict(zip(parts, tallies(user, list(parts.values())), strict=True))
    return {"": sum(counts.values(), Tally(0)), **counts}


def _of_tab(user: User, tab: str) -> JobQuerySet:
    """Return the jobs of a tab."""
    jobs = TABS[tab].take(Job.objects.of(user))
    # Two states are two ranges of an index, which no walk from the newest on goes through in order. But few are at
    # work: their keys alone are fetched first.
    return Job.objects.filter(pk__in=jobs.values("pk")) if tab == "active" else jobs


def _rows(jobs: JobQuerySet) -> JobQuerySet:
    """Take of each job what a row shows, of its JSON a few numbers: a summary can hold 500 marks."""
    return jobs.only(*_SHOWN).annotate(
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


def _headline(counts: Mapping[str, Tally]) -> str:
    active, ready, cold = counts["active"], counts["ready"], counts["cold"]
    if not active and not ready and not cold:
        return "Nothing in progress."
    parts = [f"{active} in progress"] if active else []
    parts += [f"{ready} ready to download"] if ready else []
    parts += [f"{cold} in cold storage"] if cold else []
    return f"{', '.join(parts)}."
