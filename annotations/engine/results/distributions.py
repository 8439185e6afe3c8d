"""How the records of a result are spread: quality, lengths, places, genotypes. Part of its counts, and as exact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from annotations.engine.reference import Reference
from annotations.engine.results.samples import BLOCK

if TYPE_CHECKING:
    import pyarrow as pa

    from annotations.engine.results.records import Records

Counts = NDArray[np.int64]
#: Bounds of the bins of QUAL; a bin takes its lower bound and not its upper.
QUALITY_BOUNDS = (10, 20, 30, 50, 100, 200, 500, 1_000)
_QUALITY = np.array(QUALITY_BOUNDS, np.float64)
#: Insertions and deletions longer than this are counted together.
MAX_LENGTH = 20
#: Bases of the smallest part of a contig that is counted by itself, and about how many parts a genome gets.
STEP, PARTS = 100_000, 600
#: Contigs whose parts are told, the longest first.
MOST_CONTIGS = 40
#: Samples that are counted: those of the table's first column of genotypes.
MOST_SAMPLES = BLOCK
#: Letters of genotypes (see genotypes.py) with what they are counted as.
_LETTERS = {"het": ord("1"), "hom": ord("2"), "missing": ord(".")}


class Distributions:
    """Counts over the output records of one result, block by block; ``samples`` are the file's, in its order."""

    def __init__(self, samples: Sequence[str] = ()) -> None:
        self._samples = samples
        self._quality: Counts = np.zeros(len(QUALITY_BOUNDS) + 1, np.int64)
        self._without_quality = 0
        self._lengths: Counter[int] = Counter()
        self._places: dict[str, Counts] = {}
        self._genotypes: Counts = np.zeros((len(_LETTERS), min(len(samples), MOST_SAMPLES)), np.int64)

    def add(self, records: Records) -> None:
        """Count a block, except for its lengths, which ``add_allele`` counts."""
        quality = records.qual.drop_null().to_numpy()
        self._without_quality += len(records) - len(quality)
        bins = np.searchsorted(_QUALITY, quality, side="right")
        self._quality += np.bincount(bins, minlength=len(self._quality))
        places = records.pos.to_numpy() // STEP
        for contig, first, last in records.runs:
            self._add_places(contig, places[first:last])
        if self._genotypes.size:
            self._add_genotypes(records.genotypes[2])

    def add_allele(self, ref: str, alt: str, variant_class: str, count: int) -> None:
        """Count records of one allele by how many bases it adds or takes."""
        if variant_class in {"insertion", "deletion"}:
            difference = len(alt) - len(ref)
            self._lengths[max(-MAX_LENGTH - 1, min(MAX_LENGTH + 1, difference))] += count

    def state(self) -> dict[str, Any]:
        """Everything counted, as JSON's own types: what ``merge`` takes."""
        return {
            "quality": self._quality.tolist(),
            "without_quality": self._without_quality,
            "lengths": list(self._lengths.items()),
            "places": {contig: counts.tolist() for contig, counts in self._places.items()},
            "genotypes": self._genotypes.tolist(),
        }

    def merge(self, state: Mapping[str, Any]) -> None:
        """Add what another counted of the same samples."""
        self._quality += np.array(state["quality"])
        self._without_quality += state["without_quality"]
        self._lengths.update(dict(state["lengths"]))
        for contig, counts in state["places"].items():
            self._add_counted(contig, np.array(counts, np.int64))
        self._genotypes += np.array(state["genotypes"], np.int64).reshape(self._genotypes.shape)

    def to_json(self, reference: Reference) -> dict[str, Any]:
        """The counts under the names they bear in ``summary.json``."""
        return {
            "quality": {
                "bounds": list(QUALITY_BOUNDS),
                "counts": self._quality.tolist(),
                "missing": self._without_quality,
            },
            "indel_lengths": {str(length): count for length, count in sorted(self._lengths.items())},
            "places": self._placed(reference),
            "samples": [
                {"name": name, **dict(zip(_LETTERS, counts, strict=True))}
                for name, counts in zip(self._samples, self._genotypes.T.tolist(), strict=False)
            ],
        }

    def _add_places(self, contig: str, places: Counts) -> None:
        # Records at positions that no contig has (0, or beyond what a genome's longest has) have no place in a drawing.
        places = places[(places >= 0) & (places < 50_000)]
        self._add_counted(contig, np.bincount(places))

    def _add_counted(self, contig: str, counted: Counts) -> None:
        known = self._places.get(contig)
        if known is None or len(known) < len(counted):
            self._places[contig] = counted if known is None else counted + np.pad(known, (0, len(counted) - len(known)))
        else:
            known[: len(counted)] += counted

    def _add_genotypes(self, letters: pa.Array) -> None:
        """Every text of the column has the same length, a letter a sample."""
        width = self._genotypes.shape[1]
        data = np.frombuffer(letters.buffers()[2], np.uint8, len(letters) * width).reshape(-1, width)
        for row, letter in enumerate(_LETTERS.values()):
            self._genotypes[row] += np.count_nonzero(data == letter, axis=0)

    def _placed(self, reference: Reference) -> dict[str, Any]:
        """Counts by part of each contig; the parts are so long that a genome has some PARTS of them."""
        longest = sorted(reference.contigs, key=lambda contig: -contig.length)[:MOST_CONTIGS]
        joined = max(1, round(sum(contig.length for contig in longest) / PARTS / STEP))
        found = {}
        for contig in reference.contigs:
            if contig in longest and (counts := self._places.get(contig.name)) is not None:
                starts = np.arange(0, len(counts), joined)
                found[contig.name] = np.add.reduceat(counts, starts).tolist()
        return {"step": joined * STEP, "contigs": found}
