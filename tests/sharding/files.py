"""Three very different files on the generated genome."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from annotations.engine.task import Task
from tests.sharding import genome

#: Contigs that the genome lacks; one of them is declared.
STRANGE = ("un1", "un2", "odd+1")


def many_contigs(path: Path) -> None:
    """All contigs under names of their own, and some that the reference lacks, which are set aside."""
    dice = random.Random(1)
    contigs = (*genome.LENGTHS, *STRANGE)
    lines = [line for contig in contigs for line in genome.records(dice, contig, 70)]
    path.write_text(genome.header(("1", "un1")) + "\n".join(lines) + "\n")


def haplotypes(path: Path) -> None:
    """Three samples with phased genotypes, several changes a codon."""
    dice = random.Random(2)
    lines = [line for contig in ("1", "4", "MT") for line in genome.records(dice, contig, 40, 3, phased=True)]
    path.write_text(genome.header(samples=3) + "\n".join(lines) + "\n")


def unsorted(path: Path) -> None:
    """A crowd of indels in a repeat, several records a position, contigs mixed; nothing in order."""
    dice = random.Random(3)
    lines = [line for contig in ("1", "2", "un1") for line in genome.records(dice, contig, 90, 1)]
    bases, (first, _) = genome.sequences()["1"], genome.REPEAT
    lines = [line for line in lines if not _far_in_the_repeat(line)]
    for at in range(first + 20, first + 250, 7):
        ref, alt = (bases[at - 1 : at + 8], bases[at - 1]) if at % 2 else (bases[at - 1], bases[at - 1 : at + 8])
        lines.append(f"1\t{at}\t.\t{ref}\t{alt}\t.\tPASS\tDP=3\tGT\t0/1")
    dice.shuffle(lines)
    path.write_text(genome.header(samples=1) + "\n".join(lines) + "\n")


def _far_in_the_repeat(line: str) -> bool:
    contig, position = line.split("\t", 2)[:2]
    return contig == "1" and genome.REPEAT[0] + 250 < int(position) <= genome.REPEAT[1] + 20


FILES: dict[str, Callable[[Path], None]] = {
    "many contigs": many_contigs,
    "haplotypes": haplotypes,
    "unsorted": unsorted,
}


def task(name: str, reference: Path, directory: Path) -> Task:
    """Write one of the files and answer the task to annotate it."""
    source = directory / "in.vcf"
    FILES[name](source)
    return Task(source, "in.vcf", reference, directory / "out", haplotype_aware=name == "haplotypes")
