"""The samples of a file and how the table holds them; loads no Arrow, since whoever gathers parts has no use for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

#: Samples whose letters share a column (see ``genotypes``).
BLOCK = 64
#: A file with more samples gets a table without genotypes; its VCF has them.
MAX_SAMPLES = 10_000
#: FORMAT keys that hold the share itself, the first one present counts: MToolBox (HF), mity and VarDict (VAF),
#: Mutect2 and mutserve (AF).
SHARE_KEYS = ("HF", "VAF", "AF")
#: Otherwise the reads with the allele (AD, split with the alleles) of all reads (DP).
DEPTHS, DEPTH = "AD", "DP"

_FIRST_SAMPLE = 9
_DECLARED = re.compile(rb"##FORMAT=<ID=([^,]+),Number=([^,]+),")


@dataclass(frozen=True)
class LevelField:
    """A FORMAT key that levels can be read from; ``number`` as its header line declares it."""

    key: str
    number: str

    @staticmethod
    def declared(header: Iterable[bytes]) -> tuple[LevelField, ...]:
        """The keys of a header that can serve, best first; none when it has no share and not both depths."""
        found = {m[1].decode("latin-1"): m[2].decode("latin-1") for m in map(_DECLARED.match, header) if m}
        keys = [key for key in SHARE_KEYS if key in found]
        if DEPTHS in found and DEPTH in found:
            keys.append(DEPTHS)
        return tuple(LevelField(key, found[key]) for key in keys)


@dataclass(frozen=True)
class SampleLayout:
    """What the table holds of the samples: their names in the file's order, and where levels come from."""

    samples: tuple[str, ...]
    levels: tuple[LevelField, ...] = ()

    @property
    def blocks(self) -> list[tuple[int, int]]:
        """First and last sample (not included) of each column."""
        count = len(self.samples)
        return [(first, min(first + BLOCK, count)) for first in range(0, count, BLOCK)]


NO_SAMPLES = SampleLayout(())


def sample_layout(header: Sequence[bytes], *, mitochondrial: bool) -> SampleLayout:
    """Read off a header (``#CHROM`` last) what its records can tell; levels are of mitochondrial contigs only."""
    names = header[-1].decode("utf-8", "replace").split("\t")[_FIRST_SAMPLE:]
    if not names or len(names) > MAX_SAMPLES:
        return NO_SAMPLES
    return SampleLayout(tuple(names), LevelField.declared(header) if mitochondrial else ())
