"""The work at the end of the pipe on a block of records: what was added, our own fields, the output's text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from annotations.engine.placing.contig_models import LoadedModels
from annotations.engine.placing.placer import Block, Placed, Placer
from annotations.engine.placing.structural import structural_consequence, structural_kind, structural_span
from annotations.engine.reference import Reference
from annotations.engine.results.alleles import reason_not_annotated, variant_class
from annotations.engine.results.consequence import INTERGENIC
from annotations.engine.results.entries import Entry, EntryCache
from annotations.engine.results.gene_ends import GeneEnds
from annotations.engine.results.genotypes import read_genotypes
from annotations.engine.results.pointers import POINTER, JointChanges, followed, is_joint
from annotations.engine.results.samples import NO_SAMPLES, SampleLayout
from annotations.engine.results.sought import Sought
from annotations.engine.results.source_values import SourceValueReader, SourceValues
from annotations.engine.results.spans import LENGTH_FIELDS, Lines, last_positions
from annotations.engine.results.textblock import (
    ALT,
    CHROM,
    DOT,
    FILTER,
    ID,
    INFO,
    POS,
    QUAL,
    REF,
    TextBlock,
    coded,
    text_array,
)
from annotations.engine.results.unmask import unmask

Codes = NDArray[np.int64]
_BCSQ = b"BCSQ="


class OutOfOrderError(Exception):
    """A record comes before one that was already written."""


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
        self._haplotype_aware = haplotype_aware
        self._joint = JointChanges()
        self._mitochondrial = {contig.name for contig in reference.contigs if contig.mitochondrial}
        self._ends = GeneEnds(reference)
        self._models = LoadedModels(reference)
        self._cache = EntryCache(self._ends.unfinished, self._models.rank)
        self._placer = Placer(self._models, self._cache)
        self._sources = SourceValueReader(reference.sources)
        self._sources_tell_lengths = any(field.info in LENGTH_FIELDS for field in self._sources.fields)
        self._contigs = {contig.name for contig in reference.contigs}
        self._sorted = SortedCheck()

    def finish(self, text: bytes) -> Records:
        """Complete a block of whole lines. Raises OutOfOrderError when it is not sorted by position."""
        text, masked = unmask(text)
        block = TextBlock(text)
        contig = text_array(block.column(CHROM)).dictionary_encode()
        pos_text = text_array(block.column(POS))
        pos = pos_text.cast(pa.int64())
        runs = self._sorted.check(contig, pos.to_numpy())
        ref, alt = text_array(block.column(REF)), text_array(block.column(ALT))
        alleles = pc.binary_join_element_wise(ref, alt, "\t")
        keys = pc.binary_join_element_wise(pos_text, alleles, "\t")
        values = self._sources.read(runs, Sought(pos.to_numpy(), ref, alt, keys))
        alleles = alleles.dictionary_encode()
        pairs = [_pair(pair) for pair in alleles.dictionary.to_pylist()]
        allele_codes: Codes = alleles.indices.to_numpy()
        self._models.load(dict.fromkeys(name for name, _, _ in runs))
        entries, codes = self._entries(block, pairs, allele_codes, runs)
        self._say_unsaid(entries, codes, runs, lambda row: (int(pos[row].as_py()), *pairs[allele_codes[row]]))
        self._set_reasons(entries, codes, contig, masked)
        self._say_structural(block, entries, codes, runs)
        placed = self._placer.place(Block(runs, pos.to_numpy(), pairs, allele_codes, entries, codes))
        lines, offsets = _output(block, entries, codes, values.info, placed.info)
        told = Lines(lines.to_pybytes(), offsets) if self._sources_tell_lengths else Lines(block.data, block.lines)
        return Records(
            contig=contig,
            pos=pos,
            id=_or_null(block.column(ID)),
            ref=coded([ref for ref, _ in pairs], allele_codes),
            alt=coded([alt for _, alt in pairs], allele_codes),
            qual=_or_null(block.column(QUAL)).cast(pa.float64()),
            filter=_or_null(block.column(FILTER)).dictionary_encode(),
            variant_class=coded([variant_class(ref, alt) for ref, alt in pairs], allele_codes),
            runs=runs,
            alleles=pairs,
            allele_counts=np.bincount(allele_codes, minlength=len(pairs)).tolist(),
            entries=entries,
            codes=codes,
            values=values,
            placed=placed,
            genotypes=read_genotypes(
                block, self._layout, [(first, last) for name, first, last in runs if name in self._mitochondrial]
            ),
            lasts=last_positions(told, pos.to_numpy(), block.ends[REF] - block.starts[REF]),
            text=lines,
            offsets=offsets,
        )

    def _entries(
        self,
        block: TextBlock,
        pairs: Sequence[tuple[str, str]],
        allele_codes: Codes,
        runs: Sequence[tuple[str, int, int]],
    ) -> tuple[list[Entry], Codes]:
        """Each record's entry by its BCSQ, or by what its allele is when it has none."""
        starts, ends = block.starts[INFO], block.ends[INFO]
        found = block.find_item(block.column(INFO), starts, _BCSQ)
        bare = found < 0
        value_ends = np.where(bare, ends, block.value_end(found, ends))
        bcsq = block.cut(np.where(bare, ends, found), value_ends).dictionary_encode()
        told = bcsq.dictionary.to_pylist()
        entries = [self._cache.read(value) for value in told]
        codes: Codes = bcsq.indices.to_numpy().astype(np.int64)
        if self._haplotype_aware:
            self._follow(block, told, entries, codes, runs)
        for number, (ref, alt) in enumerate(pairs):
            if reason := reason_not_annotated(ref, alt):
                codes[(allele_codes == number) & bare] = len(entries)
                entries.append(self._cache.not_annotated(reason))
        return entries, codes

    def _follow(
        self,
        block: TextBlock,
        told: Sequence[bytes],
        entries: list[Entry],
        codes: Codes,
        runs: Sequence[tuple[str, int, int]],
    ) -> None:
        """Give records whose BCSQ points to another record, of this block or before, the consequence they share."""
        pointing = np.array([POINTER in value for value in told], np.bool_)
        joint = np.array([is_joint(value) for value in told], np.bool_)
        for contig, first, last in runs:
            self._joint.go_to(contig)
            for row in (np.flatnonzero(joint[codes[first:last]]) + first).tolist():
                self._joint.add(int(block.text(POS, row)), told[codes[row]][len(_BCSQ) :])
            for row in (np.flatnonzero(pointing[codes[first:last]]) + first).tolist():
                allele = b"%b%b>%b" % (block.text(POS, row), block.text(REF, row), block.text(ALT, row))
                value = followed(told[codes[row]][len(_BCSQ) :], allele, self._joint.at)
                codes[row] = len(entries)
                entries.append(self._cache.read(_BCSQ + value))

    def _say_unsaid(
        self,
        entries: list[Entry],
        codes: Codes,
        runs: Sequence[tuple[str, int, int]],
        allele: Callable[[int], tuple[int, str, str]],
    ) -> None:
        """Give records in a gene that csq has no word for the entry it owes (see gene_ends)."""
        outside = [number for number, entry in enumerate(entries) if entry.consequence is INTERGENIC]
        for contig, first, last in runs:
            if contig in self._ends:
                for row in (np.flatnonzero(np.isin(codes[first:last], outside)) + first).tolist():
                    if owed := self._ends.unsaid(contig, *allele(row)):
                        codes[row] = len(entries)
                        entries.append(self._cache.read(_BCSQ + owed.encode()))

    def _set_reasons(
        self, entries: list[Entry], codes: Codes, contig: pa.DictionaryArray, masked: dict[int, str]
    ) -> None:
        """Give records that were hidden from the annotators the entry that says why."""
        for row, reason in masked.items():
            codes[row] = len(entries)
            entries.append(self._cache.not_annotated(reason))
        for number, name in enumerate(contig.dictionary.to_pylist()):
            if name not in self._contigs:
                codes[contig.indices.to_numpy() == number] = len(entries)
                entries.append(self._cache.not_annotated("unknown_contig"))

    def _say_structural(
        self, block: TextBlock, entries: list[Entry], codes: Codes, runs: Sequence[tuple[str, int, int]]
    ) -> None:
        """Give structural variants the entry that says which transcripts they meet and how."""
        said = [number for number, entry in enumerate(entries) if entry.reason in ("symbolic_allele", "breakend")]
        if not said:
            return
        for contig, first, last in runs:
            loaded = self._models.get(contig)
            for row in (np.flatnonzero(np.isin(codes[first:last], said)) + first).tolist() if loaded else ():
                pos, alt, info = (block.text(column, row) for column in (POS, ALT, INFO))
                kind = structural_kind(alt, entries[codes[row]].reason)
                if kind and loaded:
                    span = structural_span(kind, int(pos), info)
                    codes[row] = len(entries)
                    entries.append(self._cache.structural(structural_consequence(loaded.models, kind, *span)))


