"""The genes and transcripts of one contig as arrays: some 100 bytes a transcript and 8 an exon, read in blocks.

What a line is, is told as ``bcftools csq`` tells it (``install/gff.py``). Positions are 1-based and inclusive.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv

from annotations.engine.genes import gff_attributes, gff_biotype
from annotations.engine.transcripts import Transcript, preference

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]

_COLUMNS = ("contig", "source", "type", "start", "end", "score", "strand", "phase", "attributes")
_WANTED = ("type", "start", "end", "strand", "phase", "attributes")
_TYPES = {"start": pa.int64(), "end": pa.int64()} | dict.fromkeys(
    ("type", "strand", "phase", "attributes"), pa.string()
)
_PARENT = r"(?:^|;)\s*Parent=(?:transcript:|gene:)?(?P<id>[^;]*)"
_BLOCK_BYTES = 1 << 21
_UTRS = frozenset({"three_prime_UTR", "five_prime_UTR"})


@dataclass(frozen=True)
class GeneModels:
    """Transcript ``t`` has the exons ``exon_from[t]:exon_from[t + 1]``, which rise; no coding part is (0, -1)."""

    transcripts: tuple[str, ...]
    biotypes: tuple[str, ...]
    tags: tuple[frozenset[str], ...]
    reverse: Flags
    #: The number of each transcript's gene.
    gene_of: Numbers
    exon_from: Numbers
    exon_starts: Numbers
    exon_ends: Numbers
    coding_first: Numbers
    coding_last: Numbers
    phase: Numbers
    genes: tuple[str, ...]
    gene_starts: Numbers
    gene_ends: Numbers
    gene_reverse: Flags

    def __len__(self) -> int:
        return len(self.transcripts)

    @cached_property
    def number(self) -> dict[str, int]:
        """Each transcript's number by its id."""
        return {name: number for number, name in enumerate(self.transcripts)}

    @cached_property
    def starts(self) -> Numbers:
        """The lowest position of each transcript."""
        return self.exon_starts[self.exon_from[:-1]]

    @cached_property
    def ends(self) -> Numbers:
        """The highest position of each transcript."""
        return self.exon_ends[self.exon_from[1:] - 1]

    @cached_property
    def rank(self) -> dict[str, int]:
        """The place of each transcript in the order of preference, 0 for the one preferred most."""
        coding = np.zeros(len(self), np.int64)
        lengths = np.minimum(self.exon_ends, np.repeat(self.coding_last, np.diff(self.exon_from)))
        lengths -= np.maximum(self.exon_starts, np.repeat(self.coding_first, np.diff(self.exon_from))) - 1
        np.add.at(coding, np.repeat(np.arange(len(self)), np.diff(self.exon_from)), np.maximum(lengths, 0))
        keys = [
            (preference(tags, biotype), -length)
            for tags, biotype, length in zip(self.tags, self.biotypes, coding.tolist(), strict=True)
        ]
        order = sorted(range(len(self)), key=keys.__getitem__)
        return {self.transcripts[number]: rank for rank, number in enumerate(order)}

    def exon_at(self, numbers: Numbers, positions: Numbers) -> Numbers:
        """The exon of each transcript that begins last at or before the position (which lies in the transcript)."""
        return np.searchsorted(self._exon_keys, numbers * _FAR + positions, "right") - 1

    def spliced(self, numbers: Numbers, exons: Numbers, positions: Numbers) -> Numbers:
        """The 0-based offsets of exonic positions in the spliced transcripts, in their own direction."""
        into = self._bases_before[exons] - self._bases_before[self.exon_from[numbers]]
        into += positions - self.exon_starts[exons]
        lengths = self._bases_before[self.exon_from[numbers + 1]] - self._bases_before[self.exon_from[numbers]]
        return np.where(self.reverse[numbers], lengths - 1 - into, into)

    @cached_property
    def coding_offsets(self) -> tuple[Numbers, Numbers]:
        """The spliced offsets of the first coding base and behind the last; (0, 0) where there is none."""
        numbers = np.flatnonzero(self.coding_first <= self.coding_last)
        edges = [edge[numbers] for edge in (self.coding_first, self.coding_last)]
        low, high = (self.spliced(numbers, self.exon_at(numbers, edge), edge) for edge in edges)
        first, end = np.zeros(len(self), np.int64), np.zeros(len(self), np.int64)
        first[numbers], end[numbers] = np.minimum(low, high), np.maximum(low, high) + 1
        return first, end

    @cached_property
    def _exon_keys(self) -> Numbers:
        return np.repeat(np.arange(len(self)), np.diff(self.exon_from)) * _FAR + self.exon_starts

    @cached_property
    def _bases_before(self) -> Numbers:
        return np.concatenate([[0], np.cumsum(self.exon_ends - self.exon_starts + 1)])

    @cached_property
    def by_gene(self) -> dict[str, list[int]]:
        """The numbers of the transcripts of the genes of a name, the most preferred first."""
        found: dict[str, list[int]] = {}
        for number in sorted(range(len(self)), key=lambda number: self.rank[self.transcripts[number]]):
            found.setdefault(self.genes[self.gene_of[number]], []).append(number)
        return found

    def transcript(self, number: int) -> Transcript:
        """One transcript by itself."""
        first, last = int(self.exon_from[number]), int(self.exon_from[number + 1])
        coding = (int(self.coding_first[number]), int(self.coding_last[number]))
        return Transcript(
            id=self.transcripts[number],
            gene=self.genes[self.gene_of[number]],
            reverse=bool(self.reverse[number]),
            biotype=self.biotypes[number],
            exons=tuple(zip(self.exon_starts[first:last].tolist(), self.exon_ends[first:last].tolist(), strict=True)),
            coding=coding if coding[0] <= coding[1] else None,
            phase=int(self.phase[number]),
            tags=self.tags[number],
        )


