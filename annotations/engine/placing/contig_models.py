"""The gene models of the contigs that are being worked on; those of contigs behind are let go."""

from __future__ import annotations

from collections.abc import Iterable

from annotations.engine.gene_models import GeneModels, read_gene_models
from annotations.engine.hgvs.genetic_code import GeneticCode, genetic_code
from annotations.engine.hgvs.names import Names, TranscriptNamer
from annotations.engine.placing.neighbours import Neighbourhood
from annotations.engine.reference import Contig, Reference
from annotations.engine.sequence import ReferenceSequence

#: Transcripts whose spliced sequence is kept. Records come by position: those of a block, and not of all before it.
MAX_NAMERS = 128
#: Names that are kept.
MAX_NAMES = 1_024
#: Behind every transcript in the order of preference.
LAST = 1 << 40


class ContigModels:
    """One contig: its models, its bases, and namers of its transcripts."""

    def __init__(self, reference: Reference, contig: Contig) -> None:
        self.contig = contig
        self.models: GeneModels = read_gene_models(contig.gff)
        self.sequence: ReferenceSequence = reference.sequence(contig.name)
        self._code: GeneticCode = genetic_code(contig.genetic_code)
        self.neighbourhood = Neighbourhood(self.models)
        self._namers: dict[int, TranscriptNamer] = {}
        self._names: dict[tuple[int, int, str, str], Names] = {}
        self._proteins: dict[tuple[int, int, str, str], str] = {}

    def names(self, number: int, pos: int, ref: str, alt: str) -> Names:
        """An allele's names on a transcript; worked out once where records repeat."""
        key = (number, pos, ref, alt)
        found = self._names.get(key)
        if found is None:
            if len(self._names) >= MAX_NAMES:
                self._names.clear()
            found = self._names[key] = self.namer(number).names(pos, ref, alt)
        return found

    def protein(self, number: int, pos: int, ref: str, alt: str) -> str:
        """The same of the protein's name alone."""
        key = (number, pos, ref, alt)
        found = self._proteins.get(key)
        if found is None:
            if len(self._proteins) >= MAX_NAMES:
                self._proteins.clear()
            found = self._proteins[key] = self.namer(number).protein(pos, ref, alt)
        return found

    def namer(self, number: int) -> TranscriptNamer:
        """The namer of a transcript."""
        found = self._namers.get(number)
        if found is None:
            if len(self._namers) >= MAX_NAMERS:
                self._namers.clear()
            found = TranscriptNamer(self.models.transcript(number), self.sequence, self._code)
            self._namers[number] = found
        return found


class LoadedModels:
    """The models of the contigs of the block at hand."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference
        self._contigs = {contig.name: contig for contig in reference.contigs}
        self._loaded: dict[str, ContigModels] = {}

    def load(self, names: Iterable[str]) -> None:
        """Have these contigs' models at hand, and no others."""
        wanted = [name for name in names if name in self._contigs]
        self._loaded = {
            name: self._loaded.get(name) or ContigModels(self._reference, self._contigs[name]) for name in wanted
        }

    def get(self, name: str) -> ContigModels | None:
        """The models of a contig that was loaded; None for one the reference lacks."""
        return self._loaded.get(name)

    def rank(self, transcript: str) -> int:
        """The transcript's place in its contig's order of preference."""
        for loaded in self._loaded.values():
            rank = loaded.models.rank.get(transcript)
            if rank is not None:
                return rank
        return LAST
