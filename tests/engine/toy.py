"""A toy genome of two contigs, small enough to break one thing at a time."""

from __future__ import annotations

from pathlib import Path

#: ATG GCC AAA TTT CCC GGG TGA from base 11 of chr1, in one exon; MT has no gene.
CHR1 = "ACGTACGTAC" + "ATGGCCAAATTTCCCGGGTGA" + "GATTACAGATTACA"
MT = "CCCCCTTTTTGGGGGAAAAA"
FASTA = f">chr1 a toy\n{CHR1[:20]}\n{CHR1[20:40]}\n{CHR1[40:]}\n>MT\n{MT}\n"
GENE = "chr1\ttoy\tgene\t11\t31\t.\t+\t.\tID=gene:G1;Name=TOY;biotype=protein_coding"
TRANSCRIPT = "chr1\ttoy\tmRNA\t11\t31\t.\t+\t.\tID=transcript:T1;Parent=gene:G1;biotype=protein_coding"
EXON = "chr1\ttoy\texon\t11\t31\t.\t+\t.\tParent=transcript:T1"
CDS = "chr1\ttoy\tCDS\t11\t31\t.\t+\t0\tParent=transcript:T1"
GFF = "\n".join(["##gff-version 3", GENE, TRANSCRIPT, EXON, CDS]) + "\n"
HEADER = (
    "##fileformat=VCFv4.2\n##fileDate=20250102\n"
    '##INFO=<ID=AF,Number=A,Type=Float,Description="Fraction, of people">\n'
    '##INFO=<ID=CLNDN,Number=.,Type=String,Description="Diseases">\n'
    '##INFO=<ID=SEEN,Number=0,Type=Flag,Description="Seen">\n'
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
)


def write(directory: Path, name: str, content: str | bytes) -> Path:
    """A file with this content."""
    path = directory / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path
