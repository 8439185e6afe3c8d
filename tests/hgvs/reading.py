"""Reads HGVS names back and applies them, in the plainest way and without the code that writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from annotations.engine.hgvs.genetic_code import THREE_LETTERS
from annotations.engine.transcripts import Transcript

COMPLEMENT = str.maketrans("ACGT", "TGCA")
ONE_LETTER = {name: letter for letter, name in THREE_LETTERS.items()}
_BASE = r"[-*]?\d+(?:[+-]\d+)?"
_DNA = re.compile(rf"({_BASE})(?:_({_BASE}))?(?:([ACGT])>([ACGT])|(del)?(ins)?([ACGT]+)?|(dup|inv))", re.ASCII)
_AA = r"([A-Z][a-z]{2})(\d+)"
_PROTEIN = re.compile(rf"p\.\({_AA}(?:_{_AA})?(.*)\)", re.ASCII)


class Naive:
    """A transcript base by base: what each genomic position is called, in the transcript's direction."""

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript
        every = range(transcript.start, transcript.end + 1)
        self.order = list(reversed(every) if transcript.reverse else every)
        self.exonic = [p for p in self.order if any(a <= p <= b for a, b in transcript.exons)]
        self.coding = (
            [p for p in self.exonic if transcript.coding[0] <= p <= transcript.coding[1]] if transcript.coding else []
        )
        names = self._exon_names()
        self.names = names | self._intron_names(names)
        self.places: Mapping[str, int] = {name: place for place, name in self.names.items()}
        assert len(self.places) == len(self.order)

    def _exon_names(self) -> dict[int, str]:
        if not self.coding:
            return {place: str(number) for number, place in enumerate(self.exonic, start=1)}
        first, last = self.exonic.index(self.coding[0]), self.exonic.index(self.coding[-1])
        return {
            place: f"-{first - at}" if at < first else f"*{at - last}" if at > last else str(at - first + 1)
            for at, place in enumerate(self.exonic)
        }

    def _intron_names(self, names: Mapping[int, str]) -> dict[int, str]:
        found: dict[int, str] = {}
        for before, after in zip(self.exonic, self.exonic[1:], strict=False):
            intron = self.order[self.order.index(before) + 1 : self.order.index(after)]
            half = (len(intron) + 1) // 2
            found |= {place: f"{names[before]}+{at}" for at, place in enumerate(intron[:half], start=1)}
            found |= {place: f"{names[after]}-{at}" for at, place in enumerate(reversed(intron[half:]), start=1)}
        return found


def apply_dna(name: str, genome: str, places: Mapping[str, int], *, reverse: bool) -> str:
    """The genome after the change; ``places`` are 1-based positions by label."""
    if name.endswith("="):
        return genome
    found = _DNA.fullmatch(name)
    assert found, name
    first, last, old, new, removes, inserts, bases, whole = found.groups()
    places_of = sorted({places[first], places[last or first]})
    start, end = places_of[0] - 1, places_of[-1]
    here = genome[start:end]

    def written(bases: str) -> str:
        return bases.translate(COMPLEMENT)[::-1] if reverse else bases

    if old:
        assert here == written(old)
        put = written(new)
    elif whole:
        put = here + here if whole == "dup" else here.translate(COMPLEMENT)[::-1]
    elif removes:
        put = written(bases or "")
        assert bool(inserts) == bool(bases)
    else:
        assert inserts
        assert end == start + 2
        put = here[0] + written(bases) + here[1]
    return genome[:start] + put + genome[end:]


def apply_protein(name: str, protein: str) -> tuple[str, int | None]:
    """The protein after the change as far as the name tells it, and its whole length where it tells only that."""
    found = _PROTEIN.fullmatch(name)
    assert found, name
    residue, number, residue_to, number_to, rest = found.groups()
    start, end = int(number) - 1, int(number_to or number)
    assert protein[start] == ONE_LETTER[residue]
    assert protein[end - 1] == ONE_LETTER[residue_to or residue]
    if rest == "=":
        return protein, len(protein)
    if rest.startswith("ins"):
        changed = protein[: start + 1] + _letters(rest[3:]) + protein[end - 1 :]
    elif rest == "dup":
        changed = protein[:end] + protein[start:end] + protein[end:]
    elif rest.startswith("del"):
        changed = protein[:start] + _letters(rest[6:]) + protein[end:]
    elif shifted := re.fullmatch(r"([A-Z][a-z]{2})(?:fs|ext)Ter(\d+|\?)", rest):
        beyond = 0 if "fs" in rest else 1
        length = None if shifted[2] == "?" else start + int(shifted[2]) + beyond
        return protein[:start] + ONE_LETTER[shifted[1]], length
    else:
        changed = protein[:start] + ONE_LETTER[rest] + protein[end:]
    changed = changed[: changed.index("*") + 1] if "*" in changed else changed
    return changed, len(changed)


def _letters(residues: str) -> str:
    return "".join(ONE_LETTER[residues[at : at + 3]] for at in range(0, len(residues), 3))
