"""What the page of a result's variants shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from annotations.explorer.cells import NOTHING, cell
from annotations.explorer.choice import columns_for, default_columns, queried
from annotations.explorer.columns import ROW, Column
from annotations.explorer.counting import COUNTED_AT_ONCE, funnel_of, remedies
from annotations.explorer.door import Door, owners_door
from annotations.explorer.filters import Filter
from annotations.explorer.form import carried, form_for
from annotations.explorer.names import variant_name
from annotations.explorer.plan import Plan, plan_for
from annotations.explorer.presets import presets_for
from annotations.explorer.saved import LONGEST_IN_URL, filter_over, saved_for, saved_named, text_over
from annotations.explorer.sorting import Sort, read_sort
from annotations.explorer.table import Page, VariantTable
from annotations.explorer.where import where_the_variants_are
from annotations.models import Job, SavedFilter, VariantNote

PAGE_ROWS = 50
#: Digits of a row number in a URL.
MOST_DIGITS = 15


@dataclass(frozen=True)
class View:
    """A filter, an order and columns of one job: everything that a page's address says, and how addresses are made."""

    job: Job
    door: Door
    plan: Plan
    sort: Sort
    #: The URL's own list of columns; "" when it names none.
    columns: str
    #: The saved filter that the URL names; addresses name it too where the filter is too long for them.
    saved: SavedFilter | None = None

    @classmethod
    def of(cls, job: Job, query: QueryDict, table: VariantTable, door: Door | None = None) -> View:
        """Read a request's query; by the owner's door when none is named."""
        door = door or owners_door(job)
        saved = saved_named(job.user, query) if door.owned else None
        plan = plan_for(filter_over(saved, query), table)
        sort = read_sort(query.get("sort", ""), table.catalogue)
        return cls(job, door, plan, sort, query.get("columns", "")[:2_000], saved)

    def url(
        self, chosen: Filter | None = None, *, name: str = "variants", sort: Sort | None = None, **more: Any
    ) -> str:
        """Return the address of a page with this view, or with another filter or order."""
        order = str(self.sort if sort is None else sort)
        others = {"sort": "" if order == ROW.name else order, "columns": self.columns, **more}
        wanted = self.plan.filter if chosen is None else chosen
        text = wanted.to_text(**others)
        if self.saved is not None and len(text) > LONGEST_IN_URL:
            kept = {name: value for name, value in others.items() if value not in ("", None)}
            text = urlencode({**text_over(self.saved, wanted), **kept}, doseq=True)
        return self.door.url(name) + (f"?{text}" if text else "")

    @property
    def address_text(self) -> str:
        """Return the query string of this view, for a form that comes back to it."""
        return self.url().partition("?")[2]

    @property
    def held(self) -> frozenset[str]:
        """Return the parameters that the saved filter holds for the URL, because they are too long for it."""
        if self.saved is None:
            return frozenset()
        return frozenset(n for n, values in self.plan.filter.items if len("".join(values)) > LONGEST_IN_URL // 2)

    def row_url(self, row: int) -> str:
        """Return the address of a variant's page that knows this view."""
        address = self.door.url("variant", row)
        query = self.address_text
        return f"{address}?{query}" if query else address

    def track_url(self, kind: str) -> str:
        """Return the address of the drawing over the table as a file."""
        address, query = self.door.url("track", kind), self.address_text
        return f"{address}?{query}" if query else address


def row_number(text: str) -> int | None:
    """Return the row number that a URL gives, None for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS else None


def page_context(view: View, query: QueryDict, table: VariantTable) -> dict[str, Any]:
    """Return the context of the page."""
    columns = columns_for(view.job if view.door.owned else None, view.columns, table.catalogue)
    page = table.page(
        view.plan.where,
        view.sort,
        size=PAGE_ROWS,
        after=row_number(query.get("after", "")),
        before=row_number(query.get("before", "")),
        columns=queried(columns, table.catalogue),
    )
    held = view.held
    form = form_for(view.plan, table, held)
    return {
        **counts_context(view, table, count="count" in query or not page.rows),
        "form": form,
        "knows_ends": "end" in table.schema.names,
        "carried": [(name, value) for name, value in carried(view.plan, form) if name not in held],
        "carried_saved": view.saved if held else None,
        "heads": [_head(view, column) for column in columns],
        "sorts": _sorts(view, columns),
        "rows": _rows(view, page, columns, table),
        "remedies": [(one, view.url(one.without)) for one in remedies(view.plan, table)] if not page.rows else [],
        "next_url": view.url(after=page.rows[-1]["row"]) if page.has_next and page.rows else "",
        "previous_url": view.url(before=page.rows[0]["row"]) if page.has_previous and page.rows else "",
        "choice": _choice(columns, table),
        "by_place_url": view.url(sort=Sort(descending=str(view.sort) == ROW.name)),
        "has_frequency": any(column.kind == "frequency" for column in columns),
    }


def counts_context(view: View, table: VariantTable, *, count: bool) -> dict[str, Any]:
    """Return the context of the part with the counts, the presets and the track, which may come later."""
    funnel = funnel_of(view.plan, table, count=count)
    counted = funnel.left is not None and (count or table.total <= COUNTED_AT_ONCE)
    drawing = None
    if counted and funnel.left:
        drawing = where_the_variants_are(view.plan, table, funnel.left, view.url, view.row_url)
    return {
        "job": view.job,
        "door": view.door,
        "variants_url": view.door.url("variants"),
        "view": view,
        "plan": view.plan,
        "problems": view.plan.problems,
        "funnel": funnel,
        "chips": [(chip, view.url(chip.without)) for chip in funnel.chips],
        "drawing": drawing,
        "track_files": [(kind.upper(), view.track_url(kind)) for kind in ("svg", "png")] if drawing else [],
        "waiting": not counted,
        "counts_url": view.url(name="variant_counts"),
        "count_url": view.url(count=1),
        "presets": [
            (preset.title, view.url(preset.filter), preset.filter == view.plan.filter)
            for preset in presets_for(table.catalogue)
        ],
        "saved": saved_for(view.job.user, view) if view.door.owned else [],
        "exports_url": view.url(name="exports") if view.door.has_exports else "",
        "all_url": view.url(Filter()),
        "columns_text": view.columns,
        "sort_text": str(view.sort),
    }


def _head(view: View, column: Column) -> dict[str, Any]:
    """A column's heading: a link that sorts by it, and turns the order round when it is sorted by already."""
    current = view.sort.column.name == column.name
    descending = not view.sort.descending if current else column.is_number or column.kind in {"impact", "consequence"}
    aria = ("descending" if view.sort.descending else "ascending") if current else ""
    return {"column": column, "url": view.url(sort=Sort(column, descending)), "aria": aria}


def _sorts(view: View, columns: list[Column]) -> list[tuple[str, str, bool]]:
    """The orders a narrow screen offers in a select: value, words, chosen."""
    orders = [(ROW.name, "Position")]
    for column in columns:
        largest = column.is_number or column.kind in {"impact", "consequence"}
        orders.append((f"-{column.name}" if largest else column.name, column.title))
    current = str(view.sort)
    if current not in dict(orders):
        orders.append((current, f"{view.sort.column.title}, turned round"))
    return [(value, words, value == current) for value, words in orders]


def _rows(view: View, page: Page, columns: list[Column], table: VariantTable) -> list[dict[str, Any]]:
    numbers = [row["row"] for row in page.rows]
    noted: set[int] = set()
    if view.door.owned:
        noted = set(VariantNote.objects.filter(job=view.job, row__in=numbers).values_list("row", flat=True))
    return [
        {
            "name": variant_name(row, table.reference),
            "url": view.row_url(row["row"]),
            "noted": row["row"] in noted,
            "cells": _cells(row, columns),
        }
        for row in page.rows
    ]


def _cells(row: dict[str, Any], columns: list[Column]) -> list[dict[str, Any]]:
    """A row's cells behind its name. On a narrow screen two make a line, which goes where neither has a value."""
    contents = [cell(column, row) for column in columns]
    found = []
    for place, (column, content) in enumerate(zip(columns, contents, strict=True)):
        other = place + 1 if place % 2 else place - 1
        empty = place > 0 and {content, *contents[other : other + 1]} == {NOTHING}
        found.append({"column": column, "content": content, "end": place % 2 == 0, "empty": empty})
    return found


def _choice(columns: list[Column], table: VariantTable) -> list[dict[str, Any]]:
    """Every column with its place: those shown first, in their order."""
    shown = [column.name for column in columns]
    rest = [name for name in table.catalogue.columns if name not in shown]
    default = [column.name for column in default_columns(table.catalogue)]
    return [
        {
            "column": table.catalogue.columns[name],
            "shown": name in shown,
            "place": shown.index(name) + 1 if name in shown else "",
            "usual": name in default,
        }
        for name in (*shown, *rest)
    ]
