"""Which transcript a record is told of: the one BCSQ names, or the gene's preferred where csq names the gene alone.

csq (1.24) names the gene alone for introns and for genes that code for nothing, and does not tell the introns of these
from their exons: it says "non_coding" of both.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from annotations.engine.gene_models import GeneModels, Numbers
from annotations.engine.results.consequence import Consequence

#: What csq says of a gene without naming a transcript.
_INTRON, _EXON = "intron_variant", "non_coding_transcript_exon_variant"


def chosen_transcripts(
    models: GeneModels, positions: Numbers, found: Sequence[Consequence | None], codes: NDArray[np.int64]
) -> tuple[Numbers, Numbers]:
    """The number of each record's transcript, -1 where it lies in none; and the rows in introns that csq calls exons.

    ``found[codes[i]]`` is what record i does.
    """
    if not len(models):
        return np.full(len(positions), -1, np.int64), np.zeros(0, np.int64)
    named = np.full(len(found), -1, np.int64)
    by_gene_only = np.zeros(len(found), np.bool_)
    for code in np.unique(codes).tolist():
        one = found[code]
        if one is None or not one.gene or one.worst == "upstream_gene_variant":
            continue
        if one.transcript:
            named[code] = models.number.get(one.transcript, -1)
        elif of_gene := models.by_gene.get(one.gene):
            named[code], by_gene_only[code] = of_gene[0], True
    chosen = named[codes]
    rows = np.flatnonzero(by_gene_only[codes])
    exonic = np.array([one is not None and one.worst == _EXON for one in found], np.bool_)[codes[rows]]
    fits = _fits(models, chosen[rows], positions[rows], exonic)
    introns = []
    for row, is_exonic in zip(rows[~fits].tolist(), exonic[~fits].tolist(), strict=True):
        one = found[codes[row]]
        chosen[row], fitting = _search(models, one.gene if one else "", int(positions[row]), exonic=is_exonic)
        if is_exonic and not fitting:
            introns.append(row)
    return chosen, np.array(introns, np.int64)


def _fits(models: GeneModels, numbers: Numbers, positions: Numbers, exonic: NDArray[np.bool_]) -> NDArray[np.bool_]:
    in_exon = positions <= models.exon_ends[models.exon_at(numbers, positions)]
    fits: NDArray[np.bool_] = _inside(models, numbers, positions) & (exonic == in_exon)
    return fits


def _search(models: GeneModels, gene: str, position: int, *, exonic: bool) -> tuple[int, bool]:
    """The gene's most preferred transcript that the position lies in, and whether in an exon or intron as csq says."""
    numbers = np.array(models.by_gene.get(gene, []), np.int64)
    if not len(numbers):
        return -1, True
    positions = np.full(len(numbers), position)
    fits = _fits(models, numbers, positions, np.full(len(numbers), exonic))
    if fits.any():
        return int(numbers[np.argmax(fits)]), True
    inside = _inside(models, numbers, positions)
    # Outside all: an insertion or deletion is written from the base before it.
    return (int(numbers[np.argmax(inside)]), False) if inside.any() else (-1, True)


def _inside(models: GeneModels, numbers: Numbers, positions: Numbers) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (models.starts[numbers] <= positions) & (positions <= models.ends[numbers])
    return inside
