"""The work at the end of the pipe on a block of records: what was added, our own fields, the output's text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from annotations.engine.alleles import reason_not_annotated, variant_class
from annotations.engine.entries import Entry, EntryCache
from annotations.engine.reference import Reference
from annotations.engine.source_values import SourceValueReader, SourceValues
from annotations.engine.textblock import (
    ALT,
    CHROM,
    DOT,
    FILTER,
    ID,
    INFO,
    POS,
    QUAL,
    REF,
    Positions,
    TextBlock,
    coded,
    text_array,
)
from annotations.engine.unmask import unmask

Codes = NDArray[np.int64]
_BCSQ = b"BCSQ="


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
    #: Distinct (REF, ALT) of the block, and how many records have each.
    alleles: Sequence[tuple[str, str]]
    allele_counts: Sequence[int]
    entries: Sequence[Entry]
    codes: Codes
    values: SourceValues
    #: The output's lines.
    text: pa.Buffer

    def __len__(self) -> int:
        return len(self.codes)


class RecordFinisher:
    """Completes blocks of records annotated against one reference."""

    def __init__(self, reference: Reference) -> None:
        self._cache = EntryCache()
        self._sources = SourceValueReader(reference.sources)
        self._contigs = {contig.name for contig in reference.contigs}

    def finish(self, text: bytes) -> Records:
        """Complete a block of whole lines."""
        text, masked = unmask(text)
        block = TextBlock(text)
        info = block.column(INFO)
        info_starts, info_ends = block.starts[INFO], block.ends[INFO]
        bcsq_starts = block.find_item(info, info_starts, _BCSQ)
        bcsq_ends = np.where(bcsq_starts < 0, info_ends, block.value_end(bcsq_starts, info_ends))
        bcsq = block.cut(np.where(bcsq_starts < 0, info_ends, bcsq_starts), bcsq_ends).dictionary_encode()
        alleles = pc.binary_join_element_wise(block.column(REF), block.column(ALT), b"\t").dictionary_encode()
        pairs = [_pair(pair) for pair in alleles.dictionary.to_pylist()]
        allele_codes: Codes = alleles.indices.to_numpy()
        entries = [self._cache.read(value) for value in bcsq.dictionary.to_pylist()]
        codes: Codes = bcsq.indices.to_numpy().astype(np.int64)
        for number, (_, alt) in enumerate(pairs):
            if reason := reason_not_annotated(alt):
                codes[(allele_codes == number) & (bcsq_starts < 0)] = len(entries)
                entries.append(self._cache.not_annotated(reason))
        for row, reason in masked.items():
            codes[row] = len(entries)
            entries.append(self._cache.not_annotated(reason))
        contig = text_array(block.column(CHROM)).dictionary_encode()
        for number, name in enumerate(contig.dictionary.to_pylist()):
            if name not in self._contigs:
                codes[contig.indices.to_numpy() == number] = len(entries)
                entries.append(self._cache.not_annotated("unknown_contig"))
        return Records(
            contig=contig,
            pos=text_array(block.column(POS)).cast(pa.int64()),
            id=_or_null(block.column(ID)),
            ref=coded([ref for ref, _ in pairs], allele_codes),
            alt=coded([alt for _, alt in pairs], allele_codes),
            qual=_or_null(block.column(QUAL)).cast(pa.float64()),
            filter=_or_null(block.column(FILTER)).dictionary_encode(),
            variant_class=coded([variant_class(ref, alt) for ref, alt in pairs], allele_codes),
            alleles=pairs,
            allele_counts=np.bincount(allele_codes, minlength=len(pairs)).tolist(),
            entries=entries,
            codes=codes,
            values=self._sources.read(block, info),
            text=_output(block, entries, codes),
        )


def _output(block: TextBlock, entries: Sequence[Entry], codes: Codes) -> pa.Buffer:
    """The block's lines with our fields at the end of INFO, or instead of its dot."""
    starts, ends = block.starts[INFO], block.ends[INFO]
    empty = (ends - starts == 1) & (block.bytes[starts] == DOT)
    suffixes = pa.array([text for entry in entries for text in (b";" + entry.info, entry.info)], pa.binary())
    heads: Positions = np.where(empty, starts, ends)
    parts = (
        block.cut(block.lines[:-1], heads),
        suffixes.take(pa.array(codes * 2 + empty)),
        block.cut(ends, block.lines[1:]),
    )
    joined = pc.binary_join_element_wise(*parts, b"")
    begin, end = np.frombuffer(joined.buffers()[1], np.int32)[[joined.offset, joined.offset + len(joined)]].tolist()
    return joined.buffers()[2].slice(begin, end - begin)


def _pair(pair: bytes) -> tuple[str, str]:
    ref, _, alt = pair.decode("utf-8", "replace").partition("\t")
    return ref, alt


def _or_null(values: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(values, b"."), pa.scalar(None, pa.string()), text_array(values))
