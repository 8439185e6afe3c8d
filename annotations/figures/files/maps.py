"""Maps as sheets: the drawing that a page shows, with its legend and caption."""

from __future__ import annotations

from annotations.figures.files.sheet import MARGIN, TOP, Head, Sheet, finished, words_of
from annotations.figures.genome import GenomeMap
from annotations.figures.karyogram import Karyogram
from annotations.figures.marks import IMPACTS
from annotations.figures.track import PAGE, Overview, Track

PLACE = "Where the variants are"
KINDS = {"protein": "protein", "rrna": "rRNA", "trna": "tRNA", "other": "other", "control": "control region"}
#: Height of the map's drawing, a tenth smaller than its units so that the longest names at its sides are on the sheet,
#: and of a track (static/css/figures.css).
MAP_HEIGHT, TRACK_HEIGHT = 562, 64
_IMPACT_KEYS = [("stick-head", impact, impact) for impact in IMPACTS]


def map_sheet(genome: GenomeMap, subtitle: str) -> Sheet:
    """Lay the circular map out on a sheet."""
    legend = [(f"gene-{kind}", "", KINDS[kind]) for kind in genome.kinds] + _IMPACT_KEYS
    caption = words_of("figures/genome_caption.html", {"map": genome})
    drawing = ("figures/files/map.svg", {"map": genome, "id": "map"})
    return finished(Head("map", PLACE, subtitle), drawing, TOP + MAP_HEIGHT, caption=caption, legend=legend)


def karyogram_sheet(karyogram: Karyogram, subtitle: str) -> Sheet:
    """Lay the contigs out on a sheet."""
    caption = words_of("figures/karyogram_caption.html", {"karyogram": karyogram})
    drawing = ("figures/files/karyogram.svg", {"karyogram": karyogram})
    return finished(Head("karyogram", PLACE, subtitle), drawing, TOP + karyogram.height, caption=caption)


def track_sheet(drawing: Track | Overview, subtitle: str) -> Sheet:
    """Lay the explorer's track out on a sheet as wide as its names are placed for; its marks lead nowhere there."""
    bottom, width = TOP + TRACK_HEIGHT + 8, PAGE + 2 * MARGIN
    if isinstance(drawing, Overview):
        body: tuple[str, dict[str, object]] = ("figures/files/overview.svg", {"overview": drawing})
        return finished(Head("track", PLACE, subtitle), body, bottom, width=width)
    kinds = {piece.kind for piece in drawing.pieces}
    legend = [(f"gene-{kind}", "", words) for kind, words in KINDS.items() if kind in kinds] + _IMPACT_KEYS
    body = ("figures/files/track.svg", {"track": drawing})
    return finished(Head("track", f"{PLACE} on {drawing.contig}", subtitle), body, bottom, legend=legend, width=width)
