"""Writes a sheet as an SVG file that stands alone: its own style, no link, no script, nothing fetched."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from django.conf import settings
from django.template.loader import render_to_string

from annotations.figures.files.charts import chart_sheet
from annotations.figures.files.maps import karyogram_sheet, map_sheet
from annotations.figures.files.sheet import MARGIN, WIDTH, Sheet
from annotations.figures.report import Figures

# What XML 1.0 cannot hold, however it is written (https://www.w3.org/TR/xml/#charsets); a VCF's names may hold it.
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TOKEN = re.compile(r"^\s*(--[\w-]+):\s*([^;]+);", re.M)
_PAIR = re.compile(r"light-dark\((#\w+), #\w+\)")
_USE = re.compile(r"var\((--[\w-]+)\)")


def sheet_named(name: str, figures: Figures, subtitle: str) -> Sheet | None:
    """Return a page's figure as a sheet, None when the page has no such figure."""
    if figures.genome and name == "map":
        return map_sheet(figures.genome, subtitle)
    if figures.karyogram and name == "karyogram":
        return karyogram_sheet(figures.karyogram, subtitle)
    chart = next((chart for chart in figures.charts if chart.name == name), None)
    return chart_sheet(chart, subtitle) if chart else None


def draw(sheet: Sheet) -> bytes:
    """Return the file. What a VCF's author wrote stands in it as text and nothing else."""
    place = {"sheet": sheet, "style": style(), "margin": MARGIN, "end": WIDTH - MARGIN}
    text = render_to_string("figures/files/sheet.svg", {**sheet.body, **place})
    return _NOT_XML.sub("\ufffd", text).encode()


@cache
def style() -> str:
    """Return the style of the files, in the light colours of the site's tokens.

    They are written out, since few programs that show an SVG know variables.
    """
    tokens = light_tokens((Path(settings.BASE_DIR) / "static/css/tokens.css").read_text())
    rules = render_to_string("figures/files/style.css")
    return _USE.sub(lambda use: tokens[use[1]], rules).strip()


def light_tokens(css: str) -> dict[str, str]:
    """Return the tokens of a style sheet with the light colour of each pair; what stands first holds without any query.

    >>> light_tokens("--ink: light-dark(#12181c, #e8edf0);")
    {'--ink': '#12181c'}
    """
    one_a_line = css.replace("; ", ";\n")
    tokens: dict[str, str] = {}
    for name, value in _TOKEN.findall(one_a_line):
        tokens.setdefault(name, _PAIR.sub(r"\1", value))
    return tokens
