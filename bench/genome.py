"""Makes the generated genome of the benchmarks: one chromosome, its transcripts, two sources, variants.

Everything follows from the seed, so anyone can make the same files again.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SEED = 20_261_122
CONTIG = "21"
LENGTH = 51_000_000
TRANSCRIPTS = 3_500
SOURCE_ALLELES = 400_000
FASTA_LINE = 60
LETTERS = np.frombuffer(b"ACGT", dtype=np.uint8)


@dataclass(frozen=True)
class Genome:
    """Where the generated files lie."""

    fasta: Path
    gff: Path
    sources: tuple[Path, Path]


def make_genome(directory: Path) -> Genome:
    """Write FASTA, GFF3 and two sources below ``directory``, unless they are there."""
    genome = Genome(directory / "genome.fa", directory / "genome.gff3", (directory / "af.vcf", directory / "calls.vcf"))
    if all(path.is_file() for path in (genome.fasta, genome.gff, *genome.sources)):
        return genome
    directory.mkdir(parents=True, exist_ok=True)
    sequence = make_sequence()
    _write_fasta(genome.fasta, sequence)
    _write_gff(genome.gff)
    _write_source(genome.sources[0], sequence, "AF", "Float")
    _write_source(genome.sources[1], sequence, "CALL", "String")
    return genome


def make_sequence() -> NDArray[np.uint8]:
    """Return the chromosome's letters."""
    return LETTERS[np.random.default_rng(SEED).integers(0, 4, LENGTH)]


def _write_fasta(path: Path, sequence: NDArray[np.uint8]) -> None:
    with path.open("wb") as file:
        file.write(f">{CONTIG}\n".encode())
        rows = sequence[: LENGTH // FASTA_LINE * FASTA_LINE].reshape(-1, FASTA_LINE)
        breaks = np.full((len(rows), 1), ord("\n"), dtype=np.uint8)
        file.write(np.hstack([rows, breaks]).tobytes())
        rest = sequence[len(rows) * FASTA_LINE :].tobytes()
        file.write(rest + b"\n" if rest else b"")


def _write_gff(path: Path) -> None:
    """Write transcripts evenly along the chromosome, 4 to 12 exons each, both strands, UTRs at the ends."""
    dice = random.Random(SEED)
    with path.open("w") as file:
        file.write(f"##gff-version 3\n##sequence-region {CONTIG} 1 {LENGTH}\n")
        for number in range(TRANSCRIPTS):
            start = 10_000 + number * (LENGTH - 20_000) // TRANSCRIPTS
            _write_transcript(file.write, number, start, dice)


def _write_transcript(write: Callable[[str], object], number: int, start: int, dice: random.Random) -> None:
    strand = dice.choice("+-")
    exons: list[tuple[int, int]] = []
    position = start
    for _ in range(dice.randint(4, 12)):
        length = dice.randint(20, 70) * 3
        exons.append((position, position + length - 1))
        position += length + dice.randint(200, 700)
    first, last = exons[0][0], exons[-1][1]
    gene, transcript = f"gene:G{number:05}", f"transcript:T{number:05}"
    row = f"{CONTIG}\tbench\t{{}}\t{{}}\t{{}}\t.\t{strand}\t{{}}\t{{}}\n"
    write(row.format("gene", first, last, ".", f"ID={gene};Name=GENE{number:05};biotype=protein_coding"))
    write(row.format("mRNA", first, last, ".", f"ID={transcript};Parent={gene};biotype=protein_coding"))
    for begin, end in exons:
        write(row.format("exon", begin, end, ".", f"Parent={transcript}"))
    coding = [(exons[0][0] + 30, exons[0][1]), *exons[1:-1], (exons[-1][0], exons[-1][1] - 30)]
    for begin, end in coding:  # every piece is a multiple of three, so each begins in phase
        write(row.format("CDS", begin, end, "0", f"Parent={transcript}"))


def _write_source(path: Path, sequence: NDArray[np.uint8], field: str, kind: str) -> None:
    numbers = np.random.default_rng(SEED + len(field))
    positions = np.unique(numbers.integers(1, LENGTH, SOURCE_ALLELES))
    references = sequence[positions - 1]
    alternates = _other_letters(references, numbers)
    with path.open("w") as file:
        file.write(f"##fileformat=VCFv4.2\n##contig=<ID={CONTIG},length={LENGTH}>\n")
        file.write(f'##INFO=<ID={field},Number=A,Type={kind},Description="Generated">\n')
        file.write("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
        values = ("benign", "likely_benign", "uncertain", "pathogenic")
        for row, (at, reference, alternate) in enumerate(zip(positions, references, alternates, strict=True)):
            value = f"{(row % 9973) / 9973:.5f}" if kind == "Float" else values[row % 4]
            file.write(f"{CONTIG}\t{at}\t.\t{chr(reference)}\t{chr(alternate)}\t.\t.\t{field}={value}\n")


def _other_letters(references: NDArray[np.uint8], numbers: np.random.Generator) -> NDArray[np.uint8]:
    """Return for each letter one of the three others."""
    codes = np.searchsorted(LETTERS, references)
    letters: NDArray[np.uint8] = LETTERS[(codes + numbers.integers(1, 4, len(codes))) % 4]
    return letters


def make_variants(path: Path, records: int) -> Path:
    """Write ``records`` variants of one sample along the chromosome (nine in ten substitutions), unless there."""
    if path.is_file():
        return path
    sequence = make_sequence()
    numbers = np.random.default_rng(SEED + records)
    positions = np.sort(numbers.choice(np.arange(1_000, LENGTH - 1_000, 5), records, replace=False))
    references = sequence[positions - 1]
    alternates = _other_letters(references, numbers)
    kinds = numbers.integers(0, 20, records)
    partial = path.with_suffix(".partial")
    with partial.open("w") as file:
        file.write("##fileformat=VCFv4.2\n")
        file.write(f"##contig=<ID={CONTIG},length={LENGTH}>\n")
        file.write('##INFO=<ID=DP,Number=1,Type=Integer,Description="Depth">\n')
        file.write('##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n')
        file.write("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tSAMPLE\n")
        text = sequence.tobytes().decode()
        for at, reference, alternate, kind in zip(positions, references, alternates, kinds, strict=True):
            ref, alt = chr(reference), chr(alternate)
            if kind == 0:
                ref, alt = text[at - 1 : at + 2], ref
            elif kind == 1:
                alt = ref + "ACG"[at % 3] + alt
            file.write(f"{CONTIG}\t{at}\t.\t{ref}\t{alt}\t{at % 97 + 3}\tPASS\tDP={at % 61 + 4}\tGT\t0/1\n")
    partial.rename(path)
    return path