def read_gene_models(gff: Path | None) -> GeneModels:
    """The models of a GFF3 that the installer wrote; none without one."""
    heads = _Heads()
    parts: list[pa.RecordBatch] = []
    for batch in _batches(gff) if gff is not None else ():
        is_part = pc.is_in(batch["type"], value_set=pa.array(["exon", "CDS"]))
        heads.add(batch.filter(pc.invert(is_part)))
        parts.append(_part_columns(batch.filter(is_part)))
    return heads.models(parts)


def _batches(gff: Path) -> Iterator[pa.RecordBatch]:
    with gff.open("rb") as lines:
        comments = 0
        while lines.readline().startswith(b"#"):
            comments += 1
    reader = csv.open_csv(
        gff,
        read_options=csv.ReadOptions(
            column_names=_COLUMNS, skip_rows=comments, use_threads=False, block_size=_BLOCK_BYTES
        ),
        parse_options=csv.ParseOptions(delimiter="\t", quote_char=False, invalid_row_handler=lambda _row: "skip"),
        convert_options=csv.ConvertOptions(column_types=_TYPES, include_columns=_WANTED, strings_can_be_null=False),
    )
    yield from reader


def _part_columns(batch: pa.RecordBatch) -> pa.RecordBatch:
    parents = pc.struct_field(pc.extract_regex(batch["attributes"], _PARENT), "id").dictionary_encode()
    return pa.RecordBatch.from_arrays(
        [
            parents,
            pc.equal(batch["type"], "CDS"),
            batch["start"],
            batch["end"],
            pc.if_else(pc.is_in(batch["phase"], pa.array(["1", "2"])), batch["phase"], "0").cast(pa.int64()),
        ],
        names=["parent", "coding", "start", "end", "phase"],
    )


