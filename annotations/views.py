"""The job's pages: list, detail with its live part, log, downloads, and the acts on a job."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.signed_in import signed_in_user
from annotations import deleting, intake, moves
from annotations.availability import availability_of
from annotations.figures.files.answer import answer_figure
from annotations.job_page import detail_context
from annotations.listing import list_context
from annotations.models import COLD_KINDS, Job, JobStatus, ResultFile
from gas_site.requests import HtmxRequest
from gas_site.storage import file_store

CONTENT_TYPES = {
    "vcf": "application/gzip",
    "index": "application/octet-stream",
    "table": "application/vnd.apache.parquet",
    "summary": "application/json",
    "log": "text/plain; charset=utf-8",
    "input": "application/octet-stream",
}


def own_job(request: HttpRequest, job_id: UUID) -> Job:
    """Return the signed-in user's job; anybody else's is not found, as if it did not exist."""
    user = signed_in_user(request)
    job = get_object_or_404(Job.objects.of(user), pk=job_id)
    job.user = user  # the same row, so the page need not ask for it again
    return job


@login_required
@never_cache
@require_safe
def job_list(request: HtmxRequest) -> HttpResponse:
    """Show one's own jobs, newest first."""
    context = list_context(signed_in_user(request), request.GET)
    template = "annotations/partials/job_rows.html" if request.htmx else "annotations/list.html"
    return render(request, template, context)


@login_required
@never_cache
@require_safe
def detail(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Show one job, whatever its state."""
    job = own_job(request, job_id)
    if job.status == JobStatus.UPLOADING:
        return redirect("confirm", job_id=job.pk)
    return render(request, "annotations/detail.html", detail_context(job))


@login_required
@never_cache
@require_safe
def live(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Answer the part of a job's page that changes; once the job has ended, ask for the whole page."""
    job = own_job(request, job_id)
    response = render(request, "annotations/partials/job_live.html", detail_context(job))
    if job.is_terminal:
        response["HX-Refresh"] = "true"
    return response


@login_required
@never_cache
@require_safe
def whereabouts(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Answer where a result is; when that is not what the page was made from (``shown``), ask for the whole page."""
    job = own_job(request, job_id)
    job.availability = availability_of([job]).get(job.pk)
    if job.availability is None:
        raise Http404
    context = {"job": job, "availability": job.availability}
    response = render(request, "annotations/partials/whereabouts.html", context)
    if request.GET.get("shown") != job.availability.stamp:
        response["HX-Refresh"] = "true"
    return response


@login_required
@never_cache
@require_safe
def figure(request: HttpRequest, job_id: UUID, name: str, kind: str) -> HttpResponse:
    """Send one of the result's figures as a file; it needs none of the files in cold storage."""
    return answer_figure(own_job(request, job_id), name, kind)


@login_required
@never_cache
@require_safe
def log(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Show the log of a completed job."""
    job = own_job(request, job_id)
    file = get_object_or_404(ResultFile, job=job, kind="log")
    try:
        with file_store().read(file.key) as stored:
            text = stored.read().decode(errors="replace")
    except FileNotFoundError as error:
        raise Http404 from error
    return render(request, "annotations/log.html", {"job": job, "file": file, "text": text})


@login_required
@never_cache
@require_safe
def download(request: HttpRequest, job_id: UUID, kind: str) -> HttpResponseBase:
    """Send a result file, or the file as it was uploaded (``input``)."""
    job = own_job(request, job_id)
    if kind not in CONTENT_TYPES:
        raise Http404
    if kind == "input":
        key, name = job.input_key, job.file_name
    else:
        file = get_object_or_404(ResultFile, job=job, kind=kind)
        key, name = file.key, file.file_name
    if kind in COLD_KINDS and not _downloadable(job):
        return _away(request, job)
    try:
        return file_store().serve(request, key, name, CONTENT_TYPES[kind])
    except FileNotFoundError as error:
        if kind in COLD_KINDS and not _downloadable(job):  # it went between the question and the opening
            return _away(request, job)
        raise Http404 from error


def _downloadable(job: Job) -> bool:
    job.availability = availability_of([job]).get(job.pk)
    return job.availability is not None and job.availability.downloadable


def _away(request: HttpRequest, job: Job) -> HttpResponse:
    """Say where the file is and how to get it: 409, because it exists and the request may succeed later."""
    context = {"job": job, "availability": job.availability}
    return render(request, "annotations/away.html", context, status=HTTPStatus.CONFLICT)


@login_required
@require_POST
def cancel(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Cancel a job that has not ended."""
    job = own_job(request, job_id)
    if moves.cancel(job, "cancelled by its owner"):
        messages.success(request, "The job is cancelled.")
    else:
        messages.info(request, "The job had ended before it could be cancelled.")
    return redirect(job)


@login_required
@require_POST
def rerun(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Annotate the same file again, as a new job; one that has not ended is not doubled."""
    job = own_job(request, job_id)
    if not job.is_terminal:
        messages.info(request, "This job has not ended yet.")
        return redirect(job)
    try:
        intake.check_size(job.user, job.input_size)
        ticket = intake.copy_of(job)
    except intake.TooLarge as error:
        messages.error(request, str(error))
        return redirect(job)
    except FileNotFoundError:
        messages.error(request, "The uploaded file is not here any more. Upload it again.")
        return redirect(job)
    moves.enqueue(ticket.pk, ticket.reference)
    return redirect(ticket)


@login_required
@require_POST
def delete(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Delete a job with its files."""
    deleting.delete(own_job(request, job_id))
    messages.success(request, "The job and its files are deleted.")
    return redirect("annotations:list")
