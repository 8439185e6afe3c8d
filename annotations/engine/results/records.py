"""The work at the end of the pipe on a block of records: what was added, our own fields, the output's text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from annotations.engine.placing.contig_models import LoadedModels
from annotations.engine.placing.placer import Block, Placed, Placer
from annotations.engine.reference import Reference
from annotations.engine.results.alleles import variant_class
from annotations.engine.results.entries import Entry
from annotations.engine.results.genotypes import read_genotypes
from annotations.engine.results.loci import Loci, SortedCheck
from annotations.engine.results.record_entries import RecordEntries
from annotations.engine.results.samples import NO_SAMPLES, SampleLayout
from annotations.engine.results.source_values import SourceValueReader, SourceValues
from annotations.engine.results.spans import LENGTH_FIELDS, Lines, last_positions
from annotations.engine.results.textblock import DOT, FILTER, ID, INFO, QUAL, REF, TextBlock, coded, text_array
from annotations.engine.results.unmask import unmask

Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Records:
    """A block of finished records; ``entries[codes[i]]`` is what record i was annotated with."""

    contig: pa.Array
    pos: pa.Array
    id: pa.Array
    ref: pa.DictionaryArray
    alt: pa.DictionaryArray
    qual: pa.Array
    filter: pa.Array
    variant_class: pa.DictionaryArray
    #: Contigs with their first record and the one behind their last.
    runs: Sequence[tuple[str, int, int]]
    #: Distinct (REF, ALT) of the block, and how many records have each.
    alleles: Sequence[tuple[str, str]]
    allele_counts: Sequence[int]
    entries: Sequence[Entry]
    codes: Codes
    values: SourceValues
    placed: Placed
    #: The samples' columns, as their layout names them.
    genotypes: Sequence[pa.Array]
    #: The last position that each record covers.
    lasts: Codes
    #: The output's lines, where in them each record's begins, and where the last one ends.
    text: pa.Buffer
    offsets: Codes

    def __len__(self) -> int:
        return len(self.codes)


class RecordFinisher:
    """Completes blocks of records annotated against one reference."""

    def __init__(
        self, reference: Reference, layout: SampleLayout = NO_SAMPLES, *, haplotype_aware: bool = False
    ) -> None:
        self._layout = layout
        self._mitochondrial = {contig.name for contig in reference.contigs if contig.mitochondrial}
        self._models = LoadedModels(reference)
        self._entries = RecordEntries(reference, self._models, haplotype_aware=haplotype_aware)
        self._placer = Placer(self._models, self._entries.cache)
        self._sources = SourceValueReader(reference.sources)
        self._sources_tell_lengths = any(field.info in LENGTH_FIELDS for field in self._sources.fields)
        self._order = SortedCheck()

    def finish(self, text: bytes) -> Records:
        """Complete a block of whole lines. Raises OutOfOrderError when it is not sorted by position."""
        text, masked = unmask(text)
        block = TextBlock(text)
        loci = Loci.of(block, self._order)
        values = self._sources.read(loci.runs, loci.sought)
        self._models.load(loci.contigs)
        entries, codes = self._entries.read(block, loci, masked)
        placed = self._placer.place(Block(loci.runs, loci.positions, loci.pairs, loci.allele_codes, entries, codes))
        lines, offsets = _output(block, entries, codes, values.info, placed.info)
        return Records(
            contig=loci.contig,
            pos=loci.pos,
            id=_or_null(block, ID),
            ref=coded([ref for ref, _ in loci.pairs], loci.allele_codes),
            alt=coded([alt for _, alt in loci.pairs], loci.allele_codes),
            qual=_or_null(block, QUAL).cast(pa.float64()),
            filter=_words_or_null(block.words(FILTER)),
            variant_class=coded([variant_class(ref, alt) for ref, alt in loci.pairs], loci.allele_codes),
            runs=loci.runs,
            alleles=loci.pairs,
            allele_counts=np.bincount(loci.allele_codes, minlength=len(loci.pairs)).tolist(),
            entries=entries,
            codes=codes,
            values=values,
            placed=placed,
            genotypes=read_genotypes(block, self._layout, self._mitochondrial_runs(loci)),
            lasts=self._lasts(block, loci, lines, offsets),
            text=lines,
            offsets=offsets,
        )

    def _mitochondrial_runs(self, loci: Loci) -> list[tuple[int, int]]:
        return [(first, last) for name, first, last in loci.runs if name in self._mitochondrial]

    def _lasts(self, block: TextBlock, loci: Loci, output: pa.Buffer, offsets: Codes) -> Codes:
        """The last position of each record: by what it says itself, and by what sources add where these tell any."""
        told = Lines(output.to_pybytes(), offsets) if self._sources_tell_lengths else Lines(block.data, block.lines)
        return last_positions(told, loci.positions, block.ends[REF] - block.starts[REF])


def _output(
    block: TextBlock, entries: Sequence[Entry], codes: Codes, from_sources: pa.Array, placed: Sequence[pa.Array]
) -> tuple[pa.Buffer, Codes]:
    """The lines, with the sources' and our fields at the end of INFO or instead of its dot, and their offsets."""
    starts, ends = block.starts[INFO], block.ends[INFO]
    empty = (ends - starts == 1) & (block.bytes[starts] == DOT)
    added = from_sources.cast(pa.binary())
    first = empty & pc.equal(pc.binary_length(added), 0).to_numpy(zero_copy_only=False)
    if empty.any():
        # What is added begins with its semicolon. (binary_slice from 1 fails on a column of empty values, Arrow 26.)
        bare = pc.replace_substring(added, pattern=b";", replacement=b"", max_replacements=1)
        added = pc.if_else(pa.array(empty), bare, added)
    own = pa.array([text for entry in entries for text in (b";" + entry.info, entry.info)], pa.binary())
    joined = pc.binary_join_element_wise(
        block.cut(block.lines[:-1], np.where(empty, starts, ends)),
        added,
        own.take(pa.array(codes * 2 + first)),
        *(piece.cast(pa.binary()) for piece in placed),
        block.cut(ends, block.lines[1:]),
        b"",
    )
    offsets = np.frombuffer(joined.buffers()[1], np.int32, len(joined) + 1, 4 * joined.offset).astype(np.int64)
    begin, end = int(offsets[0]), int(offsets[-1])
    return joined.buffers()[2].slice(begin, end - begin), offsets - begin


def _or_null(block: TextBlock, number: int) -> pa.Array:
    """A fixed column's texts, null for a dot."""
    if block.same(number) == b".":
        return pa.nulls(len(block), pa.string())
    values = block.column(number)
    return pc.if_else(pc.equal(values, b"."), pa.scalar(None, pa.string()), text_array(values))


def _words_or_null(words: pa.DictionaryArray) -> pa.DictionaryArray:
    return coded([None if word == "." else word for word in words.dictionary.to_pylist()], words.indices.to_numpy())
