"""Genes around positions outside transcripts: the nearest on either side, and the one whose promoter it may be."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from annotations.engine.gene_models import GeneModels, Numbers

#: Bases before a transcript's first one that count as its promoter.
UPSTREAM = 500


@dataclass(frozen=True)
class Around:
    """For each record the transcripts next to it and the distance in bases, -1 where there is none on that side.

    ``upstream`` is the transcript in whose UPSTREAM bases it lies (of several the nearest), -1 where in none.
    """

    before: Numbers
    before_distance: Numbers
    after: Numbers
    after_distance: Numbers
    upstream: Numbers
    upstream_distance: Numbers


class Neighbourhood:
    """A contig's transcripts by their ends and by their starts."""

    def __init__(self, models: GeneModels) -> None:
        self._models = models
        self._everything = np.ones(len(models), np.bool_)

    def around(self, firsts: Numbers, lasts: Numbers) -> Around:
        """What is around records that cover the positions firsts to lasts."""
        before, before_distance = self._ends.below(firsts)
        after, after_distance = self._starts.above(lasts)
        forward, forward_distance = self._forward_starts.above(lasts)
        reverse, reverse_distance = self._reverse_ends.below(firsts)
        nearer = (reverse < 0) | ((forward >= 0) & (forward_distance <= reverse_distance))
        upstream = np.where(nearer, forward, reverse)
        distance = np.where(nearer, forward_distance, reverse_distance)
        upstream = np.where((upstream >= 0) & (distance <= UPSTREAM), upstream, -1)
        return Around(before, before_distance, after, after_distance, upstream, np.where(upstream >= 0, distance, -1))

    @cached_property
    def _ends(self) -> _Sorted:
        return _Sorted(self._models.ends, self._everything)

    @cached_property
    def _starts(self) -> _Sorted:
        return _Sorted(self._models.starts, self._everything)

    @cached_property
    def _forward_starts(self) -> _Sorted:
        return _Sorted(self._models.starts, ~self._models.reverse)

    @cached_property
    def _reverse_ends(self) -> _Sorted:
        return _Sorted(self._models.ends, self._models.reverse)


class _Sorted:
    """Edges of transcripts in order; of equal ones the first transcript counts."""

    def __init__(self, edges: Numbers, wanted: NDArray[np.bool_]) -> None:
        numbers = np.flatnonzero(wanted)
        order = np.argsort(edges[numbers], kind="stable")
        self._edges, at = np.unique(edges[numbers][order], return_index=True)
        self._numbers = numbers[order][at]

    def below(self, positions: Numbers) -> tuple[Numbers, Numbers]:
        """The transcript of the last edge below each position, and how far it is."""
        return self._picked(np.searchsorted(self._edges, positions, "left") - 1, positions)

    def above(self, positions: Numbers) -> tuple[Numbers, Numbers]:
        """The transcript of the first edge above each position, and how far it is."""
        return self._picked(np.searchsorted(self._edges, positions, "right"), positions)

    def _picked(self, at: Numbers, positions: Numbers) -> tuple[Numbers, Numbers]:
        there = (at >= 0) & (at < len(self._edges))
        if not len(self._edges):
            return np.full(len(positions), -1, np.int64), np.full(len(positions), -1, np.int64)
        at = np.clip(at, 0, len(self._edges) - 1)
        return np.where(there, self._numbers[at], -1), np.where(there, np.abs(self._edges[at] - positions), -1)
