"""The pages that compare two of one's own results."""

from __future__ import annotations

from collections.abc import Generator
from http import HTTPStatus
from itertools import chain
from typing import Any
from uuid import UUID

import pyarrow as pa
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.signed_in import signed_in_user
from annotations.availability import availability_of
from annotations.comparing.comparison import SETS, Comparison, compared
from annotations.engine.results.outputs import stem
from annotations.explorer.connection import Unanswered
from annotations.explorer.names import variant_name
from annotations.explorer.page import row_number
from annotations.explorer.pool import TableAway
from annotations.explorer.table import TableUnreadable
from annotations.explorer.views import closed
from annotations.exports.text import lines_of
from annotations.job_page import reference_of
from annotations.models import Job, JobStatus
from annotations.views import own_job

#: Results offered to compare with, the latest first.
MOST_OTHERS = 100


@login_required
@never_cache
@require_safe
def choose(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Offer the user's other results of the same reference, while this one can be read."""
    job = own_job(request, job_id)
    if job.status != JobStatus.COMPLETED:
        return redirect(job)
    if away := _away(request, job):
        return away
    mine = Job.objects.of(signed_in_user(request)).filter(status=JobStatus.COMPLETED, reference=job.reference)
    others = list(mine.exclude(pk=job.pk)[:MOST_OTHERS])
    where = availability_of(others)
    rows = [(other, where[other.pk].downloadable) for other in others]
    return render(request, "annotations/comparing/choose.html", {"job": job, "others": rows})


@login_required
@never_cache
@require_safe
def compare(request: HttpRequest, job_id: UUID, other_id: UUID) -> HttpResponse:
    """Show how many alleles are shared, only here and only there, and a page of one of these."""
    job, other = _pair(request, job_id, other_id)
    if away := _away(request, job, other):
        return away
    shown = request.GET.get("show", "shared")
    shown = shown if shown in SETS else "shared"
    try:
        with compared(job, other) as comparison:
            context = _context(comparison, job, other, shown, row_number(request.GET.get("after", "")))
    except (TableAway, TableUnreadable) as error:
        return closed(request, job, HTTPStatus.CONFLICT, str(error))
    except Unanswered as error:
        return closed(request, job, HTTPStatus.SERVICE_UNAVAILABLE, str(error))
    return render(request, "annotations/comparing/compare.html", context)


@login_required
@never_cache
@require_safe
def compare_tsv(request: HttpRequest, job_id: UUID, other_id: UUID) -> HttpResponseBase:
    """Send all alleles of both with where they are: shared, here, there."""
    job, other = _pair(request, job_id, other_id)
    if away := _away(request, job, other):
        return away
    lines = _tsv(job, other)
    try:
        head = next(lines) + next(lines, b"")  # with the first rows: what fails, fails before the answer has begun
    except (TableAway, TableUnreadable) as error:
        return closed(request, job, HTTPStatus.CONFLICT, str(error))
    except Unanswered as error:
        return closed(request, job, HTTPStatus.SERVICE_UNAVAILABLE, str(error))
    response = StreamingHttpResponse(chain([head], lines), content_type="text/tab-separated-values; charset=utf-8")
    name = f"{stem(job.file_name)}.compared.tsv"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _pair(request: HttpRequest, job_id: UUID, other_id: UUID) -> tuple[Job, Job]:
    """Return two completed jobs of the user against one reference; 404 for anything else."""
    job, other = own_job(request, job_id), own_job(request, other_id)
    completed = {job.status, other.status} == {JobStatus.COMPLETED}
    if job.pk == other.pk or not completed or job.reference != other.reference:
        raise Http404
    return job, other


def _away(request: HttpRequest, *jobs: Job) -> HttpResponse | None:
    """Say so where one of the two is in cold storage."""
    where = availability_of(jobs)
    for job in jobs:
        job.availability = where[job.pk]
        if not where[job.pk].downloadable:
            return closed(request, job, HTTPStatus.CONFLICT)
    return None


def _context(comparison: Comparison, job: Job, other: Job, shown: str, after: int | None) -> dict[str, Any]:
    rows, more = comparison.rows(shown, -1 if after is None else after)
    reference = reference_of(job)
    of = other if shown == "there" else job
    counts = comparison.counts()
    titles = {"shared": "Shared", "here": f"Only in {job.file_name}", "there": f"Only in {other.file_name}"}
    return {
        "job": job,
        "other": other,
        "sets": [(name, titles[name], counts[name], name == shown) for name in SETS],
        "shown": shown,
        "title": titles[shown],
        "rows": [{**row, "name": variant_name(row, reference), "of": of} for row in rows],
        "after": rows[-1]["row"] if more else None,
        "is_first": after is None,
    }


def _tsv(job: Job, other: Job) -> Generator[bytes, None, None]:
    with compared(job, other) as comparison:
        yield lines_of([pa.array([name]) for name in [*comparison.columns, "where"]])
        for name in SETS:
            for batch in comparison.batches(name):
                where = pa.array([name] * batch.num_rows, pa.string())
                yield lines_of([*batch.columns, where])
