"""What ``bcftools csq`` (1.24) does not say of genes that stand end to end, as on the circular genomes of organelles.

- It has no word for the last base of an RNA gene where the next base begins a coding sequence.
- It leaves the one or two bases over a multiple of three out of a coding sequence and calls a change of them
  "intron". Several mitochondrial genes end so: the tail of A finishes their stop codon (Anderson et al. 1981,
  Nature 290:457).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from annotations.engine.reference import Reference
from annotations.engine.transcripts import Transcript

#: The word that takes the place of csq's "intron" (see consequence.TERM_BY_WORD).
UNFINISHED = "incomplete_terminal_codon"


class GeneEnds:
    """The transcripts of a reference's circular contigs, base by base."""

    def __init__(self, reference: Reference) -> None:
        from annotations.engine.gene_models import read_gene_models  # noqa: PLC0415  (loads Arrow)

        #: Gene -> transcript, where the coding sequence of its one exon is no multiple of three.
        self.unfinished: dict[str, str] = {}
        self._transcripts: list[Transcript] = []
        #: Contig -> for each position the number of a transcript with an exon there, counted from 1.
        self._cover: dict[str, NDArray[np.int32]] = {}
        for contig in reference.contigs:
            if contig.circular and contig.gff is not None:
                cover = self._cover[contig.name] = np.zeros(contig.length + 2, np.int32)
                models = read_gene_models(contig.gff)
                for number in range(len(models)):
                    self._add(models.transcript(number), cover)

    def _add(self, transcript: Transcript, cover: NDArray[np.int32]) -> None:
        self._transcripts.append(transcript)
        for first, last in transcript.exons:
            cover[first : last + 1] = len(self._transcripts)
        if _left_over(transcript):
            self.unfinished[transcript.gene] = transcript.id

    def __contains__(self, contig: str) -> bool:
        """Whether the contig is looked after here."""
        return contig in self._cover

    def unsaid(self, contig: str, pos: int, ref: str, alt: str) -> str:
        """The BCSQ value that csq owes for an allele it has no word for; "" where that lies outside genes."""
        cover = self._cover[contig]
        if len(ref) == 1 and len(alt) > 1:  # an insertion: in a gene when both its neighbours are
            number = int(cover[pos]) if cover[pos] == cover[pos + 1] else 0
            first = last = pos + 1
        else:
            first, last = pos + (len(ref) > 1 and ref[0] == alt[0]), pos + len(ref) - 1
            number = int(cover[first : last + 1].max())
        return _value(self._transcripts[number - 1], first, last) if number else ""


def named(entry: list[str], unfinished: Mapping[str, str]) -> list[str]:
    """One of BCSQ's entries, with the true word where csq says "intron" of an unfinished codon."""
    if entry[0] == "intron" and len(entry) > 2 and entry[1] in unfinished:
        return [UNFINISHED, entry[1], unfinished[entry[1]], *entry[3:]]
    return entry


def _left_over(transcript: Transcript) -> int:
    if transcript.coding is None or len(transcript.exons) > 1 or transcript.phase:
        return 0
    first, last = transcript.coding
    return (last - first + 1) % 3


def _value(transcript: Transcript, first: int, last: int) -> str:
    if transcript.coding is None:
        word = "non_coding"
    else:
        begin, end = transcript.coding
        bases = _left_over(transcript)
        low, high = (begin, begin + bases - 1) if transcript.reverse else (end - bases + 1, end)
        word = UNFINISHED if low <= first and last <= high else "coding_sequence"
    return f"{word}|{transcript.gene}|{transcript.id}|{transcript.biotype}"