class _Heads:
    """The lines that are genes and transcripts."""

    def __init__(self) -> None:
        self._genes: dict[str, tuple[str, int, int, bool]] = {}
        self._transcripts: dict[str, tuple[str, int, int, bool, str, frozenset[str]]] = {}

    def add(self, batch: pa.RecordBatch) -> None:
        for kind, start, end, strand, text in zip(
            *(batch[name].to_pylist() for name in ("type", "start", "end", "strand", "attributes")), strict=True
        ):
            attributes = gff_attributes(text)
            name, parent = attributes.get("ID", ""), _bare(attributes.get("Parent", ""))
            if kind == "gene" or name.startswith("gene:") or not parent:
                self._genes[_bare(name)] = (attributes.get("Name") or _bare(name), start, end, strand == "-")
            elif name and kind not in _UTRS:
                tags = frozenset(attributes.get("tag", "").split(",")) - {""}
                biotype = gff_biotype(attributes)
                self._transcripts[_bare(name)] = (parent, start, end, strand == "-", biotype, tags)

    def models(self, parts: list[pa.RecordBatch]) -> GeneModels:
        """Put genes, transcripts and their parts together."""
        owners = {name: number for number, name in enumerate(self._transcripts)}
        exons, coding = _sorted_parts(parts, owners)
        heads = list(self._transcripts.values())
        spans = np.array([(start, end) for _, start, end, *_ in heads], np.int64).reshape(-1, 2)
        first, last, phase = _coding(coding, np.array([head[3] for head in heads], np.bool_))
        exon_from, exon_starts, exon_ends = _joined(np.concatenate([exons, coding[:, :3]]), spans)
        gene_numbers = {name: number for number, name in enumerate(self._genes)}
        # A transcript's gene is always there: the installer refuses a GFF without it.
        return GeneModels(
            transcripts=tuple(self._transcripts),
            biotypes=tuple(head[4] for head in heads),
            tags=tuple(head[5] for head in heads),
            reverse=np.array([head[3] for head in heads], np.bool_),
            gene_of=np.array([gene_numbers[head[0]] for head in heads], np.int64),
            exon_from=exon_from,
            exon_starts=exon_starts,
            exon_ends=exon_ends,
            coding_first=first,
            coding_last=last,
            phase=phase,
            genes=tuple(gene[0] for gene in self._genes.values()),
            gene_starts=np.array([gene[1] for gene in self._genes.values()], np.int64),
            gene_ends=np.array([gene[2] for gene in self._genes.values()], np.int64),
            gene_reverse=np.array([gene[3] for gene in self._genes.values()], np.bool_),
        )


def _sorted_parts(parts: list[pa.RecordBatch], owners: dict[str, int]) -> tuple[Numbers, Numbers]:
    """Exons as rows of transcript, start, end, and coding parts with their phase as well, sorted."""
    found = []
    for batch in parts:
        parents: pa.DictionaryArray = batch["parent"]
        numbers = np.array([owners.get(name, -1) for name in parents.dictionary.to_pylist()], np.int64)
        owner = numbers[parents.indices.to_numpy()] if len(numbers) else np.zeros(0, np.int64)
        columns = [owner, *(batch[name].to_numpy() for name in ("start", "end", "phase"))]
        columns.append(batch["coding"].to_numpy(zero_copy_only=False))
        found.append(np.stack(columns, axis=1).astype(np.int64)[owner >= 0])
    rows = np.concatenate(found) if found else np.zeros((0, 5), np.int64)
    rows = rows[np.lexsort((rows[:, 2], rows[:, 1], rows[:, 0]))]
    is_coding = rows[:, 4] == 1
    return rows[~is_coding][:, :3], rows[is_coding][:, :4]


def _coding(coding: Numbers, reverse: Flags) -> tuple[Numbers, Numbers, Numbers]:
    """First and last coding position and the phase of each transcript."""
    first, last, phase = (
        np.zeros(len(reverse), np.int64),
        np.full(len(reverse), -1, np.int64),
        np.zeros_like(reverse, np.int64),
    )
    owners, begins = np.unique(coding[:, 0], return_index=True)
    ends = np.append(begins, len(coding))[1:]
    first[owners], last[owners] = coding[begins, 1], coding[ends - 1, 2]
    phase[owners] = np.where(reverse[owners], coding[ends - 1, 3], coding[begins, 3])
    return first, last, phase


def _joined(rows: Numbers, spans: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """The exons of each transcript; parts that overlap are one, and without any the transcript itself is.

    Neighbours stay apart. Coding parts are among ``rows``, so that every coding base lies in an exon.
    """
    without = np.setdiff1d(np.arange(len(spans)), rows[:, 0])
    rows = np.concatenate([rows, np.column_stack([without, spans[without]])])
    rows = rows[np.lexsort((rows[:, 2], rows[:, 1], rows[:, 0]))]
    # Ends of earlier parts of the same transcript: a running maximum over keys that rise with the transcript.
    reach = np.maximum.accumulate(rows[:, 0] * _FAR + rows[:, 2])
    begins = np.ones(len(rows), np.bool_)
    begins[1:] = rows[1:, 0] * _FAR + rows[1:, 1] > reach[:-1]
    at = np.flatnonzero(begins)
    ends = reach[np.append(at[1:], len(rows)) - 1] % _FAR if len(rows) else np.zeros(0, np.int64)
    counts = np.bincount(rows[at, 0], minlength=len(spans))
    return np.concatenate([[0], np.cumsum(counts)]), rows[at, 1], ends


#: Above every position, so that transcript * _FAR + position sorts by transcript, then position.
_FAR = 1 << 34


def _bare(name: str) -> str:
    return name.removeprefix("gene:").removeprefix("transcript:")
