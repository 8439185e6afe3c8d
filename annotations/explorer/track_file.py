"""The drawing over the table as a file of its own."""

from __future__ import annotations

from django.http import Http404, HttpResponse

from annotations.explorer.page import View
from annotations.explorer.table import VariantTable
from annotations.explorer.where import where_the_variants_are
from annotations.figures.files.answer import CONTENT_TYPES, answer_sheet
from annotations.figures.files.maps import track_sheet
from annotations.figures.files.sheet import LABEL_SIZE, cut
from annotations.figures.track import PAGE
from annotations.figures.words import counted, thousands


def answer_track(view: View, table: VariantTable, kind: str) -> HttpResponse:
    """Send where the filter's variants lie. Raises Http404 when there is nothing to draw."""
    if kind not in CONTENT_TYPES:
        raise Http404
    left = table.count(view.plan.where)
    drawing = where_the_variants_are(view.plan, table, left, lambda _: "", lambda _: "") if left else None
    if drawing is None:
        raise Http404
    return answer_sheet(view.job, track_sheet(drawing, _subtitle(view, table, left)), kind)


def _subtitle(view: View, table: VariantTable, left: int) -> str:
    """The reference, how many of how many, and the filter in words."""
    reference = table.reference.name if table.reference else view.job.reference
    if not view.plan.steps:
        return f"{reference}, {counted(left, 'variant')}"
    steps = "; ".join(step.label for step in view.plan.steps)
    return cut(f"{reference}, {thousands(left)} of {counted(table.total, 'variant')}: {steps}", PAGE, LABEL_SIZE)
