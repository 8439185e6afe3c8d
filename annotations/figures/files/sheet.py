"""A figure as a sheet of its own: title, drawing, legend and caption, laid out in the drawing's units (CSS pixels)."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any

from django.template.loader import render_to_string
from django.utils.html import strip_tags

WIDTH, MARGIN = 800, 28
ROOM = WIDTH - 2 * MARGIN
#: Where the drawing begins, below title and subtitle.
TOP = 92.0
#: Font sizes of the style sheet (templates/figures/files/style.css) and the distance of a caption's lines.
LABEL_SIZE, CAPTION_SIZE, CAPTION_LINE = 13, 12, 18.0
MOST_CAPTION_LINES = 8
_NARROW = frozenset("iljftrI .,:;'|!()[]-")
_WIDE = frozenset("mwMWOQ@%&")


@dataclass(frozen=True)
class Line:
    """A line of text, and where its baseline begins."""

    text: str
    x: float
    y: float


@dataclass(frozen=True)
class Key:
    """An entry of the legend: the classes and the impact that colour its mark, its words and their place."""

    style: str
    words: str
    x: float
    y: float
    impact: str = ""


@dataclass(frozen=True)
class Head:
    """What a figure's file is called, and the two lines above its drawing."""

    name: str
    title: str
    subtitle: str


@dataclass(frozen=True)
class Sheet:
    """What ``templates/figures/files/sheet.svg`` draws; ``body`` is the context of the drawing's own ``template``."""

    head: Head
    template: str
    body: Mapping[str, Any]
    height: float
    caption: tuple[Line, ...] = ()
    legend: tuple[Key, ...] = ()
    width: int = WIDTH


def finished(
    head: Head,
    drawing: tuple[str, Mapping[str, Any]],
    bottom: float,
    *,
    caption: str = "",
    legend: Sequence[tuple[str, str, str]] = (),
    width: int = WIDTH,
) -> Sheet:
    """Put legend and caption below a drawing (its template and context) that ends at ``bottom``."""
    keys, bottom = _keys(legend, bottom)
    lines = tuple(
        Line(text, MARGIN, bottom + 24 + number * CAPTION_LINE) for number, text in enumerate(wrapped(caption))
    )
    height = (lines[-1].y if lines else bottom) + MARGIN
    return Sheet(head, *drawing, height, lines, keys, width)


def _keys(entries: Sequence[tuple[str, str, str]], bottom: float) -> tuple[tuple[Key, ...], float]:
    """Set the legend's entries (style, impact, words) in a row, and say where they end."""
    keys, x = [], float(MARGIN)
    for style, impact, words in entries:
        keys.append(Key(style, words, x, bottom + 20, impact))
        x += 18 + text_width(words, LABEL_SIZE) + 18
    return tuple(keys), bottom + 28 if keys else bottom


def wrapped(text: str) -> list[str]:
    """Break a caption into lines that fit; what is longer than a caption may be ends in dots."""
    lines: list[str] = []
    for word in text.split():
        if lines and text_width(f"{lines[-1]} {word}", CAPTION_SIZE) <= ROOM:
            lines[-1] += f" {word}"
        else:
            lines.append(cut(word, ROOM, CAPTION_SIZE))
    if len(lines) > MOST_CAPTION_LINES:
        lines = [*lines[: MOST_CAPTION_LINES - 1], cut(lines[MOST_CAPTION_LINES - 1], ROOM - 20, CAPTION_SIZE) + " …"]
    return lines


def words_of(template: str, context: Mapping[str, Any]) -> str:
    """Return the words of a caption's partial, which pages show with marks that a sheet has no use for."""
    return " ".join(unescape(strip_tags(render_to_string(template, dict(context)))).split())


def cut(text: str, room: float, size: float) -> str:
    """The text, or as much of it as fits with dots after it."""
    if text_width(text, size) <= room:
        return text
    while text and text_width(f"{text}…", size) > room:
        text = text[:-1]
    return f"{text}…"


def text_width(text: str, size: float) -> float:
    """About how wide a text is, rather too wide: there is no font to ask where a sheet is laid out."""
    return size * sum(map(_em, text))


def _em(character: str) -> float:
    if character in _NARROW:
        return 0.36
    if character in _WIDE:
        return 0.92
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    return 0.7 if character.isupper() else 0.61
