"""A chart: rows of bars under a title, each row with the filter that shows its variants."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from annotations.figures.bars import Bar, Segment


@dataclass(frozen=True)
class Chart:
    """Rows of bars under a title. ``kind`` says how labels are set: "" or "gene", "contig", "impact".

    ``name`` is what its address and its files are called; ``letter`` is given when it is set on a page.
    """

    name: str
    title: str
    label: str
    bars: tuple[Bar, ...]
    caption: str = ""
    kind: str = ""
    strip: tuple[Segment, ...] = ()
    letter: str = ""


def query(**parameters: str) -> str:
    """The explorer's query string for one question."""
    return urlencode(parameters)
