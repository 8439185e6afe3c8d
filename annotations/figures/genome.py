"""The map of a circular genome: origin at the top, clockwise, heavy strand outside, light strand inside.

Variants stand on the ring as sticks: colour is impact, a longer stick is a rarer allele (log scale), and the most
notable are named. Names are capped and placed so that they cover neither each other nor a mark.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from annotations.engine.genes import Gene
from annotations.figures.genome_names import Name, place_names
from annotations.figures.heads import Placed, place_heads
from annotations.figures.labels import Box, clear_of
from annotations.figures.marks import Mark, deserves_name
from annotations.figures.polar import CENTRE, Point, point, ring_segment
from annotations.figures.words import counted, thousands

OUTER_RING = (188.0, 210.0)
INNER_RING = (166.0, 184.0)
TICK_CIRCLE = 158.0
GENE_NAME_RADIUS = 123.0
# Half width and half height of a name: of one character and of a line, on a page (font 15) and, with more air, on a
# narrow screen (font 20); css: .genome text.
GENE_NAME_PAGE = (4.2, 6.0)
GENE_NAME_NARROW = (6.4, 12.0)
TITLE_PAGE, TITLE_NARROW = (7.0, 14.0), (8.0, 16.0)  # the same of the headline in the middle, bold
GENE_NAME_DROP = 5.0  # from the middle of a line to its baseline
SHORTEST_NAMED = 0.02  # of the genome
MOST_GENE_NAMES = 24
GENE_GAP = 0.0008  # of a turn, left free at each end so that neighbours can be told apart


@dataclass(frozen=True)
class Arc:
    """A piece of the ring."""

    kind: str
    path: str
    title: str
    query: str | None = None


@dataclass(frozen=True)
class Tick:
    """A line on the inner circle."""

    start: Point
    end: Point


@dataclass(frozen=True)
class GeneName:
    """A gene's name inside the ring; ``minor`` names leave the drawing on narrow screens."""

    text: str
    at: Point
    minor: bool


@dataclass(frozen=True)
class GenomeMap:
    """Everything the partial draws."""

    reference: str
    length: int
    total: int
    arcs: tuple[Arc, ...]
    ticks: tuple[Tick, ...]
    tick_step: int
    gene_names: tuple[GeneName, ...]
    heads: tuple[Placed, ...]
    names: tuple[Name, ...]
    notable: int
    marks: tuple[Mark, ...]

    @property
    def headline(self) -> str:
        """The text in the middle."""
        return counted(self.total, "variant")

    @property
    def crowded(self) -> bool:
        """Whether the sticks step back so that the heads stay readable."""
        return len(self.heads) > 120

    @property
    def drawn_all(self) -> bool:
        """Whether every variant of the contig is on the map."""
        return len(self.heads) >= self.total

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of arcs present, in the legend's order."""
        present = {arc.kind for arc in self.arcs}
        return tuple(kind for kind in ("protein", "rrna", "trna", "other", "control") if kind in present)


def genome_map(
    marks: Sequence[Mark],
    genes: Sequence[Gene],
    length: int,
    *,
    reference: str,
    total: int | None = None,
    control: Iterable[tuple[int, int]] = (),
) -> GenomeMap:
    """The map of a circular contig of ``length`` bp; ``control`` are regions drawn pale (1-based, inclusive)."""
    inside = [mark for mark in marks if 1 <= mark.position <= length]
    total = len(inside) if total is None else total
    heads = place_heads(inside, length)
    step = tick_step(length)
    return GenomeMap(
        reference=reference,
        length=length,
        total=total,
        arcs=(*_control_arcs(control, length), *(_gene_arc(gene, length) for gene in genes)),
        ticks=tuple(_tick(n, position, length) for n, position in enumerate(range(0, length - step // 2, step))),
        tick_step=step,
        gene_names=tuple(place_gene_names(genes, length, headline=counted(total, "variant"))),
        heads=tuple(heads),
        names=tuple(place_names(heads)),
        notable=sum(map(deserves_name, inside)),
        marks=tuple(inside),
    )


def tick_step(length: int) -> int:
    """The smallest of 1, 2, 5, 10, 20 … that puts at most 25 ticks on the circle: 1,000 for 16,569 bp."""
    step, factors = 1, itertools.cycle((2, 2.5, 2))
    while length > 25 * step:
        step = int(step * next(factors))
    return step


def gene_kind(biotype: str) -> str:
    """The class of a gene's arc by its biotype: "protein", "rrna", "trna" or "other"."""
    for part, kind in (("rRNA", "rrna"), ("tRNA", "trna"), ("protein", "protein")):
        if part in biotype:
            return kind
    return "other"


def _gene_arc(gene: Gene, length: int) -> Arc:
    inner, outer = INNER_RING if gene.strand == "-" else OUTER_RING
    start, end = (gene.start - 1) / length, gene.end / length
    gap = min(GENE_GAP, 0.06 * (end - start))
    path = ring_segment(start + gap, end - gap, inner, outer)
    title = f"{gene.name}, {thousands(gene.start)} to {thousands(gene.end)}"
    return Arc(gene_kind(gene.biotype), path, title, urlencode({"gene": gene.name}))


def _control_arcs(regions: Iterable[tuple[int, int]], length: int) -> list[Arc]:
    return [
        Arc(
            "control",
            ring_segment((start - 1) / length, end / length, *OUTER_RING),
            f"control region, {thousands(start)} to {thousands(end)}",
        )
        for start, end in regions
    ]


def _tick(number: int, position: int, length: int) -> Tick:
    depth = 9.0 if number % 4 == 0 else 5.0
    turn = position / length
    return Tick(point(turn, TICK_CIRCLE), point(turn, TICK_CIRCLE - depth))


def place_gene_names(genes: Sequence[Gene], length: int, *, headline: str = "") -> list[GeneName]:
    """Names of the longest genes that fit around the headline in the middle.

    "MT-" is dropped, because all of such a map is mitochondrial.
    """
    middle = Point(CENTRE, CENTRE - 10)
    taken = tuple([_name_box(headline, middle, size)] for size in (TITLE_PAGE, TITLE_NARROW))
    placed = []
    for gene in sorted(genes, key=lambda gene: (gene.start - gene.end, gene.start)):
        if gene_kind(gene.biotype) == "trna" or gene.end - gene.start < SHORTEST_NAMED * length:
            continue
        text = gene.name.removeprefix("MT-")
        at = point((gene.start + gene.end) / 2 / length, GENE_NAME_RADIUS)
        page, narrow = (_name_box(text, at, size) for size in (GENE_NAME_PAGE, GENE_NAME_NARROW))
        if not clear_of(page, taken[0]):
            continue
        taken[0].append(page)
        minor = not clear_of(narrow, taken[1])
        if not minor:
            taken[1].append(narrow)
        placed.append(GeneName(text, Point(at.x, at.y + GENE_NAME_DROP), minor))
        if len(placed) == MOST_GENE_NAMES:
            break
    return placed


def _name_box(text: str, at: Point, half: tuple[float, float]) -> Box:
    half_width, half_height = half[0] * len(text) + 1, half[1]
    return Box(at.x - half_width, at.y - half_height, at.x + half_width, at.y + half_height)
