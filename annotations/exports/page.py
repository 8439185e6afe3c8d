"""What the page of exports shows."""

from __future__ import annotations

from typing import Any

from annotations.explorer.counting import funnel_of
from annotations.explorer.page import View
from annotations.explorer.table import VariantTable
from annotations.exports.formats import FORMATS
from annotations.exports.moves import KEPT
from annotations.models import Export, ExportState, Job


def exports_context(view: View, table: VariantTable) -> dict[str, Any]:
    """Return the context of the page: the filter with its counts, the formats, what was made before."""
    funnel = funnel_of(view.plan, table, count=True)
    rows = funnel.left or 0
    return {
        "job": view.job,
        "door": view.door,
        "view": view,
        "problems": view.plan.problems,
        "funnel": funnel,
        "rows": rows,
        "formats": [
            {"format": one, "at_once": rows <= one.at_once, "url": format_url(view, one.name)}
            for one in FORMATS.values()
        ],
        "columns": len(table.catalogue.columns),
        "back_url": view.url(),
        **(made_context(view.job) if view.door.owned else {}),
    }


def made_context(job: Job) -> dict[str, Any]:
    """Return the context of the list of exports that a worker makes or has made."""
    exports = [one for one in Export.objects.filter(job=job) if one.format in FORMATS]
    made = [
        {"export": one, "format": FORMATS[one.format], "waits": one.state == ExportState.ORDERED} for one in exports
    ]
    return {"job": job, "made": made, "moving": any(one.is_active for one in exports), "days": KEPT.days}


def format_url(view: View, name: str) -> str:
    """Return the address that downloads the view in a format."""
    address, _, query = view.url(name="exports").partition("?")
    return f"{address}{name}/" + (f"?{query}" if query else "")
