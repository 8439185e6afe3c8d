"""Where the records of one contig may be cut apart so that no stage of the pipe sees a difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotations.engine.pipe.crowding import SORT_WINDOW
from annotations.engine.reference import Reference

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: Bases beside a transcript whose change may count as the transcript's: an insertion at its end, a splice site.
TRANSCRIPT_MARGIN = 10
#: Alternate alleles that norm leaves where they are, whatever they stand for; those hidden by the reader begin so, too.
_STILL = (b"<NON_REF>", b"<*>")
_HIDDEN = b"<GAS"


@dataclass(frozen=True)
class Stretch:
    """Records of one contig that stand together: lines with LF, positions, and alternate alleles (at least 1)."""

    lines: Sequence[bytes]
    positions: Numbers
    alleles: Numbers

    def __len__(self) -> int:
        return len(self.lines)

    def __getitem__(self, part: slice) -> Stretch:
        return Stretch(self.lines[part], self.positions[part], self.alleles[part])

    def followed_by(self, other: Stretch) -> Stretch:
        """These and others behind them."""
        return Stretch(
            [*self.lines, *other.lines],
            np.concatenate([self.positions, other.positions]),
            np.concatenate([self.alleles, other.alleles]),
        )

    def ends(self) -> Numbers:
        """The last base of each record's REF."""
        return self.positions - 1 + np.array([len(line.split(b"\t", 4)[3]) for line in self.lines], np.int64)


class CutPoints:
    """Finds the first place where a contig may be cut.

    ``norm`` moves records to the left, and to the right within their REF. So a cut lies behind the REF of all records
    before it, and no record that norm could move stands within the cut's next SORT_WINDOW positions: one from further
    away that passes the cut breaks the order without a cut, too. With ``whole_transcripts`` no transcript lies on
    both sides.
    """

    def __init__(self, reference: Reference, *, whole_transcripts: bool) -> None:
        self._contigs = {contig.name: contig for contig in reference.contigs} if whole_transcripts else {}
        self._loaded = ""
        #: The starts of the contig's transcripts in order, and the highest end up to each.
        self._starts = self._ends = np.zeros(0, np.int64)

    def first(self, contig: str, records: Stretch, before: int) -> int | None:
        """The number of the first record that may begin a part; ``before`` is the last base of all before these.

        None where there is none among those whose next SORT_WINDOW positions are known.
        """
        at = records.positions
        reach = np.maximum.accumulate(np.concatenate([[before], records.ends()[:-1]]))
        fits = (reach < at) & (at + SORT_WINDOW < at[-1])
        moving = at[[_moves(line) for line in records.lines]]
        near = np.searchsorted(moving, at)
        fits &= np.append(moving, at[-1] + 2 * SORT_WINDOW)[near] > at + SORT_WINDOW
        if self._contigs:
            fits &= ~self._cut_through(contig, reach, at)
        found = np.flatnonzero(fits)
        return int(found[0]) if len(found) else None

    def _cut_through(self, contig: str, before: Numbers, behind: Numbers) -> Flags:
        """Whether a transcript reaches from ``before`` to ``behind``."""
        if contig != self._loaded:
            from annotations.engine.gene_models import read_gene_models  # noqa: PLC0415  (loads Arrow)

            models = read_gene_models(self._contigs[contig].gff)
            order = np.argsort(models.starts, kind="stable")
            self._starts = models.starts[order]
            self._ends = np.maximum.accumulate(models.ends[order])
            self._loaded = contig
        begun = np.searchsorted(self._starts, before + TRANSCRIPT_MARGIN, "right")
        highest: Numbers = np.concatenate([[-TRANSCRIPT_MARGIN - 1], self._ends])[begun]
        cut: Flags = highest >= behind - TRANSCRIPT_MARGIN
        return cut


def _moves(line: bytes) -> bool:
    """Whether norm might put the record, or an allele of it, elsewhere."""
    _, _, _, ref, alt, _ = line.split(b"\t", 5)
    if len(ref) > 1:
        return True
    return len(alt) > 1 and not all(
        len(one) == 1 or one in _STILL or one.startswith(_HIDDEN) for one in alt.split(b",")
    )
