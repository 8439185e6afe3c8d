"""HGVS names of a run of records on one contig: whole columns as far as that goes, the rest one by one.

A call for each record would set the pipe's pace. What is left to calls: alleles that are neither substitutions nor
plain insertions and deletions, and proteins that csq's amino acids do not tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotations.engine.gene_models import Flags, GeneModels, Numbers
from annotations.engine.hgvs.genomic import genomic_name
from annotations.engine.hgvs.names import SPLICE_SITE
from annotations.engine.placing.alleles import Alleles
from annotations.engine.placing.contig_models import ContigModels
from annotations.engine.placing.labels import position_labels
from annotations.engine.placing.moves import Moved, moved
from annotations.engine.results.entries import Entry


@dataclass(frozen=True)
class Run:
    """Records of one contig: positions, allele and entry of each, the transcript it is told of (-1: none)."""

    positions: Numbers
    alleles: Alleles
    allele_codes: Numbers
    entries: Sequence[Entry]
    codes: Numbers
    transcripts: Numbers


@dataclass(frozen=True)
class NameColumns:
    """Names as text, null where there is none."""

    genomic: pa.Array
    coding: pa.Array
    protein: pa.Array


def run_names(loaded: ContigModels, run: Run) -> NameColumns:
    """The names of a run's records that are sequences and are annotated."""
    annotated = np.array([entry.consequence is not None for entry in run.entries], np.bool_)
    named = annotated[run.codes] & run.alleles.sequence[run.allele_codes]
    placed = moved(run.alleles, run.positions, run.allele_codes, named, loaded.sequence)
    quick, first, last = _within_transcripts(loaded.models, run, placed)
    rest = named & (run.transcripts >= 0)
    rest[quick] = False
    slow = np.flatnonzero(rest)
    others = [_names(loaded, run, row) for row in slow.tolist()]
    coding = _labelled(loaded.models, run, placed, (quick, first, last))
    known, proteins = _proteins(loaded, run, (quick, first, last))
    return NameColumns(
        _genomic(loaded, run, placed, named & ~placed.known),
        _scattered(len(named), (quick, coding), (slow, _texts([one[0] for one in others]))),
        _scattered(len(named), (known, proteins), (slow, _texts([one[1] for one in others]))),
    )


def _within_transcripts(models: GeneModels, run: Run, placed: Moved) -> tuple[Numbers, Numbers, Numbers]:
    """Rows whose names can be put together from columns, and the first and last position of each."""
    rows = np.flatnonzero(placed.known & (run.transcripts >= 0))
    numbers = run.transcripts[rows]
    first, last = placed.edges(rows, models.reverse[numbers])
    inside = (models.starts[numbers] <= first) & (last <= models.ends[numbers])
    return rows[inside], first[inside], last[inside]


def _labelled(models: GeneModels, run: Run, placed: Moved, within: tuple[Numbers, Numbers, Numbers]) -> pa.Array:
    rows, first, last = within
    if not len(rows):
        return pa.array([], pa.string())
    numbers = run.transcripts[rows]
    reverse = models.reverse[numbers]
    kinds = pa.array(["n.", "c."]).take(pa.array((models.coding_offsets[1][numbers] > 0).astype(np.int8)))
    labels = position_labels(models, numbers, np.where(reverse, last, first))
    wide = np.flatnonzero(first != last)
    if len(wide):
        ends = position_labels(models, numbers[wide], np.where(reverse, first, last)[wide])
        labels = _spans(labels, wide, ends)
    return pc.binary_join_element_wise(kinds, labels, placed.texts(rows, reverse), "")


def _proteins(loaded: ContigModels, run: Run, within: tuple[Numbers, Numbers, Numbers]) -> tuple[Numbers, pa.Array]:
    """Rows with a protein's name, and the names: csq's amino acids tell those of most substitutions."""
    rows, first, last = within
    told = [entry.protein for entry in run.entries]
    single = run.alleles.single[run.allele_codes[rows]]
    texts = pa.array(told, pa.string()).take(pa.array(run.codes[rows]))
    says = np.array([text is not None for text in told], np.bool_)[run.codes[rows]]
    clear = np.flatnonzero(single & says & pc.not_equal(texts, "").fill_null(False).to_numpy(zero_copy_only=False))
    ask = np.flatnonzero(~(single & says) & ~_without_protein(loaded.models, run.transcripts[rows], first, last))
    asked = [_protein(loaded, run, row) for row in rows[ask].tolist()]
    names = pa.concat_arrays([texts.take(pa.array(clear)), _texts(asked)])
    return np.concatenate([rows[clear], rows[ask]]), names


def _without_protein(models: GeneModels, numbers: Numbers, first: Numbers, last: Numbers) -> Flags:
    """Whether changes lie within an intron, away from splice sites, or in a transcript that codes for nothing."""
    if not len(numbers):
        return np.zeros(0, np.bool_)
    exon = models.exon_at(numbers, first)
    following = np.minimum(exon + 1, len(models.exon_starts) - 1)
    intronic = (first - models.exon_ends[exon] > SPLICE_SITE) & (models.exon_starts[following] - last > SPLICE_SITE)
    without: Flags = intronic | (models.coding_offsets[1][numbers] == 0)
    return without


def _names(loaded: ContigModels, run: Run, row: int) -> tuple[str, str]:
    ref, alt = run.alleles.pairs[run.allele_codes[row]]
    names = loaded.names(int(run.transcripts[row]), int(run.positions[row]), ref, alt)
    return names.coding, names.protein


def _protein(loaded: ContigModels, run: Run, row: int) -> str:
    ref, alt = run.alleles.pairs[run.allele_codes[row]]
    return loaded.protein(int(run.transcripts[row]), int(run.positions[row]), ref, alt)


def _genomic(loaded: ContigModels, run: Run, placed: Moved, others: Flags) -> pa.Array:
    mitochondrial = loaded.contig.mitochondrial
    quick, slow = np.flatnonzero(placed.known), np.flatnonzero(others)
    forward = np.zeros(len(quick), np.bool_)
    first, last = placed.edges(quick, forward)
    labels = pa.array(first).cast(pa.string())
    wide = np.flatnonzero(first != last)
    if len(wide):
        labels = _spans(labels, wide, pa.array(last[wide]).cast(pa.string()))
    kind = pa.scalar("m." if mitochondrial else "g.")
    names = pc.binary_join_element_wise(kind, labels, placed.texts(quick, forward), "")
    found = []
    for row in slow.tolist():
        ref, alt = run.alleles.pairs[run.allele_codes[row]]
        found.append(genomic_name(int(run.positions[row]), ref, alt, loaded.sequence, mitochondrial=mitochondrial))
    return _scattered(len(others), (quick, names), (slow, _texts(found)))


def _spans(labels: pa.Array, rows: Numbers, ends: pa.Array) -> pa.Array:
    """The labels, and behind those of ``rows`` an underscore and the end."""
    ends = _scattered(len(labels), (rows, pc.binary_join_element_wise("_", ends, "")))
    return pc.binary_join_element_wise(labels, ends.fill_null(""), "")


def _texts(names: list[str]) -> pa.Array:
    return pa.array([name or None for name in names], pa.string())


def _scattered(size: int, *parts: tuple[Numbers, pa.Array]) -> pa.Array:
    """A column of ``size`` with each part's values at its rows, and nulls elsewhere."""
    places = np.full(size, -1, np.int64)
    count = 0
    for rows, values in parts:
        places[rows] = np.arange(count, count + len(values))
        count += len(values)
    return pa.concat_arrays([values for _, values in parts]).take(pa.array(places, mask=places < 0))
