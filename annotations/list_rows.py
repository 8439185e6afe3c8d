"""A row of the list: a job, where its page is, and the one act that fits its state."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from django.urls import reverse

from annotations.models import Job, JobStatus


@dataclass(frozen=True)
class Act:
    """What a button says, to assistive technology also of which file it speaks, and where it leads or posts to."""

    label: str
    about: str
    url: str
    posts: bool = False


@dataclass(frozen=True)
class Row:
    """A job as the list shows it; ``url`` is its page."""

    job: Job
    url: str
    act: Act


def rows_of(jobs: Iterable[Job], *, premium: bool) -> list[Row]:
    """Return the rows of jobs that know their availability; whether their owner is premium decides what can be done."""
    plans, intake = reverse("plans"), reverse("annotate")
    rows = []
    for job in jobs:
        url = job.get_absolute_url()
        rows.append(Row(job, url, _act(job, url, plans=None if premium else plans, intake=intake)))
    return rows


def _act(job: Job, url: str, *, plans: str | None, intake: str) -> Act:
    """``plans`` is where a plan is bought by whom it would help. An address is made once: a page has 25 rows."""
    where = job.availability
    if where is not None and where.is_cold and plans:
        return Act("Upgrade to restore", f"the result of {job.file_name}", f"{plans}?next={quote(url)}")
    if where is not None and (where.is_cold or where.is_restoring):
        return Act("Details", f"of {job.file_name}", url)
    if job.status == JobStatus.COMPLETED:
        download = reverse("annotations:download", args=[job.pk, "vcf"])
        return Act("Download", f"the result of {job.file_name}", download)
    if job.is_active:
        return Act("Cancel", job.file_name, reverse("annotations:cancel", args=[job.pk]), posts=True)
    if job.status == JobStatus.FAILED:
        return Act("Fix and rerun", job.file_name, intake)
    return Act("Run again", job.file_name, reverse("annotations:rerun", args=[job.pk]), posts=True)
