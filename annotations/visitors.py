"""Results as visitors read them: the example, and what was shared. The owner's own pages, without what is the owner's.

Nothing here changes anything, and nothing asks who the visitor is. ``visitor_urls`` makes the same pages for each way
in; the way in says which result it is and what of it may be seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from annotations.availability import Availability, availability_of
from annotations.example import EXAMPLE_ID
from annotations.explorer.connection import Unanswered
from annotations.explorer.door import Door
from annotations.explorer.page import View, counts_context, page_context
from annotations.explorer.pool import open_table
from annotations.explorer.table import VariantTable
from annotations.explorer.track_file import answer_track
from annotations.explorer.variant_page import variant_context
from annotations.exports.making import CANNOT_EXPORT
from annotations.exports.page import exports_context
from annotations.exports.views import answer_export
from annotations.figures.files.answer import answer_figure
from annotations.job_page import numbers_context, reference_of
from annotations.models import Job


class NotOpen(Exception):
    """The way in leads nowhere. ``answer`` makes the page that says so."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self.answer = answer


@dataclass(frozen=True)
class Visit:
    """A result and the way to it. ``answered`` is called with each answer and what was asked for, to add headers."""

    job: Job
    door: Door
    context: dict[str, Any]
    answered: Callable[[HttpResponseBase, str], None]


#: Finds what a URL's own arguments lead to. Raises NotOpen or Http404.
Find = Callable[..., Visit]
#: What a page's own part of its address says; the rest is the way in.
PAGE_ARGUMENTS = ("row", "name", "kind")
TablePage = Callable[..., HttpResponseBase]


def visitor_urls(find: Find) -> list[URLPattern]:
    """Return the pages of a result by one way in."""

    def page(show: TablePage, what: str) -> Callable[..., HttpResponseBase]:
        return _visited(find, _with_table(show, what), what)

    return [
        path("", _visited(find, _detail, "result"), name="detail"),
        path("figures/<slug:name>.<slug:kind>", _visited(find, _figure, "result"), name="figure"),
        path("variants/", page(_variants, "variants"), name="variants"),
        path("variants/track.<slug:kind>", page(_track, "variants"), name="track"),
        path("variants/counts/", page(_counts, "variants"), name="variant_counts"),
        path("variants/<int:row>/", page(_variant, "variants"), name="variant"),
        path("export/", page(_exports, "exports"), name="exports"),
        path("export/<slug:name>/", page(_export, "exports"), name="export"),
    ]


def _visited(find: Find, show: Callable[..., HttpResponseBase], what: str) -> Callable[..., HttpResponseBase]:
    """Find the result, look what is allowed, answer, and let the way in add what it has to."""

    @require_safe
    @wraps(show)
    def view(request: HttpRequest, **arguments: Any) -> HttpResponseBase:
        rest = {key: arguments[key] for key in PAGE_ARGUMENTS if key in arguments}
        way = {key: value for key, value in arguments.items() if key not in rest}
        try:
            visit = find(request, **way)
        except NotOpen as error:
            return error.answer(request)
        allowed = {"result": True, "variants": visit.door.has_variants, "exports": visit.door.has_exports}
        try:
            response = show(request, visit, **rest) if allowed[what] else _not_found(request, visit)
        except Http404:
            response = _not_found(request, visit)
        visit.answered(response, what)
        return response

    return view


def _with_table(show: TablePage, what: str) -> Callable[..., HttpResponseBase]:
    def opened(request: HttpRequest, visit: Visit, **rest: Any) -> HttpResponseBase:
        availability = _availability(visit.job)
        if not availability.downloadable:
            return _closed(request, visit, HTTPStatus.CONFLICT)
        try:
            with open_table(visit.job) as table:
                view = View.of(visit.job, request.GET, table, visit.door)
                return show(request, visit, view, table, **rest)
        except Unanswered as error:
            return _closed(request, visit, HTTPStatus.SERVICE_UNAVAILABLE, str(error))
        except CANNOT_EXPORT as error:
            return _closed(request, visit, HTTPStatus.CONFLICT, str(error))

    return opened


def _availability(job: Job) -> Availability:
    if job.pk == EXAMPLE_ID:
        return Availability()
    return availability_of([job])[job.pk]


def _closed(request: HttpRequest, visit: Visit, status: HTTPStatus, problem: str = "") -> HttpResponse:
    context = {"door": visit.door, "problem": problem, **visit.context}
    return render(request, "annotations/visitors/closed.html", context, status=status)


def _not_found(request: HttpRequest, visit: Visit) -> HttpResponse:
    context = {"door": visit.door, **visit.context}
    return render(request, "annotations/visitors/not_found.html", context, status=HTTPStatus.NOT_FOUND)


def _detail(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show the result's numbers and figures."""
    availability = _availability(visit.job)
    is_open = availability.downloadable and visit.door.has_variants
    reference = reference_of(visit.job)
    context = {
        "job": visit.job,
        "door": visit.door,
        "availability": availability,
        "reference": reference,
        "variants_url": visit.door.url("variants") if is_open else "",
        "exports_url": visit.door.url("exports") if availability.downloadable and visit.door.has_exports else "",
        **numbers_context(visit.job, reference),
        **visit.context,
    }
    return render(request, "annotations/visitors/result.html", context)


def _figure(request: HttpRequest, visit: Visit, *, name: str, kind: str) -> HttpResponse:
    """Send one of the figures as a file."""
    return answer_figure(visit.job, name, kind)


def _track(request: HttpRequest, visit: Visit, view: View, table: VariantTable, *, kind: str) -> HttpResponse:
    """Send the drawing over the table as a file."""
    return answer_track(view, table, kind)


def _variants(request: HttpRequest, visit: Visit, view: View, table: VariantTable) -> HttpResponse:
    """Show the variants that the URL's filter takes."""
    context = {**page_context(view, request.GET, table), **visit.context}
    return render(request, "annotations/explorer/variants.html", context)


def _counts(request: HttpRequest, visit: Visit, view: View, table: VariantTable) -> HttpResponse:
    """Answer the counts of each step."""
    return render(request, "annotations/explorer/partials/counts.html", counts_context(view, table, count=True))


def _variant(request: HttpRequest, visit: Visit, view: View, table: VariantTable, *, row: int) -> HttpResponse:
    """Show everything known of one variant."""
    context = variant_context(row, view, table)
    if context is None:
        raise Http404
    return render(request, "annotations/explorer/variant.html", {**context, **visit.context})


def _exports(request: HttpRequest, visit: Visit, view: View, table: VariantTable) -> HttpResponse:
    """Show the formats that a filter can be taken along in."""
    return render(request, "annotations/exports/exports.html", {**exports_context(view, table), **visit.context})


def _export(request: HttpRequest, visit: Visit, view: View, table: VariantTable, *, name: str) -> HttpResponseBase:
    """Send what the filter takes."""
    return answer_export(request, view, table, name)
