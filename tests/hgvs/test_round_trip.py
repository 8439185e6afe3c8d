"""A name, read back and applied to the reference, gives the alternate sequence it was made of."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from itertools import product

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotations.engine.hgvs.genetic_code import genetic_code
from annotations.engine.hgvs.genomic import genomic_name
from annotations.engine.hgvs.names import TranscriptNamer
from annotations.engine.transcripts import Transcript
from tests.hgvs.reading import COMPLEMENT, Naive, apply_dna, apply_protein

STOPS = {"TAA", "TAG", "TGA", "AGA", "AGG"}
CODON = {code: genetic_code(code).amino_acids for code in (1, 2)}


@dataclass(frozen=True)
class Genome:
    """A contig in memory."""

    text: str

    def __len__(self) -> int:
        return len(self.text)

    def fetch(self, start: int, end: int) -> bytes:
        return self.text[start:end].encode()


@dataclass(frozen=True)
class Case:
    """A transcript on a contig and an allele of it."""

    genome: Genome
    transcript: Transcript
    pos: int
    ref: str
    alt: str
    code: int


def made(dice: random.Random) -> Case:
    """A transcript of up to four exons, and an allele near one of its edges or anywhere."""
    letters = dice.choice(["ACGT", "ACGT", "AG", "CA", "A"])
    exons, at = [], dice.randint(5, 12)
    for _ in range(dice.randint(1, 4)):
        size = dice.randint(4, 30)
        exons.append((at, at + size - 1))
        at += size + dice.randint(5, 12)
    genome = [dice.choice(letters) for _ in range(at + 5)]
    exonic = [p for first, last in exons for p in range(first, last + 1)]
    reverse = dice.random() < 0.5
    coding = None
    if len(exonic) >= 12 and dice.random() < 0.85:
        size = dice.randint(2, len(exonic) // 3) * 3
        begin = dice.randint(0, len(exonic) - size)
        edges = exonic[begin : begin + size]
        coding = edges[0], edges[-1]
        codons = [codon for codon in map("".join, product(letters, repeat=3)) if codon not in STOPS]
        bases = "".join(["ATG", *dice.choices(codons, k=size // 3 - 2), "TAA"])
        for place, base in zip(edges[::-1] if reverse else edges, bases, strict=True):
            genome[place - 1] = base.translate(COMPLEMENT) if reverse else base
    text = "".join(genome)
    transcript = Transcript("T", "G", reverse, "protein_coding", tuple(exons), coding)
    edges = [p + step for exon in exons for p in exon for step in (-3, -2, -1, 0, 1, 2)]
    edges += [p + step for p in coding or () for step in (-3, -2, -1, 0, 1, 2)]
    pos = dice.choice(edges) if dice.random() < 0.7 else dice.randint(2, len(text) - 3)
    pos = min(max(pos, 1), len(text) - 1)
    ref = text[pos - 1 : min(pos - 1 + dice.choice([1, 1, 1, 2, 3, 4, 7]), len(text) - 1)]
    alt = "".join(dice.choice(letters if dice.random() < 0.6 else "ACGT") for _ in range(dice.choice([0, 1, 2, 3, 6])))
    alt = dice.choice([ref[0] + alt, alt or ref[0], ref + alt, ref[0], ref.translate(COMPLEMENT)[::-1]])
    return Case(Genome(text), transcript, pos, ref, alt, dice.choice([1, 2]))


def altered(case: Case) -> str:
    text = case.genome.text
    return text[: case.pos - 1] + case.alt + text[case.pos - 1 + len(case.ref) :]


@settings(max_examples=1_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**48).map(lambda seed: made(random.Random(seed))))
def test_a_genomic_name_gives_back_the_alternate_sequence(case: Case) -> None:
    name = genomic_name(case.pos, case.ref, case.alt, case.genome, mitochondrial=False)
    places = {str(place): place for place in range(1, len(case.genome) + 1)}
    assert apply_dna(name.removeprefix("g."), case.genome.text, places, reverse=False) == altered(case)


@settings(max_examples=3_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**48).map(lambda seed: made(random.Random(seed))))
def test_a_name_on_a_transcript_gives_back_the_alternate_sequence(case: Case) -> None:
    naive = Naive(case.transcript)
    names = TranscriptNamer(case.transcript, case.genome, genetic_code(case.code)).names(case.pos, case.ref, case.alt)
    if not names.coding:
        # HGVS names nothing beyond the transcript's ends; the changed bases, or those beside an insertion, reach there.
        reach = range(case.pos - 1, case.pos + len(case.ref) + 1)
        assert min(reach) < case.transcript.start or max(reach) > case.transcript.end
        return
    kind, _, name = names.coding.partition(".")
    assert kind == ("c" if case.transcript.coding else "n")
    assert apply_dna(name, case.genome.text, naive.places, reverse=case.transcript.reverse) == altered(case)


@settings(max_examples=1_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**48).map(lambda seed: made(random.Random(seed))))
def test_no_name_could_stand_one_base_further_to_the_3_prime_end(case: Case) -> None:
    naive = Naive(case.transcript)
    names = TranscriptNamer(case.transcript, case.genome, genetic_code(case.code)).names(case.pos, case.ref, case.alt)
    label, _, kind = names.coding[2:].partition("d")
    if kind not in ("el", "up"):
        return
    ends = [naive.order.index(naive.places[part]) for part in label.split("_")]
    if ends[-1] + 1 == len(naive.order):
        return
    further = "_".join(naive.names[naive.order[end + 1]] for end in ends)
    moved = apply_dna(f"{further}d{kind}", case.genome.text, naive.places, reverse=case.transcript.reverse)
    assert moved != altered(case)


def spliced(text: str, exons: list[tuple[int, int]], *, reverse: bool) -> str:
    joined = "".join(text[first - 1 : last] for first, last in exons)
    return joined.translate(COMPLEMENT)[::-1] if reverse else joined


def translated(bases: str, code: int) -> str:
    residues = ""
    if code == 2 and bases[len(bases) // 3 * 3 :] in ("T", "TA"):
        bases += "AA"  # the poly(A) tail completes the stop
    for at in range(0, len(bases) - 2, 3):
        residues += CODON[code][bases[at : at + 3]]
        if residues[-1] == "*":
            break
    return "M" + residues[1:]


def proteins(case: Case) -> tuple[str, str]:
    """Before and after, where the change lies within one exon and behind the first codon."""
    transcript = case.transcript
    assert transcript.coding
    grown = len(case.alt) - len(case.ref)
    before = spliced(case.genome.text, list(transcript.exons), reverse=transcript.reverse)
    exons = [(a + grown * (a > case.pos), b + grown * (b >= case.pos)) for a, b in transcript.exons]
    after = spliced(altered(case), exons, reverse=transcript.reverse)
    start = transcript.coding[1 if transcript.reverse else 0]
    coding = Naive(transcript).exonic.index(start)
    ahead = case.pos > start if transcript.reverse else case.pos + len(case.ref) <= start
    return translated(before[coding:], case.code), translated(after[coding + grown * ahead :], case.code)


@settings(max_examples=2_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**48).map(lambda seed: made(random.Random(seed))))
def test_the_change_of_the_protein_gives_back_the_protein_that_is_translated(case: Case) -> None:
    transcript = case.transcript
    names = TranscriptNamer(transcript, case.genome, genetic_code(case.code)).names(case.pos, case.ref, case.alt)
    name = names.protein
    inside = any(a < case.pos and case.pos + len(case.ref) <= b for a, b in transcript.exons)
    if not transcript.coding or not inside or name in ("", "p.?", "p.(Met1?)"):
        return
    around = range(case.pos - 1, case.pos + len(case.ref) + 1)
    if not {*around}.isdisjoint(Naive(transcript).coding[:3]) or re.match(r"c\.[1-3](?!\d)", names.coding):
        return  # which start codon counts is tried by test_recommendations
    before, after = proteins(case)
    told, length = apply_protein(name, before)
    if told.endswith("*") or length == len(told):
        assert told == after
    else:
        assert after.startswith(told)
        assert (len(after) if after.endswith("*") else None) == length
