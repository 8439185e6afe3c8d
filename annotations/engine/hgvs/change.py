"""What an allele changes, moved as far 3' as HGVS wants it, and in HGVS' words.

Sources: the 3' rule and the order of types in https://hgvs-nomenclature.org/stable/recommendations/general/, the types
in https://hgvs-nomenclature.org/stable/recommendations/DNA/. Of these a substitution comes before a deletion, an
inversion, a duplication and an insertion. Repeats are named by these types too, not in the form ``A[12]``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from annotations.engine.hgvs.oriented import OrientedSequence, reverse_complement

#: Bases compared at a time while a change is moved along; doubled as long as all are equal.
_WINDOW = 64


@dataclass(frozen=True, slots=True)
class Change:
    """``deleted`` at the oriented position ``start`` gives way to ``inserted``; ends they share are cut off."""

    start: int
    deleted: str
    inserted: str

    @property
    def end(self) -> int:
        """Behind the last deleted base; ``start`` of an insertion."""
        return self.start + len(self.deleted)


def change_of(pos: int, ref: str, alt: str, along: OrientedSequence, limit: int | None = None) -> Change:
    """The trimmed change of a VCF's allele (1-based, forward strand), along the strand and moved 3' as far as it goes.

    It is not moved beyond the oriented position ``limit``, the end of what it is named on.
    """
    start, _ = along.span(pos, pos + len(ref) - 1)
    ref, alt = ref.upper(), alt.upper()
    if along.reverse:
        ref, alt = reverse_complement(ref), reverse_complement(alt)
    if ref == alt:
        return Change(start, ref, alt)
    head = common_prefix(ref, alt)
    ref, alt, start = ref[head:], alt[head:], start + head
    tail = common_prefix(ref[::-1], alt[::-1])
    change = Change(start, ref[: len(ref) - tail], alt[: len(alt) - tail])
    piece = change.deleted or change.inserted
    if not piece or (change.deleted and change.inserted):
        return change
    limit = len(along) if limit is None else limit
    shift = min(_way(change, piece, along), max(0, limit - change.end))
    moved = _shifted(change, shift)
    if shift and not moved.deleted and moved.start == limit and not is_duplication(moved, along):
        # An insertion stands between two bases, and there is none behind the end.
        return _shifted(change, shift - 1)
    return moved


def described(change: Change, along: OrientedSequence, label: Callable[[int], str], first: int = 0) -> str:
    """The change such as ``76A>G``, ``76_77del``, ``76dup``, ``76_77insG``, ``76_78inv``, ``76delinsGA``, ``76=``.

    ``label`` names an oriented position, from ``first`` on.
    """
    deleted, inserted = change.deleted, change.inserted
    if not deleted:
        return _insertion(change, along, label, first)
    where = _range(change.start, change.end, label)
    if not inserted:
        return f"{where}del"
    if deleted == inserted:
        return f"{where}="
    if len(deleted) == len(inserted) == 1:
        return f"{where}{deleted}>{inserted}"
    if inserted == reverse_complement(deleted):
        return f"{where}inv"
    return f"{where}delins{inserted}"


def is_duplication(change: Change, along: OrientedSequence, first: int = 0) -> bool:
    """Whether what is inserted stands directly before the place, and not before ``first``."""
    size = len(change.inserted)
    if change.deleted or change.start - size < first:
        return False
    return along.fetch(change.start - size, change.start) == change.inserted


def common_prefix(one: str, other: str) -> int:
    """How many letters both begin with."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _insertion(change: Change, along: OrientedSequence, label: Callable[[int], str], first: int) -> str:
    if is_duplication(change, along, first):
        return f"{_range(change.start - len(change.inserted), change.start, label)}dup"
    return f"{label(change.start - 1)}_{label(change.start)}ins{change.inserted}"


def _range(start: int, end: int, label: Callable[[int], str]) -> str:
    return label(start) if end - start == 1 else f"{label(start)}_{label(end - 1)}"


def _shifted(change: Change, shift: int) -> Change:
    piece = change.deleted or change.inserted
    piece = piece[shift % len(piece) :] + piece[: shift % len(piece)]
    return Change(change.start + shift, piece, "") if change.deleted else Change(change.start + shift, "", piece)


def _way(change: Change, piece: str, along: OrientedSequence) -> int:
    """How far a pure insertion or deletion can be moved without changing what results."""
    shift, window = 0, _WINDOW
    while True:
        # Moving on is possible as long as the piece, repeated, agrees with what follows it.
        following = along.fetch(change.end + shift, change.end + shift + window)
        turned = piece[shift % len(piece) :] + piece[: shift % len(piece)]
        same = common_prefix(following, turned * (len(following) // len(piece) + 1))
        shift += same
        if same < window:
            return shift
        window *= 2
