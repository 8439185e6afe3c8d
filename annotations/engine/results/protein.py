"""The change of a protein, from csq's ``52A>52T`` to the researcher's ``A52T``.

One-letter amino acids after the rules of HGVS (https://hgvs-nomenclature.org/stable/recommendations/protein/),
without the prefix ``p.``: substitution A52T, stop R340*, no change L12L (``=``
may not stand in a VCF's INFO), frameshift Q13fs, deletion T11del or
T11_I14del, insertion S141_A142insA (S141_142insA where csq does not tell the next residue), L254delinsPV.
"""

from __future__ import annotations

import re

from annotations.engine.hgvs.genetic_code import THREE_LETTERS

#: What most coding variants do, and the quickest to read.
_SUBSTITUTION = re.compile(r"(\d+)([A-Z*])>\d+([A-Z*])", re.ASCII)
_ONE_RESIDUE = re.compile(r"(\d+)([A-Z*])(?:>\d+([A-Z*]))?", re.ASCII)
_SIDE = re.compile(r"(\d+)([A-Z*]+)(?:\.\.(\d*)?)?", re.ASCII)


def protein_change(amino_acids: str, *, frameshift: bool = False) -> str:
    """The change in one word, or "" when csq gives no amino acids."""
    if found := _SUBSTITUTION.fullmatch(amino_acids):
        return f"{found[2]}{found[1]}{found[3]}"
    before, arrow, after = amino_acids.partition(">")
    old, new = _SIDE.match(before), _SIDE.match(after)
    if old is None:
        return ""
    start = int(old[1])
    if not arrow:
        return f"{old[2][0]}{start}{old[2][0]}"
    if new is None:
        return ""
    return _change(start, old[2], new[2], frameshift=frameshift)


def protein_name(amino_acids: str) -> str | None:
    """HGVS' name of a single residue's change, where csq's amino acids tell it; None where the sequence has to.

    >>> protein_name("52A>52T"), protein_name("54L"), protein_name("12Q>12*"), protein_name("514*>514S")
    ('p.(Ala52Thr)', 'p.(Leu54=)', 'p.(Gln12Ter)', None)
    """
    found = _ONE_RESIDUE.fullmatch(amino_acids)
    if found is None:
        return None
    number, old, new = found.groups()
    if (
        number == "1"
        or (old == "*" and new is not None)
        or old not in THREE_LETTERS
        or (new or old) not in THREE_LETTERS
    ):
        return None
    return f"p.({THREE_LETTERS[old]}{number}{THREE_LETTERS[new] if new else '='})"


def _change(start: int, old: str, new: str, *, frameshift: bool) -> str:
    head = _common(old, new)
    if frameshift:
        first = min(head, len(old) - 1)
        # HGVS: a frameshift whose first changed residue is a stop is written as that stop.
        return f"{old[first]}{start + first}{'*' if new[head : head + 1] == '*' else 'fs'}"
    tail = _common(old[head:][::-1], new[head:][::-1])
    gone, come = old[head : len(old) - tail], new[head : len(new) - tail]
    first = start + head
    if not gone and not come:
        return f"{old[0]}{start}{old[0]}"
    if not gone:
        return _insertion(start, old, head, come)
    if len(gone) == len(come) == 1:
        return f"{gone}{first}{come}"
    where = f"{gone[0]}{first}" if len(gone) == 1 else f"{gone[0]}{first}_{gone[-1]}{first + len(gone) - 1}"
    return f"{where}delins{come}" if come else f"{where}del"


def _insertion(start: int, old: str, head: int, come: str) -> str:
    before = f"{old[head - 1]}{start + head - 1}" if head else f"{start - 1}"
    after = f"{old[head] if head < len(old) else ''}{start + head}"
    return f"{before}_{after}ins{come}"


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count
