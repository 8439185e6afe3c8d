"""Names put together from whole columns are the names that are made one by one."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotations.engine.fasta_index import FastaIndexEntry
from annotations.engine.gene_models import read_gene_models
from annotations.engine.hgvs.genetic_code import genetic_code
from annotations.engine.hgvs.genomic import genomic_name
from annotations.engine.hgvs.names import TranscriptNamer
from annotations.engine.placing.alleles import Alleles
from annotations.engine.placing.contig_models import ContigModels
from annotations.engine.placing.labels import position_labels
from annotations.engine.placing.names import Run, run_names
from annotations.engine.reference import Contig
from annotations.engine.results.consequence import Consequence
from annotations.engine.results.entries import Entry
from annotations.engine.sequence import ReferenceSequence
from tests.hgvs.test_round_trip import Case, made

CODING = Entry(b"", Consequence("coding_sequence_variant", "coding_sequence_variant", "MODIFIER"), protein=None)


@contextmanager
def temporary(text: str) -> Iterator[Path]:
    """A file of this text for the time of the block; Hypothesis' examples do not share one."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "genes.gff3"
        path.write_text(text, encoding="utf-8")
        yield path


def left_aligned(text: str, pos: int, ref: str, alt: str) -> tuple[int, str, str]:
    """As norm leaves it: trimmed, with the base before, leftmost."""
    while ref and alt and ref[-1] == alt[-1] and pos > 1:
        ref, alt = ref[:-1], alt[:-1]
        if not ref or not alt:
            pos -= 1
            ref, alt = text[pos - 1] + ref, text[pos - 1] + alt
    while len(ref) > 1 and len(alt) > 1 and ref[0] == alt[0]:
        ref, alt, pos = ref[1:], alt[1:], pos + 1
    return pos, ref, alt


def gff(case: Case) -> str:
    """The case's transcript as the installer would write it."""
    strand = "-" if case.transcript.reverse else "+"
    first, last = case.transcript.start, case.transcript.end
    lines = [f"1\tx\tgene\t{first}\t{last}\t.\t{strand}\t.\tID=gene:G;Name=G"]
    lines.append(f"1\tx\tmRNA\t{first}\t{last}\t.\t{strand}\t.\tID=transcript:T;Parent=gene:G;biotype=protein_coding")
    for a, b in case.transcript.exons:
        lines.append(f"1\tx\texon\t{a}\t{b}\t.\t{strand}\t.\tParent=transcript:T")
        low, high = case.transcript.coding or (1, 0)
        if max(a, low) <= min(b, high):
            lines.append(f"1\tx\tCDS\t{max(a, low)}\t{min(b, high)}\t.\t{strand}\t.\tParent=transcript:T")
    return "##gff-version 3\n" + "\n".join(lines) + "\n"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**48))
def test_columns_of_names_equal_the_names_one_by_one(seed: int) -> None:
    dice = random.Random(seed)
    case = made(dice)
    text, code = case.genome.text, genetic_code(1)
    sequence = ReferenceSequence(
        np.frombuffer(text.encode(), np.uint8), FastaIndexEntry(len(text), 0, len(text), len(text))
    )
    with temporary(gff(case)) as path:
        contig = Contig("1", len(text), gff=path)
        loaded = ContigModels(cast(Any, SimpleNamespace(sequence=lambda _name: sequence)), contig)
    assert loaded.models.transcript(0).exons == case.transcript.exons
    records = [left_aligned(text, case.pos, case.ref, case.alt)]
    for _ in range(60):
        pos = dice.randint(1, len(text) - 8)
        ref = text[pos - 1 : pos - 1 + dice.choice([1, 1, 1, 2, 3, 5])]
        alt = ref[0] + "".join(dice.choice("ACGT" if dice.random() < 0.3 else text) for _ in range(dice.randint(0, 4)))
        alt = dice.choice([alt, dice.choice("ACGT"), ref + ref[1:], text[pos - 1 : pos + 2]])
        if ref != alt:
            records.append(left_aligned(text, pos, ref, alt))
    inside = [case.transcript.start <= pos <= case.transcript.end for pos, _, _ in records]
    pairs = [(ref, alt) for _, ref, alt in records]
    size = len(records)
    run = Run(
        positions=np.array([pos for pos, _, _ in records], np.int64),
        alleles=Alleles(pairs),
        allele_codes=np.arange(size),
        entries=[CODING],
        codes=np.zeros(size, np.int64),
        transcripts=np.where(inside, 0, -1),
    )
    columns = run_names(loaded, run)
    namer = TranscriptNamer(case.transcript, case.genome, code)
    single = [namer.names(*record) for record in records]
    genomic = [genomic_name(*record, case.genome, mitochondrial=False) for record in records]
    assert columns.genomic.to_pylist() == genomic
    assert columns.coding.to_pylist() == [
        (n.coding or None) if i else None for n, i in zip(single, inside, strict=True)
    ]
    assert columns.protein.to_pylist() == [
        (n.protein or None) if i else None for n, i in zip(single, inside, strict=True)
    ]


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**48))
def test_labels_of_columns_equal_the_labels_one_by_one(seed: int) -> None:
    case = made(random.Random(seed))
    with temporary(gff(case)) as path:
        models = read_gene_models(path)
    namer = TranscriptNamer(case.transcript, case.genome, genetic_code(1))
    positions = np.arange(case.transcript.start, case.transcript.end + 1)
    size = len(case.genome)
    oriented = [size - pos if case.transcript.reverse else pos - 1 for pos in positions.tolist()]
    found = position_labels(models, np.zeros(len(positions), np.int64), positions).to_pylist()
    assert found == [namer.numbering.label(place) for place in oriented]
