"""Predicted changes of a protein: ``p.(Arg340His)``, ``p.(Gln12Ter)``, ``p.(Arg97ProfsTer23)``, ``p.(Leu54=)``.

Source: https://hgvs-nomenclature.org/stable/recommendations/protein/. Names are derived from comparing both proteins;
what happened to the DNA only tells a shift of the frame from a change in frame. A stop is ``Ter``, which HGVS names
before ``*``.
"""

from __future__ import annotations

from annotations.engine.hgvs.change import Change, common_prefix
from annotations.engine.hgvs.genetic_code import STOP, three_letters
from annotations.engine.hgvs.translation import CodingSequence

#: The consequence for the protein is not known: the splice site is changed, or an end of the transcript is missing.
UNKNOWN = "p.?"
#: Longer insertions are given by their length, as HGVS allows.
MAX_RESIDUES = 100


def protein_name(cds: CodingSequence, change: Change) -> str:
    """The name of what a change of the spliced transcript does to the protein; "" outside the coding sequence."""
    if change.end <= cds.start or change.start >= cds.end:
        return ""
    start = cds.start_after(change)
    if start is None:
        return "p.(Met1?)"
    before, after = cds.protein, cds.changed(change, start)
    if not before or not after:
        return UNKNOWN
    if cds.stop is None:
        # The transcript's 3' end is missing: only what the reference has is compared.
        after = after[: len(before) + _moved(change) // 3] if _moved(change) % 3 == 0 else after
    named = _unchanged(cds, change) if after == before else _difference(cds, change, before, after)
    return named if named == UNKNOWN else f"p.({named})"


def _difference(cds: CodingSequence, change: Change, before: str, after: str) -> str:
    first = common_prefix(before, after)
    if first == len(after) or first == len(before):
        return UNKNOWN
    at = f"{three_letters(before[first])}{first + 1}"
    if before[first] == STOP:
        beyond = str(len(after) - 1 - first) if after.endswith(STOP) else "?"
        return f"{at}{three_letters(after[first])}extTer{beyond}"
    in_frame = _moved(change) % 3 == 0 and not _removes_stop(cds, change)
    if in_frame and len(after) == len(before) + _moved(change) // 3:
        return _in_frame(before, after, first)
    if after[first] == STOP:
        return f"{at}Ter"
    if not in_frame:
        ends = str(len(after) - first) if after.endswith(STOP) else "?"
        return f"{at}{three_letters(after[first])}fsTer{ends}"
    gone = before[first : max(first, -((cds.start - change.end) // 3))]
    return _delins(before, first, gone, after[first:])


def _in_frame(before: str, after: str, first: int) -> str:
    """A difference between proteins that end alike; trimming the front first is what the 3' rule asks for."""
    tail = common_prefix(before[first:][::-1], after[first:][::-1])
    gone, come = before[first : len(before) - tail], after[first : len(after) - tail]
    if not gone and first >= len(come) and before[first - len(come) : first] == come:
        return f"{_range(before, first - len(come), first)}dup"
    return _delins(before, first, gone, come)


def _delins(before: str, first: int, gone: str, come: str) -> str:
    if len(gone) == len(come) == 1:
        return f"{_range(before, first, first + 1)}{three_letters(come)}"
    if not gone and not first:
        return UNKNOWN
    if not gone:
        return f"{_range(before, first - 1, first + 1)}ins{_inserted(come)}"
    where = _range(before, first, first + len(gone))
    return f"{where}delins{_inserted(come)}" if come else f"{where}del"


def _inserted(residues: str) -> str:
    if len(residues) <= MAX_RESIDUES:
        return three_letters(residues)
    return f"Ter{len(residues)}" if residues.endswith(STOP) else f"X[{len(residues)}]"


def _unchanged(cds: CodingSequence, change: Change) -> str:
    """The residues whose codons the change touches, with ``=``."""
    last = len(cds.protein) - 1
    first = min(max(0, change.start - cds.start) // 3, last)
    end = min(max(first, (change.end - 1 - cds.start) // 3), last)
    return f"{_range(cds.protein, first, end + 1)}="


def _range(protein: str, start: int, end: int) -> str:
    one = f"{three_letters(protein[start])}{start + 1}"
    return one if end - start == 1 else f"{one}_{three_letters(protein[end - 1])}{end}"


def _removes_stop(cds: CodingSequence, change: Change) -> bool:
    """Whether bases before the stop codon go together with (part of) it: HGVS calls this a shift of the frame."""
    return bool(change.deleted) and cds.stop is not None and change.start < cds.stop < change.end


def _moved(change: Change) -> int:
    return len(change.inserted) - len(change.deleted)
