"""The explorer's pages: the variants of a result, one variant, and what a user keeps (filters, columns, notes)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.signed_in import signed_in_user
from annotations.availability import availability_of
from annotations.explorer.choice import remember, shown_columns
from annotations.explorer.connection import Unanswered
from annotations.explorer.filters import Filter
from annotations.explorer.page import View, counts_context, page_context
from annotations.explorer.pool import TableAway, open_table
from annotations.explorer.saved import LONGEST_IN_URL, NotSaved, save
from annotations.explorer.table import TableUnreadable, VariantTable
from annotations.explorer.track_file import answer_track
from annotations.explorer.variant_page import keep_note, variant_context
from annotations.models import Job, JobStatus, SavedFilter
from annotations.views import own_job

#: Characters of a note.
MOST_NOTE = 10_000
Page = Callable[..., HttpResponseBase]


def with_table(page: Page) -> Page:
    """Open the owner's table for a page; where it cannot be opened, say why and what to do."""

    @login_required
    @never_cache
    @wraps(page)
    def opened(request: HttpRequest, job_id: UUID, **rest: Any) -> HttpResponseBase:
        job = own_job(request, job_id)
        if job.status != JobStatus.COMPLETED:
            return redirect(job)
        job.availability = availability_of([job]).get(job.pk)
        if job.availability is None or not job.availability.downloadable:
            return closed(request, job, HTTPStatus.CONFLICT)
        try:
            with open_table(job) as table:
                return page(request, job, table, **rest)
        except (TableAway, TableUnreadable) as error:
            return closed(request, job, HTTPStatus.CONFLICT, str(error))
        except Unanswered as error:
            return closed(request, job, HTTPStatus.SERVICE_UNAVAILABLE, str(error))

    return opened


def closed(request: HttpRequest, job: Job, status: HTTPStatus, problem: str = "") -> HttpResponse:
    """Say why a result's variants cannot be read now, and what to do."""
    context = {"job": job, "availability": job.availability, "problem": problem}
    return render(request, "annotations/explorer/closed.html", context, status=status)


@require_safe
@with_table
def variants(request: HttpRequest, job: Job, table: VariantTable) -> HttpResponse:
    """Show the variants that the URL's filter takes."""
    return render(
        request,
        "annotations/explorer/variants.html",
        page_context(View.of(job, request.GET, table), request.GET, table),
    )


@require_safe
@with_table
def variant_counts(request: HttpRequest, job: Job, table: VariantTable) -> HttpResponse:
    """Answer the counts of each step and the track, which a page of a large result fetches after its rows."""
    context = counts_context(View.of(job, request.GET, table), table, count=True)
    return render(request, "annotations/explorer/partials/counts.html", context)


@require_safe
@with_table
def track(request: HttpRequest, job: Job, table: VariantTable, *, kind: str) -> HttpResponse:
    """Send the drawing over the table as a file."""
    return answer_track(View.of(job, request.GET, table), table, kind)


@require_safe
@with_table
def variant(request: HttpRequest, job: Job, table: VariantTable, *, row: int) -> HttpResponse:
    """Show everything known of one variant."""
    context = variant_context(row, View.of(job, request.GET, table), table)
    if context is None:
        raise Http404
    return render(request, "annotations/explorer/variant.html", context)


@require_POST
@with_table
def write_note(request: HttpRequest, job: Job, table: VariantTable, *, row: int) -> HttpResponse:
    """Keep what the owner writes about a variant; an empty text removes the note."""
    if table.row(row) is None:
        raise Http404
    text = request.POST.get("text", "").replace("\x00", "").strip()
    if len(text) > MOST_NOTE:
        messages.error(request, f"A note has up to {MOST_NOTE:,} characters; this one has {len(text):,}.")
    else:
        messages.success(request, keep_note(job, row, text))
    return redirect(View.of(job, QueryDict(request.POST.get("query", "")), table).row_url(row))


@require_POST
@with_table
def choose_columns(request: HttpRequest, job: Job, table: VariantTable) -> HttpResponse:
    """Remember the columns that were ticked, in the order of their places."""
    view = View.of(job, QueryDict(request.POST.get("query", "")), table)
    ticked = [column.name for column in shown_columns(request.POST.getlist("column"), table.catalogue)]
    ticked.sort(key=lambda name: _place(request.POST.get(f"place-{name}", "")))
    return redirect(view.url(columns=remember(job, ticked)))


def _place(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 10**6


@require_POST
@with_table
def save_filter(request: HttpRequest, job: Job, table: VariantTable) -> HttpResponse:
    """Save the filter of the page, or a pasted list of genes, under a name."""
    view = View.of(job, QueryDict(request.POST.get("query", "")), table)
    genes = request.POST.get("genes", "")
    chosen = view.plan.filter.with_("gene", genes) if genes.strip() else view.plan.filter
    try:
        saved = save(signed_in_user(request), request.POST.get("name", ""), chosen)
    except NotSaved as error:
        messages.error(request, str(error))
        return redirect(view.url())
    messages.success(request, f"Saved as “{saved.name}”.")
    if len(saved.query) > LONGEST_IN_URL:
        return redirect(view.url(Filter(), saved=saved.pk))
    return redirect(view.url(chosen))


@require_POST
@with_table
def remove_filter(request: HttpRequest, job: Job, table: VariantTable, *, saved: int) -> HttpResponse:
    """Remove a saved filter; another's is not found."""
    removed, _ = SavedFilter.objects.filter(user=signed_in_user(request), pk=saved).delete()
    if not removed:
        raise Http404
    messages.success(request, "The saved filter is removed.")
    return redirect(View.of(job, QueryDict(request.POST.get("query", "")), table).url())
