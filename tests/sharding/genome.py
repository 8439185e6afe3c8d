"""A generated genome of a few small contigs with genes, repeats and variants of all kinds; everything from one seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from annotations.engine.install.installer import install_reference

LENGTHS = {"1": 60_000, "2": 40_000, "3": 9_000, "4": 3_000, "5": 2_000, "MT": 5_000}
#: A stretch of contig 1 in which an insertion or deletion of a unit moves far.
REPEAT = (30_000, 31_200)
_UNIT = "ACGTTAGC"


def sequences() -> dict[str, str]:
    """The contigs' bases."""
    dice = random.Random(20_261_125)
    bases = {name: "".join(dice.choices("ACGT", k=length)) for name, length in LENGTHS.items()}
    first, last = REPEAT
    one = bases["1"]
    bases["1"] = one[:first] + (_UNIT * 200)[: last - first] + one[last:]
    return bases


def genes() -> str:
    """GFF3: on each contig but 5 a gene of two coding exons every 4,000 bases, on both strands."""
    lines = ["##gff-version 3"]
    for contig, length in LENGTHS.items():
        for number, start in enumerate(range(501, length - 1_900, 4_000) if contig != "5" else ()):
            name, strand, end = f"{contig}.{number}", "+-"[number % 2], start + 1_799
            row = f"{contig}\tmade\t{{}}\t{{}}\t{{}}\t.\t{strand}\t{{}}\t{{}}"
            lines.append(row.format("gene", start, end, ".", f"ID=gene:G{name};Name=G{name};biotype=protein_coding"))
            about = f"ID=transcript:T{name};Parent=gene:G{name};biotype=protein_coding"
            lines.append(row.format("mRNA", start, end, ".", about))
            for first, last in ((start, start + 599), (start + 1_200, end)):
                lines.append(row.format("exon", first, last, ".", f"Parent=transcript:T{name}"))
                lines.append(row.format("CDS", first, last, "0", f"Parent=transcript:T{name}"))
    return "\n".join(lines) + "\n"


def install(directory: Path) -> Path:
    """Install it as a reference of two genetic codes; answers where."""
    fasta, gff = directory / "genome.fa", directory / "genome.gff3"
    fasta.write_text("".join(f">{name}\n{text}\n" for name, text in sequences().items()))
    gff.write_text(genes())
    return install_reference("made", fasta, gff, codes={"MT": 2}, directory=directory).directory


def records(dice: random.Random, contig: str, every: int, samples: int = 0, *, phased: bool = False) -> Iterator[str]:
    """Variants of a contig in order: nine in ten substitutions, the others of all kinds, some several a position."""
    bases = sequences().get(contig, "A" * 3_000)
    for position in range(20, len(bases) - 60, every):
        at = position + dice.randrange(every)
        ref = bases[at - 1]
        others = [base for base in "ACGT" if base != ref]
        ref, alt = _odd(dice, bases, at, others) if dice.random() < 0.1 else (ref, dice.choice(others))
        genotypes = [_genotype(dice, alt.count(",") + 1, "|" if phased else "/") for _ in range(samples)]
        columns = [contig, str(at), ".", ref, alt, str(dice.randrange(5, 900)), "PASS", f"DP={dice.randrange(1, 99)}"]
        yield "\t".join([*columns, *(["GT", *genotypes] if samples else [])])


def _odd(dice: random.Random, bases: str, at: int, others: list[str]) -> tuple[str, str]:
    ref = bases[at - 1]
    kind = dice.randrange(9)
    return (
        (bases[at - 1 : at + 2], ref),
        (bases[at - 1 : at + 30], ref),
        (ref, ref + dice.choice(("A", "ACG", bases[at : at + 12]))),
        (ref, ",".join(others)),
        (bases[at - 1 : at + 1], f"{ref},{others[0]}{bases[at]}"),
        (ref, "<DEL>"),
        (ref, f"{ref}]2:500]"),
        ("ACGT"["TGCA".index(ref)], ref),
        (ref.lower(), others[0].lower()),
    )[kind]


def _genotype(dice: random.Random, alleles: int, mark: str) -> str:
    return mark.join(str(dice.randrange(alleles + 1)) for _ in range(2))


def header(contigs: tuple[str, ...] = tuple(LENGTHS), samples: int = 0) -> str:
    """A header for these records."""
    lines = ["##fileformat=VCFv4.2", *(f"##contig=<ID={name}>" for name in contigs)]
    lines.append('##INFO=<ID=DP,Number=1,Type=Integer,Description="Depth">')
    lines.append('##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">')
    columns = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO"]
    columns += ["FORMAT", *(f"S{number}" for number in range(samples))] if samples else []
    return "\n".join([*lines, "\t".join(columns)]) + "\n"