class SortedCheck:
    """Watches that records come contig by contig and by position, as the index needs them."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._contig: str | None = None
        self._pos = 0

    def check(self, contig: pa.DictionaryArray, positions: NDArray[np.int64]) -> list[tuple[str, int, int]]:
        """Look at one block; answers its contigs with first and last record (not included)."""
        encoded = pc.run_end_encode(contig.indices)
        names = contig.dictionary.take(encoded.values).to_pylist()
        runs = []
        start = 0
        for name, end in zip(names, encoded.run_ends.to_pylist(), strict=True):
            piece = positions[start:end]
            if name != self._contig:
                if name in self._seen:
                    raise OutOfOrderError
                self._seen.add(name)
                self._contig, self._pos = name, 0
            if piece[0] < self._pos or (np.diff(piece) < 0).any():
                raise OutOfOrderError
            self._pos = int(piece[-1])
            runs.append((name, start, end))
            start = end
        return runs


def _output(
    block: TextBlock, entries: Sequence[Entry], codes: Codes, from_sources: pa.Array, placed: pa.Array
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
        placed.cast(pa.binary()),
        block.cut(ends, block.lines[1:]),
        b"",
    )
    offsets = np.frombuffer(joined.buffers()[1], np.int32, len(joined) + 1, 4 * joined.offset).astype(np.int64)
    begin, end = int(offsets[0]), int(offsets[-1])
    return joined.buffers()[2].slice(begin, end - begin), offsets - begin


def _pair(pair: str) -> tuple[str, str]:
    ref, _, alt = pair.partition("\t")
    return ref, alt


def _or_null(values: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(values, b"."), pa.scalar(None, pa.string()), text_array(values))
