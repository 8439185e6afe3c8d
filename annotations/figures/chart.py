"""A chart: rows of bars under a title, each row with the filter that shows its variants."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from annotations.figures.bars import Bar, Segment


@dataclass(frozen=True)
class Chart:
    """Rows of bars under a title. ``kind`` says how labels are set: "" or "gene", "contig", "impact"."""

    letter: str
    title: str
    label: str
    bars: tuple[Bar, ...]
    caption: str = ""
    kind: str = ""
    strip: tuple[Segment, ...] = ()


def query(**parameters: str) -> str:
    """The explorer's query string for one question."""
    return urlencode(parameters)
