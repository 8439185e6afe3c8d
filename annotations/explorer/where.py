"""Where the variants of a filter lie: the track over the table, one contig with its genes or the whole genome."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from annotations.engine.genes import Gene
from annotations.engine.reference import Reference
from annotations.explorer.conditions import Condition
from annotations.explorer.filters import Filter
from annotations.explorer.names import variant_name
from annotations.explorer.plan import Plan
from annotations.explorer.sorting import Sort
from annotations.explorer.table import VariantTable
from annotations.figures.report import natural_order
from annotations.figures.track import Mark, Overview, Part, Track, overview, track

#: Variants drawn one by one; a contig with more genes than this shows none.
MOST_STICKS, MOST_GENES = 400, 400
#: Parts of the overview, each a bar.
PARTS = 240
MOST_CONTIGS = 40
UrlOf = Callable[[Filter], str]
RowUrl = Callable[[int], str]


def where_the_variants_are(
    plan: Plan, table: VariantTable, left: int, url_of: UrlOf, row_url: RowUrl
) -> Track | Overview | None:
    """Return the drawing of the ``left`` variants that the filter takes; None when the contigs have no length.

    What is too much to be drawn one by one, or lies on several contigs, is counted in bars.
    """
    present = [str(name) for name in table.distinct("contig")]
    lengths = {contig.name: contig.length for contig in table.reference.contigs} if table.reference else {}
    drawn = sorted((name for name in present if name in lengths), key=natural_order)
    if len(drawn) == 1 and left <= MOST_STICKS:
        return _track((drawn[0], lengths[drawn[0]]), plan, table, url_of, row_url)
    longest = sorted(drawn, key=lambda name: -lengths[name])[:MOST_CONTIGS]
    chosen = [(name, lengths[name]) for name in drawn if name in longest]
    return _overview(chosen, plan, table, url_of) if chosen else None


def _track(place: tuple[str, int], plan: Plan, table: VariantTable, url_of: UrlOf, row_url: RowUrl) -> Track:
    contig, length = place
    wanted = ("contig", "pos", "ref", "alt", "impact", "gene", "not_annotated")
    columns = [column for column in map(table.catalogue.get, wanted) if column is not None]
    impact = table.catalogue.columns["impact"]
    rows = table.page(plan.where, Sort(impact, descending=True), size=MOST_STICKS, columns=columns).rows
    marks = [
        Mark(
            row["pos"],
            row["impact"] or "",
            " ".join(filter(None, (variant_name(row, table.reference), row["gene"], row["impact"]))),
            row_url(row["row"]),
        )
        for row in rows
        if row["contig"] == contig
    ]
    inside = {mark.position for mark in marks}
    outside = [] if not plan.steps else _places(contig, length, table)
    genes = _genes(contig, table.reference)
    urls = [(gene, url_of(Filter.of({"gene": [gene.name]}))) for gene in genes]
    return track(contig, length, marks, (one for one in outside if one not in inside), urls)


def _places(contig: str, length: int, table: VariantTable) -> list[int]:
    """One position for each of the contig's parts that has a variant."""
    step = max(1, length // PARTS)
    found = table.grouped(Condition('"contig" = ?', (contig,)), [f'("pos" - 1) // {step:d}'])
    return [min(length, number * step + step // 2 + 1) for number, _ in found]


def _overview(contigs: list[tuple[str, int]], plan: Plan, table: VariantTable, url_of: UrlOf) -> Overview:
    step = max(1, sum(length for _, length in contigs) // PARTS)
    counted = table.grouped(plan.where, ['"contig"', f'("pos" - 1) // {step:d}'])
    lengths = dict(contigs)
    parts = []
    for contig, number, count in counted:
        start = number * step + 1
        if contig not in lengths or start > lengths[contig]:
            continue
        end = min(start + step - 1, lengths[contig])
        parts.append(Part(contig, start, end, count, url_of(plan.filter.with_("region", f"{contig}:{start}-{end}"))))
    blocks = [(name, length, url_of(plan.filter.with_("region", name))) for name, length in contigs]
    return overview(blocks, parts)


@lru_cache(maxsize=8)
def _read_genes(reference: Reference, contig: str) -> tuple[Gene, ...]:
    return tuple(reference.genes(contig))


def _genes(contig: str, reference: Reference | None) -> tuple[Gene, ...]:
    found = _read_genes(reference, contig) if reference else ()
    return found if len(found) <= MOST_GENES else ()
