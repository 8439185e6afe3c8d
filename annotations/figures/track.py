"""A contig as a straight line: genes on it, variants as sticks above it. All places are percentages of the width."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from annotations.engine.genes import Gene
from annotations.figures.genome import gene_kind
from annotations.figures.words import counted, thousands

#: Where the heads stand by impact, from the top; the line is at LINE.
HEAD_BY_IMPACT = {"HIGH": 6, "MODERATE": 14, "LOW": 22, "MODIFIER": 26}
LINE, OUTSIDE_HEAD = 38, 31
#: Pixels of the track on a page and on a narrow screen, and of a letter in a gene's name.
PAGE, NARROW, LETTER = 1_180, 340, 6.6
MOST_NAMES = 60


@dataclass(frozen=True)
class Stick:
    """A variant: its place, impact, what a reader is told of it, and where its mark leads."""

    x: str
    top: int
    impact: str
    title: str
    url: str


@dataclass(frozen=True)
class Piece:
    """A gene on the line, with its name when there is room for it (``minor``: not on a narrow screen)."""

    kind: str
    x: str
    width: str
    title: str
    url: str
    middle: str = ""
    name: str = ""
    minor: bool = False


@dataclass(frozen=True)
class Track:
    """What the partial draws; ``outside`` are places of variants that the filter leaves out."""

    contig: str
    length: int
    sticks: tuple[Stick, ...]
    outside: tuple[str, ...]
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Mark:
    """What goes in for a variant; ``impact`` is "" when it was not annotated."""

    position: int
    impact: str
    title: str
    url: str


def track(
    contig: str,
    length: int,
    marks: Iterable[Mark],
    outside: Iterable[int],
    genes: Sequence[tuple[Gene, str]],
) -> Track:
    """Lay a contig of ``length`` bp out; genes come with the address that their mark leads to."""
    sticks = [
        Stick(
            place(mark.position, length),
            HEAD_BY_IMPACT.get(mark.impact, OUTSIDE_HEAD),
            mark.impact,
            mark.title,
            mark.url,
        )
        for mark in sorted(marks, key=lambda mark: HEAD_BY_IMPACT.get(mark.impact, OUTSIDE_HEAD), reverse=True)
    ]
    return Track(contig, length, tuple(sticks), tuple(place(one, length) for one in outside), _pieces(genes, length))


def place(position: int, length: int) -> str:
    """A position as a percentage of the width."""
    return f"{100 * min(max(position, 1), length) / length:.2f}%"


def _pieces(genes: Sequence[tuple[Gene, str]], length: int) -> tuple[Piece, ...]:
    names = _named([gene for gene, _ in genes], length)
    return tuple(_piece(gene, url, length, names.get(number)) for number, (gene, url) in enumerate(genes))


def _piece(gene: Gene, url: str, length: int, minor: bool | None) -> Piece:
    name = gene.name.removeprefix("MT-")
    return Piece(
        kind=gene_kind(gene.biotype),
        x=f"{100 * (gene.start - 1) / length:.2f}%",
        width=f"{100 * (gene.end - gene.start + 1) / length:.3f}%",
        title=f"{gene.name}, {thousands(gene.start)} to {thousands(gene.end)}",
        url=url,
        middle=f"{50 * (gene.start + gene.end) / length:.2f}%",
        name="" if minor is None else name,
        minor=bool(minor),
    )


def _named(genes: Sequence[Gene], length: int) -> dict[int, bool]:
    """The genes whose names fit below them, by number; True for those that do not fit on a narrow screen."""
    taken: tuple[list[tuple[float, float]], list[tuple[float, float]]] = ([], [])
    minor: dict[int, bool] = {}
    longest = sorted(range(len(genes)), key=lambda number: genes[number].start - genes[number].end)
    for number in longest:
        gene = genes[number]
        if gene_kind(gene.biotype) == "trna" or len(minor) == MOST_NAMES:
            continue
        fits = []
        for width, spans in zip((PAGE, NARROW), taken, strict=True):
            half = LETTER * len(gene.name.removeprefix("MT-")) / 2 + 3
            middle = width * (gene.start + gene.end) / 2 / length
            span = (max(0.0, middle - half), min(float(width), middle + half))
            fits.append(
                span[1] - span[0] > 2 * half - 1 and all(span[1] < low or high < span[0] for low, high in spans)
            )
            if fits[-1] and fits[0]:
                spans.append(span)
        if fits[0]:
            minor[number] = not fits[1]
    return minor


@dataclass(frozen=True)
class Block:
    """A contig of the overview: its share of the width, and bars for how many variants lie in its parts."""

    name: str
    x: str
    width: str
    middle: str
    title: str
    url: str
    minor: bool


@dataclass(frozen=True)
class Bar:
    """How many variants begin in one part of a contig; the rows behind its link may be more (decision 0191)."""

    x: str
    width: str
    y: str
    height: str
    title: str
    url: str


@dataclass(frozen=True)
class Overview:
    """Several contigs side by side."""

    blocks: tuple[Block, ...]
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Part:
    """What goes in for a bar: a contig's part, [start, end], and how many variants begin in it."""

    contig: str
    start: int
    end: int
    count: int
    url: str


def overview(contigs: Sequence[tuple[str, int, str]], parts: Iterable[Part]) -> Overview:
    """Lay contigs (name, length, address) out in a row; the fullest part's bar is the highest."""
    whole = sum(length for _, length, _ in contigs) or 1
    starts, at = {}, 0
    blocks = []
    for name, length, url in contigs:
        starts[name] = at
        share = length / whole
        short = name.removeprefix("chr")
        fits = share * PAGE > LETTER * len(short) + 4
        x, width, middle = (f"{100 * value / whole:.2f}%" for value in (at, length, at + length / 2))
        blocks.append(
            Block(
                short if fits else "",
                x,
                width,
                middle,
                f"{name}, {thousands(length)} bp",
                url,
                share * NARROW < LETTER * len(short) + 4,
            )
        )
        at += length
    counted = [part for part in parts if part.contig in starts]
    most = max((part.count for part in counted), default=1)
    return Overview(tuple(blocks), tuple(_bar(part, starts[part.contig], whole, most) for part in counted))


def _bar(part: Part, start: int, whole: int, most: int) -> Bar:
    height = max(1.5, 30 * part.count / most)
    begin = f"{counted(part.count, 'variant')} {'begins' if part.count == 1 else 'begin'} here"
    title = f"{part.contig}:{thousands(part.start)} to {thousands(part.end)}, {begin}"
    return Bar(
        x=f"{100 * (start + part.start) / whole:.3f}%",
        width=f"{max(0.06, 100 * (part.end - part.start + 1) / whole):.3f}%",
        y=f"{LINE - height:.1f}",
        height=f"{height:.1f}",
        title=title,
        url=part.url,
    )
