"""Keeps the work that records cause in proportion to their size: records close together, and many alleles a record.

bcftools norm compares each record with all that it holds back for sorting, those within its window: the work grows
with the square of the records there (measured: 12 ns a pair). And it writes a record of n alleles n times. A small
compressed file could so hold a worker for hours.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from annotations.engine.errors import EngineError, InputRefused
from annotations.engine.limits import Limits
from annotations.engine.reading.sites import Ints, Sites

#: Positions over which ``norm`` sorts: alleles seen in short reads move no further. A record that does is found
#: behind the pipe and the file is then sorted after norm. (bcftools' own 1,000 takes norm nearly three times as long
#: where every possible substitution is listed.)
SORT_WINDOW = 300
#: Alternate alleles that may stand within SORT_WINDOW; every possible substitution is 900.
WINDOW_ALLELES = 1_500
#: Bytes, once split, that may stand within SORT_WINDOW: ``norm`` holds them in memory.
WINDOW_BYTES = 256 << 20
_FEWER_FIELDS = "Leave out INFO and FORMAT fields (bcftools annotate --remove), or send the file in parts."


class Crowded(EngineError):
    """Records stand too close for ``norm`` to sort them: it has to go without, and what it writes be sorted."""


class CrowdingWatch:
    """Looks at all records in the order in which they enter the pipe.

    ``window`` is how far ``norm`` sorts; with 0 it holds only records at one position together.
    """

    def __init__(self, limits: Limits, window: int) -> None:
        self._limits = limits
        self._window = window
        self._contig = ""
        #: The records before that ``norm`` may still hold.
        self._held: Sites | None = None
        self._bytes = 0
        self._made_bytes = 0

    def look(self, contig: str, sites: Sites) -> None:
        """Look at records of one contig, sorted. Raises Crowded, and InputRefused when sorting would not help."""
        self._check_growth(sites)
        line = sites.first_line
        if contig == self._contig and self._held is not None:
            sites, line = Sites.joined([self._held, sites]), line and line - len(self._held)
        first = np.searchsorted(sites.positions, sites.positions - self._window)
        alleles = _sums(sites.alleles, first)
        sizes = _sums(sites.split_sizes, first)
        if not self._window:
            self._check_positions(contig, line, sites.positions, alleles, sizes)
        elif alleles.max() > WINDOW_ALLELES or sizes.max() > WINDOW_BYTES:
            raise Crowded
        self._contig, self._held = contig, sites[int(first[-1]) :]

    def _check_positions(self, contig: str, line: int, positions: Ints, alleles: Ints, sizes: Ints) -> None:
        limits = self._limits
        if (over := alleles > limits.max_alleles_at_position).any():
            at = int(np.argmax(over))
            raise InputRefused(
                f"More than {limits.max_alleles_at_position:,} alleles stand at {contig}:{positions[at]}",
                "Leave out repeated records (bcftools norm --rm-dup exact) or merge the samples into one record a site "
                "(bcftools merge).",
                (line + at) if line else None,
                "POS",
            )
        if (over := sizes > limits.max_split_bytes_at_position).any():
            at = int(np.argmax(over))
            raise InputRefused(
                f"One record an allele at {contig}:{positions[at]} makes more than "
                f"{limits.max_split_bytes_at_position:,} bytes",
                _FEWER_FIELDS,
                (line + at) if line else None,
                "ALT",
            )

    def _check_growth(self, sites: Sites) -> None:
        """Splitting must not make the file many times as large."""
        limits = self._limits
        read = self._bytes + np.cumsum(sites.sizes)
        made = self._made_bytes + np.cumsum(sites.split_sizes)
        self._bytes, self._made_bytes = int(read[-1]), int(made[-1])
        if (over := made > np.maximum(limits.split_grace_bytes, limits.max_split_ratio * read)).any():
            raise InputRefused(
                f"One record an allele makes the file more than {limits.max_split_ratio} times as large",
                _FEWER_FIELDS,
                int(sites.first_line + np.argmax(over)) if sites.first_line else None,
                "ALT",
            )


def _sums(values: Ints, first: NDArray[np.intp]) -> Ints:
    """For each item the sum of ``values`` from its ``first`` up to itself."""
    totals = np.concatenate(([0], np.cumsum(values)))
    sums: Ints = totals[1:] - totals[first]
    return sums
