"""What a new reference must do before it is put in place: be readable by its indexes and carry csq through."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pysam

from annotations.engine.bcftools import command
from annotations.engine.errors import ReferenceRefused
from annotations.engine.install.normalise import ROOT
from annotations.engine.reference import Contig, Reference

#: GFF text handed to one csq, in bytes: its memory is about six times that.
BATCH_BYTES = 64 << 20


def self_test(reference: Reference) -> None:
    """Raises ReferenceRefused with the first thing that does not work."""
    _check_fasta(reference)
    for source in reference.sources:
        check_table(source.name, source.file)
    for batch in _batches(reference):
        _check_csq(reference, batch)


def check_table(name: str, file: Path) -> None:
    """Raises ReferenceRefused when the table of the source ``name`` cannot be read by its index."""
    with pysam.TabixFile(str(file)) as table:
        if not all(any(True for _ in table.fetch(contig)) for contig in table.contigs):
            raise ReferenceRefused(f"The source {name} cannot be read by its index.")


def _check_fasta(reference: Reference) -> None:
    with pysam.FastaFile(str(reference.fasta)) as fasta:
        for contig in reference.contigs:
            last = fasta.fetch(contig.name, contig.length - 1, contig.length).upper().encode()
            ours = reference.sequence(contig.name).fetch(contig.length - 1, contig.length)
            if fasta.get_reference_length(contig.name) != contig.length or last != ours or len(last) != 1:
                raise ReferenceRefused(f"The contig {contig.name} cannot be read by the index of the FASTA.")


def _batches(reference: Reference) -> Iterator[list[Contig]]:
    """Contigs of one genetic code, with genes, as many as one csq shall load."""
    batch: list[Contig] = []
    size = 0
    for contig in sorted((c for c in reference.contigs if c.gff), key=lambda c: c.genetic_code):
        assert contig.gff is not None  # noqa: S101  (the line above chose those)
        weight = contig.gff.stat().st_size
        if batch and (batch[0].genetic_code != contig.genetic_code or size + weight > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(contig)
        size += weight
    if batch:
        yield batch


def _check_csq(reference: Reference, batch: list[Contig]) -> None:
    """Run csq over a made-up substitution in each contig's first coding (or else first) exon."""
    code = batch[0].genetic_code
    with tempfile.TemporaryDirectory(prefix="gas-selftest-") as scratch:
        vcf, gff, out = (Path(scratch) / name for name in ("in.vcf", "genes.gff3", "out.vcf"))
        variants = [line for contig in batch if (line := _made_up(reference, contig))]
        header = [f"##contig=<ID={c.name},length={c.length}>\n" for c in batch]
        columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        vcf.write_text("".join(["##fileformat=VCFv4.2\n", *header, columns, *variants]), encoding="utf-8")
        with gff.open("wb") as joined:
            for path in reference.gff_for(c.name for c in batch):
                joined.write(path.read_bytes())
        arguments = ["csq", "-l", "-C", str(code), "-f", str(reference.fasta), "-g", str(gff), "-Ov", "-o", str(out)]
        ran = subprocess.run(command(*arguments, str(vcf)), capture_output=True, check=False, cwd=ROOT)
        if ran.returncode:
            said = ran.stderr.decode("utf-8", "replace")
            raise ReferenceRefused(f"bcftools csq cannot use the genes with genetic code {code}: {_reason(said)}")
        if variants and "BCSQ=" not in out.read_text(encoding="utf-8"):
            names = ", ".join(c.name for c in batch[:3])
            raise ReferenceRefused(f"bcftools csq finds no consequence in an exon of {names}. Check the GFF's exons.")


def _made_up(reference: Reference, contig: Contig) -> str:
    assert contig.gff is not None  # noqa: S101  (only contigs with genes are asked)
    place: tuple[int, int] | None = None
    with contig.gff.open(encoding="utf-8") as lines:
        for line in lines:
            columns = line.split("\t", 5)
            if len(columns) < 6 or columns[2] not in {"CDS", "exon"}:
                continue
            if place is None or columns[2] == "CDS":
                place = int(columns[3]), int(columns[4])
            if columns[2] == "CDS":
                break
    if place is None:
        return ""
    position = sum(place) // 2
    base = reference.sequence(contig.name).fetch(position - 1, position).decode()
    alt = {"A": "C", "C": "T", "G": "A", "T": "G"}.get(base, "")
    return f"{contig.name}\t{position}\t.\t{base}\t{alt}\t.\t.\t.\n" if alt else ""


def _reason(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    wanted = [line for line in lines if not line.startswith(("Parsing ", "Indexed ", "Calling", "Warning:", "Note:"))]
    return wanted[0].removeprefix("Error: ").rstrip(".") + "." if wanted else "it gave no reason."
