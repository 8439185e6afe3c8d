"""The page of exports, downloads that begin at once, and those that a worker makes."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from http import HTTPStatus
from itertools import chain
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from annotations.availability import availability_of
from annotations.explorer.filters import Filter
from annotations.explorer.page import View
from annotations.explorer.table import VariantTable
from annotations.explorer.views import closed, with_table
from annotations.exports import moves
from annotations.exports.formats import FORMATS, ExportFormat
from annotations.exports.making import CANNOT_EXPORT, export_name, pieces_of
from annotations.exports.page import exports_context, made_context
from annotations.models import Export, ExportState, Job
from annotations.views import own_job
from gas_site.storage import file_store


@require_safe
@with_table
def exports(request: HttpRequest, job: Job, table: VariantTable) -> HttpResponse:
    """Show what can be taken along of a filter, and in which formats."""
    return render(request, "annotations/exports/exports.html", exports_context(View.of(job, request.GET, table), table))


@require_safe
@with_table
def export(request: HttpRequest, job: Job, table: VariantTable, *, name: str) -> HttpResponseBase:
    """Send what the URL's filter takes; what is too large to wait for leads to the page that has it made."""
    try:
        return answer_export(request, View.of(job, request.GET, table), table, name)
    except CANNOT_EXPORT as error:
        return closed(request, job, HTTPStatus.CONFLICT, str(error))


def answer_export(request: HttpRequest, view: View, table: VariantTable, name: str) -> HttpResponseBase:
    """Answer a download of a view by any door. Raises one of CANNOT_EXPORT."""
    wanted = _format(name)
    if table.count(view.plan.where) > wanted.at_once:
        if view.door.owned:
            messages.info(request, "This is too large to wait for. Here it can be made as a file.")
        return redirect(view.url(name="exports"))
    if request.method == "HEAD":
        return _as_download(HttpResponse(), view.job, view.plan.filter, wanted)
    pieces = pieces_of(view.job, view.plan.filter, str(view.sort), wanted)
    first = next(filter(None, pieces), b"")
    return _as_download(StreamingHttpResponse(_from(first, pieces)), view.job, view.plan.filter, wanted)


@require_POST
@with_table
def order_export(request: HttpRequest, job: Job, table: VariantTable, *, name: str) -> HttpResponse:
    """Have an export made by a worker."""
    view = View.of(job, QueryDict(request.POST.get("query", "")), table)
    wanted, chosen = _format(name), view.plan.filter
    try:
        moves.order(
            job, name=wanted.name, query=chosen.to_text(), sort=str(view.sort), rows=table.count(view.plan.where)
        )
    except moves.TooMany as error:
        messages.error(request, str(error))
    return redirect(view.url(name="exports"))


@login_required
@never_cache
@require_safe
def made_exports(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Answer the list of exports, which a page with one under way asks for again."""
    return render(request, "annotations/exports/partials/made.html", made_context(own_job(request, job_id)))


@login_required
@never_cache
@require_safe
def download_export(request: HttpRequest, job_id: UUID, export_id: UUID) -> HttpResponseBase:
    """Send an export that a worker has made: while it is kept, and while the result itself can be downloaded."""
    job = own_job(request, job_id)
    made = get_object_or_404(Export, job=job, pk=export_id, state=ExportState.READY)
    job.availability = availability_of([job]).get(job.pk)
    if job.availability is None or not job.availability.downloadable:
        return closed(request, job, HTTPStatus.CONFLICT)
    wanted = _format(made.format)
    name = export_name(job, Filter.from_text(made.query), wanted)
    try:
        return file_store().serve(request, made.key, name, wanted.content_type)
    except FileNotFoundError as error:
        raise Http404 from error


def _format(name: str) -> ExportFormat:
    if name not in FORMATS:
        raise Http404
    return FORMATS[name]


def _as_download(response: HttpResponseBase, job: Job, chosen: Filter, wanted: ExportFormat) -> HttpResponseBase:
    name = export_name(job, chosen, wanted)
    response["Content-Type"] = wanted.content_type
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _from(first: bytes, rest: Generator[bytes, None, None]) -> Generator[bytes, None, None]:
    """Go on with a stream that was begun. Empty pieces would end a chunked answer."""
    with closing(rest):
        yield from filter(None, chain([first], rest))
