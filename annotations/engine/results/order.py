"""What the engine's main process orders of the finisher; kept apart, so that ordering loads none of its libraries."""

from __future__ import annotations

from dataclasses import dataclass

#: Exit code when normalisation moved a record past its neighbours, so that the output must be sorted again.
UNSORTED_EXIT = 3
#: Where the counts of a part have the places of its records, for the index of the whole.
PLACES = "places"


@dataclass(frozen=True)
class Order:
    """What the finisher is to write and where; paths are strings so that the order travels as JSON."""

    reference: str
    vcf: str
    #: "" for a part of a result: the places of its records stand with its counts.
    index: str
    table: str
    counts: str
    version: str
    #: The sources that the job began with, as ``annotations.engine.pinned`` writes them.
    sources: str
    #: Header lines that hold this text were written by a stage about itself (bcftools sort) and are left out.
    scratch: str = ""
    #: Whether csq told joint changes of a haplotype.
    haplotype_aware: bool = False
    #: Of a part of a result: its number of the table's first row, whether its VCF begins with the header, and counts
    #: that can be merged.
    first_row: int = 0
    header: bool = True
    mergeable: bool = False
