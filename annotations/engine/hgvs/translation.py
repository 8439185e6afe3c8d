"""The protein of a transcript, before and after a change of its spliced sequence."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from annotations.engine.hgvs.change import Change
from annotations.engine.hgvs.genetic_code import SELENOCYSTEINE, STOP, GeneticCode, translate


@dataclass(frozen=True)
class CodingSequence:
    """A spliced transcript, from its 5' end, and where it is translated.

    ``start`` is the first base of the first whole codon and ``end`` lies behind the last coding base (0-based).
    """

    bases: str
    start: int
    end: int
    code: GeneticCode

    @cached_property
    def begins(self) -> bool:
        """Whether the first codon is a start; else the transcript's 5' end is missing."""
        return self.bases[self.start : self.start + 3] in self.code.starts

    @cached_property
    def protein(self) -> str:
        """The reference protein in one letter, with its stop where the transcript has one."""
        coding = self.bases[self.start : self.end]
        if (left := len(coding) % 3) and self._completed(coding[-left:]):
            coding += "A" * (3 - left)
        protein = translate(coding, self.code)
        stop = protein.find(STOP)
        if protein.endswith(STOP):
            # Before the last codon an opal codon is read as selenocysteine, as the annotated protein shows.
            while stop < len(protein) - 1 and coding[3 * stop : 3 * stop + 3] == "TGA":
                protein = protein[:stop] + SELENOCYSTEINE + protein[stop + 1 :]
                stop = protein.find(STOP)
        if stop >= 0:
            protein = protein[: stop + 1]
        return self._begun(protein)

    @cached_property
    def recoded(self) -> frozenset[int]:
        """The spliced offsets of the codons that are read as selenocysteine."""
        if SELENOCYSTEINE not in self.protein:
            return frozenset()
        return frozenset(self.start + 3 * at for at, one in enumerate(self.protein) if one == SELENOCYSTEINE)

    @property
    def stop(self) -> int | None:
        """The first base of the stop codon; None where the transcript's 3' end is missing."""
        return self.start + 3 * (len(self.protein) - 1) if self.protein.endswith(STOP) else None

    def changed(self, change: Change, start: int) -> str:
        """The protein that begins at ``start`` of the changed transcript, through its first stop if it has one."""
        bases = self.bases[: change.start] + change.inserted + self.bases[change.end :]
        moved = len(change.inserted) - len(change.deleted)
        recoded = {at + moved for at in self.recoded if at >= change.end}
        # Codons before the change are as they were, and so are those behind it, once the frame is the same.
        kept = (change.start - start) // 3 if start == self.start <= change.start else 0
        if kept >= len(self.protein):
            return self.protein
        residues = list(self.protein[:kept])
        for at in range(start + 3 * kept, len(bases), 3):
            codon = bases[at : at + 3]
            same, out_of_frame = divmod(at - moved - self.start, 3)
            if at - moved >= change.end and not out_of_frame and same < len(self.protein):
                return self._begun("".join(residues)) + self.protein[same:]
            if len(codon) < 3 and not self._completed(codon):
                break
            residue = SELENOCYSTEINE if at in recoded else self.code.amino_acid(codon.ljust(3, "A"))
            residues.append(residue)
            if residue == STOP:
                break
        return self._begun("".join(residues))

    def _begun(self, protein: str) -> str:
        """A protein whose start codon is read as methionine."""
        return "M" + protein[1:] if self.begins and protein else protein

    def _completed(self, codon: str) -> bool:
        """Whether the poly(A) tail makes a stop of what is left at the transcript's end."""
        return self.code.completed_by_poly_a and codon in ("T", "TA")

    def start_after(self, change: Change) -> int | None:
        """Where translation starts in the changed transcript; None when the start codon is lost."""
        moved = len(change.inserted) - len(change.deleted)
        if change.start >= self.start + 3 or not self.begins:
            return self.start
        if change.end <= self.start and change.start < self.start:
            return self.start + moved
        bases = self.bases[: change.start] + change.inserted + self.bases[change.end :]
        # The reference's own start, where its end was left alone, comes before a new one at its old place.
        candidates = [self.start + moved] if change.end <= self.start + 3 else []
        if change.start >= self.start:
            candidates.append(self.start)
        return next((at for at in candidates if bases[at : at + 3] in self.code.starts), None)
