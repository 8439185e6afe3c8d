"""Which entry each record of a block gets: by its BCSQ, or by what csq cannot say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from annotations.engine.placing.contig_models import LoadedModels
from annotations.engine.placing.structural import structural_consequence, structural_kind, structural_span
from annotations.engine.reference import Reference
from annotations.engine.results.alleles import reason_not_annotated
from annotations.engine.results.consequence import INTERGENIC
from annotations.engine.results.entries import Entry, EntryCache
from annotations.engine.results.gene_ends import GeneEnds
from annotations.engine.results.loci import Loci
from annotations.engine.results.pointers import POINTER, JointChanges, followed, is_joint
from annotations.engine.results.textblock import ALT, INFO, POS, REF, TextBlock

Codes = NDArray[np.int64]
_BCSQ = b"BCSQ="


class RecordEntries:
    """Reads the entries of blocks in the order of their records, against one reference whose ``models`` are loaded."""

    def __init__(self, reference: Reference, models: LoadedModels, *, haplotype_aware: bool) -> None:
        self._haplotype_aware = haplotype_aware
        self._models = models
        self._joint = JointChanges()
        self._ends = GeneEnds(reference)
        self._contigs = {contig.name for contig in reference.contigs}
        self.cache = EntryCache(self._ends.unfinished, models.rank)

    def read(self, block: TextBlock, loci: Loci, masked: Mapping[int, str]) -> tuple[list[Entry], Codes]:
        """A block's entries and the number of each record's; ``masked`` are rows with why bcftools did not see them."""
        entries, codes = self._told(block, loci)
        self._say_unsaid(entries, codes, loci)
        self._set_reasons(entries, codes, loci.contig, masked)
        self._say_structural(block, entries, codes, loci.runs)
        return entries, codes

    def _told(self, block: TextBlock, loci: Loci) -> tuple[list[Entry], Codes]:
        """Each record's entry by its BCSQ, or by what its allele is when it has none."""
        starts, ends = block.starts[INFO], block.ends[INFO]
        found = block.find_item(block.column(INFO), starts, _BCSQ)
        bare = found < 0
        value_ends = np.where(bare, ends, block.value_end(found, ends))
        bcsq = block.cut(np.where(bare, ends, found), value_ends).dictionary_encode()
        told = bcsq.dictionary.to_pylist()
        entries = [self.cache.read(value) for value in told]
        codes: Codes = bcsq.indices.to_numpy().astype(np.int64)
        if self._haplotype_aware:
            self._follow(block, told, entries, codes, loci.runs)
        for number, (ref, alt) in enumerate(loci.pairs):
            if reason := reason_not_annotated(ref, alt):
                codes[(loci.allele_codes == number) & bare] = len(entries)
                entries.append(self.cache.not_annotated(reason))
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
                entries.append(self.cache.read(_BCSQ + value))

    def _say_unsaid(self, entries: list[Entry], codes: Codes, loci: Loci) -> None:
        """Give records in a gene that csq has no word for the entry it owes (see gene_ends)."""
        outside = [number for number, entry in enumerate(entries) if entry.consequence is INTERGENIC]
        for contig, first, last in loci.runs:
            if contig in self._ends:
                for row in (np.flatnonzero(np.isin(codes[first:last], outside)) + first).tolist():
                    if owed := self._ends.unsaid(contig, *loci.allele(row)):
                        codes[row] = len(entries)
                        entries.append(self.cache.read(_BCSQ + owed.encode()))

    def _set_reasons(
        self, entries: list[Entry], codes: Codes, contig: pa.DictionaryArray, masked: Mapping[int, str]
    ) -> None:
        """Give records that were hidden from the annotators the entry that says why."""
        for row, reason in masked.items():
            codes[row] = len(entries)
            entries.append(self.cache.not_annotated(reason))
        for number, name in enumerate(contig.dictionary.to_pylist()):
            if name not in self._contigs:
                codes[contig.indices.to_numpy() == number] = len(entries)
                entries.append(self.cache.not_annotated("unknown_contig"))

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
                    entries.append(self.cache.structural(structural_consequence(loaded.models, kind, *span)))
