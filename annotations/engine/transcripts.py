"""One transcript, and which of several is preferred. Positions are 1-based and inclusive."""

from __future__ import annotations

from dataclasses import dataclass

#: Tags of Ensembl's and GENCODE's GFF3, the most preferred first: the transcripts that MANE (Matched Annotation from
#: NCBI and EMBL-EBI) chose, then Ensembl's own choice (https://www.ensembl.org/info/genome/genebuild/canonical.html).
PREFERRED_TAGS = ("MANE_Select", "MANE_Plus_Clinical", "Ensembl_canonical")


@dataclass(frozen=True, slots=True)
class Transcript:
    """One transcript; ``exons`` are inclusive and rise, ``coding`` is the first and the last coding position.

    ``phase`` is the number of coding bases before the first whole codon, where the transcript's 5' end is missing.
    """

    id: str
    gene: str
    reverse: bool
    biotype: str
    exons: tuple[tuple[int, int], ...]
    coding: tuple[int, int] | None = None
    phase: int = 0
    tags: frozenset[str] = frozenset()

    @property
    def start(self) -> int:
        """The lowest position."""
        return self.exons[0][0]

    @property
    def end(self) -> int:
        """The highest position."""
        return self.exons[-1][1]


def preference(tags: frozenset[str], biotype: str) -> int:
    """The class of a transcript in the order of preference, 0 for the one preferred most.

    >>> preference(frozenset({"basic", "MANE_Select"}), "protein_coding"), preference(frozenset(), "retained_intron")
    (0, 4)
    """
    for place, tag in enumerate(PREFERRED_TAGS):
        if tag in tags:
            return place
    return len(PREFERRED_TAGS) + (biotype != "protein_coding")
