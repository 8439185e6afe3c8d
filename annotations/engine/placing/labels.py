"""HGVS' numbering of many positions at once: what ``hgvs/numbering.py`` says of one, said of columns.

A substitution needs no more than its label; nine in ten variants are substitutions, and a call for each would set the
pipe's pace.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotations.engine.gene_models import GeneModels, Numbers


def position_labels(models: GeneModels, numbers: Numbers, positions: Numbers) -> pa.Array:
    """The labels, such as ``123+4``, of genomic positions within transcripts ``numbers``."""
    exon = models.exon_at(numbers, positions)
    reverse = models.reverse[numbers]
    past = positions - models.exon_ends[exon]
    exonic = past <= 0
    following = np.minimum(exon + 1, len(models.exon_starts) - 1)
    ahead = models.exon_starts[following] - positions
    # The nearer exon; in the middle the one before it in the transcript's direction.
    lower = np.where(reverse, past < ahead, past <= ahead)
    anchor = np.where(exonic, positions, np.where(lower, models.exon_ends[exon], models.exon_starts[following]))
    offsets = models.spliced(numbers, np.where(exonic | lower, exon, following), anchor)
    first, end = models.coding_offsets
    first, end = first[numbers], end[numbers]
    before, after = offsets < first, (offsets >= end) & (end > 0)
    number = np.where(before, first - offsets, np.where(after, offsets - end + 1, offsets - first + 1))
    marks = pa.array(["", "-", "*"]).take(pa.array(np.where(before, 1, np.where(after, 2, 0))))
    away = np.where(exonic, 0, np.where(lower, past, ahead))
    signs = pa.array(["", "+", "-"]).take(pa.array(np.where(exonic, 0, np.where(lower != reverse, 1, 2))))
    aways = pc.if_else(pa.array(exonic), "", pa.array(away).cast(pa.string()))
    return pc.binary_join_element_wise(marks, pa.array(number).cast(pa.string()), signs, aways, "")
