"""Answers a figure's file, as SVG or PNG."""

from __future__ import annotations

from http import HTTPStatus

from django.http import Http404, HttpResponse
from django.utils.http import content_disposition_header

from annotations.engine.results.outputs import stem
from annotations.figures.files.png import NotDrawn, rasterise
from annotations.figures.files.sheet import Sheet
from annotations.figures.files.svg import draw, sheet_named
from annotations.figures.report import figures_for
from annotations.figures.words import counted
from annotations.job_page import reference_of
from annotations.models import Job, JobStatus

CONTENT_TYPES = {"svg": "image/svg+xml", "png": "image/png"}
#: Should a browser show the file instead of saving it: nothing runs in it, and nothing is fetched.
ALONE = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


def answer_figure(job: Job, name: str, kind: str) -> HttpResponse:
    """Send one of the figures of a job's summary, which stays when the result is archived. Raises Http404."""
    if kind not in CONTENT_TYPES or job.status != JobStatus.COMPLETED:
        raise Http404
    reference = reference_of(job)
    subtitle = (
        f"{reference.name if reference else job.reference}, {counted(int(job.summary.get('total', 0)), 'variant')}"
    )
    sheet = sheet_named(name, figures_for(job.summary, reference), subtitle)
    if sheet is None:
        raise Http404
    return answer_sheet(job, sheet, kind)


def answer_sheet(job: Job, sheet: Sheet, kind: str) -> HttpResponse:
    """Send a sheet. The file's name is the upload's, safe everywhere, and the figure's."""
    svg = draw(sheet)
    try:
        content = rasterise(svg) if kind == "png" else svg
    except NotDrawn as error:
        return HttpResponse(f"{error}\n", content_type="text/plain", status=HTTPStatus.SERVICE_UNAVAILABLE)
    response = HttpResponse(content, content_type=CONTENT_TYPES[kind])
    file_name = f"{stem(job.file_name)}.{sheet.head.name}.{kind}"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=file_name) or "attachment"
    response["Content-Security-Policy"] = ALONE
    response["X-Content-Type-Options"] = "nosniff"
    return response
