"""What stands in the table's cells: a value written as the site writes its kind, everything of a file escaped."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from annotations.explorer.clinical import in_words, shown_call
from annotations.explorer.columns import Column
from annotations.explorer.reading_samples import KINDS
from annotations.figures.words import clipped, percent, term
from annotations.templatetags.gas import impact

DBSNP = "https://www.ncbi.nlm.nih.gov/snp/"
#: The bars of frequencies: from one in 100,000 to all, on a logarithmic scale, 44 pixels long.
_RAREST, _BAR = 1e-5, 44.0
#: A text in a cell; the variant's page has the whole of it.
MOST_TEXT, MOST_CALL = 60, 28
_RS = re.compile(r"rs\d+")
#: Of a cell that has no value.
NOTHING = mark_safe('<span class="faint">–</span>')  # noqa: RUF001 (an en dash is the site's sign for no value)
_WORDS = {letters[0]: words for letters, words in KINDS.values() if len(letters) == 1}


def cell(column: Column, row: dict[str, Any], *, most: int = MOST_TEXT) -> SafeString:
    """Return the content of one cell; texts are cut to ``most`` characters."""
    value = row.get(column.name)
    if column.kind == "gene":
        return _gene(row)
    if column.kind == "frequency":
        return _frequency(value, annotated=row.get("not_annotated") is None)
    if value is None or value == "":
        return NOTHING
    writer = _WRITERS.get(column.kind)
    if writer is not None:
        return writer(value)
    if column.kind == "status":
        return significance(value, most)
    return _identifiers(str(value)) if column.name == "id" else text(value, most)


def text(value: Any, most: int = MOST_TEXT) -> SafeString:
    """Return a text that is cut where it is too long for a cell; the whole is its title."""
    whole = str(value)
    if len(whole) <= min(most, 20):  # longer ones may be clipped by the width
        return format_html("{}", whole)
    return format_html('<span title="{}">{}</span>', clipped(whole, 1_000), clipped(whole, most))


def significance(value: Any, most: int = MOST_TEXT) -> SafeString:
    """Return a source's call in words, with its mark; as the source writes it is its title, and where there is room."""
    whole, shown = str(value), in_words(str(value))
    mark = format_html('<span class="significance" data-call="{}">', shown_call(whole))
    if most > MOST_TEXT:
        raw = format_html(' <span class="note">{}</span>', clipped(whole, most)) if shown != whole else ""
        return format_html("{}{}</span>{}", mark, clipped(shown, most), raw)
    return format_html('{}<span title="{}">{}</span></span>', mark, clipped(whole, 1_000), clipped(shown, MOST_CALL))


def _gene(row: dict[str, Any]) -> SafeString:
    if not row.get("gene"):
        return NOTHING
    protein = row.get("protein")
    name = format_html('<span class="gene">{}</span>', clipped(row["gene"], 24))
    return format_html('{} <span class="mono">{}</span>', name, clipped(protein, 24)) if protein else name


def _frequency(value: float | None, *, annotated: bool) -> SafeString:
    if value is None and not annotated:
        return NOTHING
    shown = "not seen" if not value else percent(value)
    length = _BAR * max(0.0, 1 - math.log10(max(value, _RAREST)) / math.log10(_RAREST)) if value else 0
    bar = (
        '<svg class="wide-only" aria-hidden="true"><rect class="bar-track" width="44" height="6" rx="1"/>'
        '<rect class="bar-fill" width="{}" height="6" rx="1"/></svg>'
    )
    return format_html('<span class="frequency">{}' + bar + "</span>", shown, f"{min(length, _BAR):.1f}")


def _identifiers(value: str) -> SafeString:
    """Return dbSNP's ids as links, others as they are."""
    first, *more = value.split(";")
    if not _RS.fullmatch(first):
        return text(value, 24)
    link = format_html('<a href="{}{}" rel="noreferrer">{}</a>', DBSNP, first, first)
    return format_html("{} +{}", link, len(more)) if more else link


def _number(value: float) -> SafeString:
    return format_html("{}", f"{value:,.6g}")


def _consequence(value: str) -> SafeString:
    terms = [term(name) for name in value.split("&")]
    more = format_html(' <span class="faint">+{}</span>', len(terms) - 1) if len(terms) > 1 else ""
    return format_html('<span title="{}">{}</span>{}', ", ".join(terms), terms[0], more)


def _genotype(letter: str) -> SafeString:
    words = _WORDS.get(letter, "")
    short = {"0": "ref", "1": "het", "2": "hom"}.get(letter)
    return format_html('<span title="{}">{}</span>', words, short) if short else NOTHING


_WRITERS: dict[str, Callable[[Any], SafeString]] = {
    "impact": impact,
    "consequence": _consequence,
    "integer": lambda value: format_html("{}", f"{value:,}"),
    "number": _number,
    "flag": lambda value: format_html("{}", "yes" if value else "no"),
    "genotype": _genotype,
    "level": lambda value: format_html("{}", percent(value)),
}
