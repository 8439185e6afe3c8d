"""An allele's names on one transcript: c. (n. where it codes for nothing) and p."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from annotations.engine.hgvs.change import Change, change_of, described, is_duplication
from annotations.engine.hgvs.genetic_code import GeneticCode
from annotations.engine.hgvs.numbering import Numbering
from annotations.engine.hgvs.oriented import Bases, OrientedSequence
from annotations.engine.hgvs.protein import UNKNOWN, protein_name
from annotations.engine.hgvs.translation import CodingSequence
from annotations.engine.transcripts import Transcript

#: Bases of an intron, next to an exon, whose change leaves the splicing and so the protein unknown.
SPLICE_SITE = 2


@dataclass(frozen=True, slots=True)
class Names:
    """``coding`` like ``c.1019G>A`` or ``n.12del``, ``protein`` like ``p.(Arg340His)``; "" where there is none."""

    coding: str
    protein: str


NO_NAMES = Names("", "")


class TranscriptNamer:
    """Names alleles on one transcript of a contig."""

    def __init__(self, transcript: Transcript, bases: Bases, code: GeneticCode) -> None:
        self._along = OrientedSequence(bases, reverse=transcript.reverse)
        self._code = code
        self._phase = transcript.phase
        exons = sorted(self._along.span(first, last) for first, last in transcript.exons)
        self.numbering = Numbering(exons, None)
        if transcript.coding is not None:
            first, end = self._along.span(*transcript.coding)
            self.numbering = Numbering(exons, (self.numbering.offset(first), self.numbering.offset(end - 1) + 1))

    def names(self, pos: int, ref: str, alt: str) -> Names:
        """The names of a VCF's allele; none when it is no sequence or reaches beyond the transcript's ends."""
        change = self._change(pos, ref, alt)
        if change is None:
            return NO_NAMES
        kind = "n." if self.numbering.coding is None else "c."
        first, _ = self.numbering.span
        return Names(kind + described(change, self._along, self.numbering.label, first), self._protein(change))

    def protein(self, pos: int, ref: str, alt: str) -> str:
        """The protein's name alone."""
        change = self._change(pos, ref, alt)
        return "" if change is None else self._protein(change)

    def _change(self, pos: int, ref: str, alt: str) -> Change | None:
        """What the allele changes, moved 3'; None where the transcript has no name for it."""
        if not (ref.isalpha() and alt.isalpha()):
            return None
        first, end = self.numbering.span
        change = change_of(pos, ref, alt, self._along, end)
        inserted_at_end = change.start == end and not change.deleted and is_duplication(change, self._along, first)
        if not (first <= change.start < end and change.end <= end) and not inserted_at_end:
            return None
        if change.start == first and not change.deleted:
            return None
        return change

    @cached_property
    def _cds(self) -> CodingSequence:
        assert self.numbering.coding is not None  # noqa: S101  (asked of coding transcripts only)
        first, end = self.numbering.coding
        bases = "".join(self._along.fetch(*exon) for exon in self.numbering.exons)
        return CodingSequence(bases, first + self._phase, end, self._code)

    def _protein(self, change: Change) -> str:
        coding = self.numbering.coding
        if coding is None:
            return ""
        # An insertion lies between two bases: both have to be the exon's.
        inside = self.numbering.exon(change.start - (not change.deleted))
        if inside is not None and change.end + (not change.deleted) <= self.numbering.exons[inside][1]:
            offset = self.numbering.spliced(change.start, inside)
            return protein_name(self._cds, Change(offset, change.deleted, change.inserted))
        return UNKNOWN if self._touches_splicing(change, coding) else ""

    def _touches_splicing(self, change: Change, coding: tuple[int, int]) -> bool:
        """Whether an exon's edge or a splice site between or beside coding bases is changed."""
        reach = range(change.start - SPLICE_SITE, max(change.end, change.start + 1))
        for number in self.numbering.exons_near(reach.start, reach.stop):
            start, end = self.numbering.exons[number]
            begins, ends = self.numbering.spliced(start, number), self.numbering.spliced(end, number)
            if coding[1] <= begins or ends <= coding[0]:
                continue
            if begins > coding[0] and _touches(change, start - SPLICE_SITE, start, border=start):
                return True
            if ends < coding[1] and _touches(change, end, end + SPLICE_SITE, border=end):
                return True
            if change.deleted and change.start < end and start < change.end:
                return True
        return False


def _touches(change: Change, start: int, end: int, *, border: int) -> bool:
    """Whether a splice site is changed; what is inserted beside one leaves it alone, but not at the exon's border."""
    if change.deleted:
        return change.start < end and start < change.end
    return start < change.start < end or change.start == border
