"""An installed reference: sequence, genes and annotation sources, as a directory with a ``manifest.json``.

    NAME/manifest.json       what this module reads; names every other file with its size and SHA-256
    NAME/*.fa, *.fa.fai      the sequence, uncompressed, with the index of ``samtools faidx``
    NAME/genes/*.gff3        the genes, one file a contig, in the form ``bcftools csq`` reads
    NAME/sources/*.tsv.gz    the sources: BGZF with a ``.tbi``; CHROM POS REF ALT, or CHROM START END where they are
                             matched by place, and one column a field

The manifest's entry of a source may leave out ``match`` (it is "allele" then).

Positions are 1-based and inclusive in ``Gene``, 0-based and half-open in ``ReferenceSequence``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from annotations.engine.errors import ReferenceBroken
from annotations.engine.fasta_index import read_fasta_index
from annotations.engine.genes import Gene, read_genes

if TYPE_CHECKING:
    from annotations.engine.sequence import ReferenceSequence

__all__ = [
    "Contig",
    "Gene",
    "Reference",
    "Source",
    "SourceField",
    "find_references",
    "load_reference",
    "sha256_of",
    "verify_reference",
]

MANIFEST = "manifest.json"
MANIFEST_FORMAT = 1
MATCHES = ("allele", "position", "overlap")


@dataclass(frozen=True)
class Contig:
    """One sequence of the reference; ``genetic_code`` is the number of NCBI's table, ``gff`` its genes if any."""

    name: str
    length: int
    aliases: tuple[str, ...] = ()
    genetic_code: int = 1
    circular: bool = False
    gff: Path | None = None

    @property
    def mitochondrial(self) -> bool:
        """Whether it is a vertebrate's mitochondrial genome: HGVS writes its alleles with ``m.``."""
        return self.circular and self.genetic_code == 2


@dataclass(frozen=True)
class SourceField:
    """One INFO field a source adds; ``role`` is "disease", "status", "rating", "count", "frequency" or ""."""

    info: str
    number: str
    type: str
    description: str
    role: str = ""


@dataclass(frozen=True)
class Source:
    """One table of annotations, and how it is matched.

    ``match`` is one of MATCHES: "allele" by CHROM, POS, REF and ALT after normalisation, "position" by the record's
    POS, "overlap" by the bases that the record changes. ``known`` says that a record found in it counts as known.
    """

    name: str
    version: str
    citation: str
    licence: str
    file: Path
    records: int
    sha256: str
    fields: tuple[SourceField, ...]
    known: bool = True
    match: str = "allele"

    @property
    def unit(self) -> str:
        """What one line of the table is: "allele", "position" or "interval"."""
        return {"overlap": "interval"}.get(self.match, self.match)


@dataclass(frozen=True)
class Reference:
    """An installed reference. ``note`` is a sentence for people, e.g. "Covers mitochondrial DNA only."."""

    name: str
    assembly: str
    title: str
    note: str
    directory: Path
    fasta: Path
    contigs: tuple[Contig, ...]
    sources: tuple[Source, ...]
    transcripts: int
    citations: tuple[str, ...]

    def contig_names(self) -> Mapping[str, Contig]:
        """Every name and alias with its contig; a contig's own name wins over another's alias."""
        names = {contig.name: contig for contig in self.contigs}
        for contig in self.contigs:
            for alias in contig.aliases:
                names.setdefault(alias, contig)
        return names

    def gff_for(self, contigs: Iterable[str]) -> list[Path]:
        """The GFF3 files of these contigs; a contig without genes has none."""
        return [found.gff for found in map(self._contig, contigs) if found.gff is not None]

    def genes(self, contig: str) -> list[Gene]:
        """The contig's genes in the order of the GFF."""
        gff = self._contig(contig).gff
        return [] if gff is None else read_genes(gff)

    def sequence(self, contig: str) -> ReferenceSequence:
        """The contig's bases; KeyError when the reference has no contig of this name."""
        return self._sequences[contig]

    def _contig(self, name: str) -> Contig:
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, Contig]:
        return {contig.name: contig for contig in self.contigs}

    @cached_property
    def _sequences(self) -> dict[str, ReferenceSequence]:
        # Whoever only asks what is installed needs neither the bases nor NumPy.
        from annotations.engine.sequence import open_sequences  # noqa: PLC0415

        return open_sequences(self.fasta, read_fasta_index(Path(f"{self.fasta}.fai")))


def load_reference(directory: Path) -> Reference:
    """Read a reference's manifest and check that its files are there.

    Checksums are left to :func:`verify_reference`. Raises ReferenceBroken when the manifest or a file is
    missing, or the manifest is not what this version writes.
    """
    try:
        manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ReferenceBroken(f"The reference {directory.name} has no {MANIFEST}. Install it again.") from error
    except (OSError, ValueError) as error:
        raise ReferenceBroken(f"The {MANIFEST} of the reference {directory.name} cannot be read.") from error
    try:
        reference = _from_manifest(directory, manifest)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ReferenceBroken(
            f"The {MANIFEST} of the reference {directory.name} is malformed ({type(error).__name__}: {error})."
        ) from error
    _check_contigs(reference)
    return reference


def find_references(
    directories: Sequence[Path], on_broken: Callable[[Path, ReferenceBroken], None] | None = None
) -> list[Reference]:
    """The references installed in these directories, by name within each; the first of two namesakes wins.

    A broken one raises ReferenceBroken, or is handed to ``on_broken`` and left out. Names that begin with a
    dot are installs under way.
    """
    found: dict[str, Reference] = {}
    for parent in directories:
        if not parent.is_dir():
            continue
        for directory in sorted(parent.iterdir()):
            if directory.name.startswith(".") or not (directory / MANIFEST).is_file():
                continue
            try:
                reference = load_reference(directory)
            except ReferenceBroken as error:
                if on_broken is None:
                    raise
                on_broken(directory, error)
            else:
                found.setdefault(reference.name, reference)
    return list(found.values())


def verify_reference(reference: Reference) -> int:
    """Compare every file with the manifest's size and SHA-256; answers how many were checked.

    Raises ReferenceBroken naming each file that differs or is missing.
    """
    files = json.loads((reference.directory / MANIFEST).read_text(encoding="utf-8"))["files"]
    wrong = []
    for name, expected in files.items():
        path = reference.directory / name
        if not path.is_file():
            wrong.append(f"{name} is missing")
        elif path.stat().st_size != expected["size"] or sha256_of(path) != expected["sha256"]:
            wrong.append(f"{name} has changed")
    if wrong:
        raise ReferenceBroken(f"The reference {reference.name} is damaged: {', '.join(wrong)}. Install it again.")
    return len(files)


def sha256_of(path: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _from_manifest(directory: Path, manifest: Mapping[str, Any]) -> Reference:
    if manifest["format"] != MANIFEST_FORMAT:
        raise ValueError(f"format {manifest['format']} is not known")
    files: Mapping[str, Mapping[str, Any]] = manifest["files"]

    def inside(name: str) -> Path:
        path = Path(name)
        if path.is_absolute() or ".." in path.parts or name not in files:
            raise ValueError(f"{name} is not one of the listed files")
        return directory / path

    for name in files:
        if not inside(name).is_file():
            raise ReferenceBroken(f"The reference {directory.name} lacks {name}. Install it again.")
    contigs = tuple(_contig(entry, inside) for entry in manifest["contigs"])
    sources = tuple(_source(entry, inside, files) for entry in manifest["sources"])
    inside(manifest["fasta"] + ".fai")
    return Reference(
        name=str(manifest["name"]),
        assembly=str(manifest["assembly"]),
        title=str(manifest["title"]),
        note=str(manifest["note"]),
        directory=directory,
        fasta=inside(manifest["fasta"]),
        contigs=contigs,
        sources=sources,
        transcripts=int(manifest["transcripts"]),
        citations=tuple(manifest["citations"]),
    )


def _contig(entry: Mapping[str, Any], inside: Callable[[str], Path]) -> Contig:
    return Contig(
        name=str(entry["name"]),
        length=int(entry["length"]),
        aliases=tuple(entry["aliases"]),
        genetic_code=int(entry["genetic_code"]),
        circular=bool(entry["circular"]),
        gff=inside(entry["genes"]) if entry["genes"] else None,
    )


def _source(entry: Mapping[str, Any], inside: Callable[[str], Path], files: Mapping[str, Mapping[str, Any]]) -> Source:
    inside(entry["file"] + ".tbi")
    match = entry.get("match", "allele")
    if match not in MATCHES:
        raise ValueError(f"{match} is no way to match a source")
    return Source(
        name=str(entry["name"]),
        version=str(entry["version"]),
        citation=str(entry["citation"]),
        licence=str(entry["licence"]),
        file=inside(entry["file"]),
        records=int(entry["records"]),
        sha256=str(files[entry["file"]]["sha256"]),
        fields=tuple(SourceField(**field) for field in entry["fields"]),
        known=bool(entry["known"]),
        match=match,
    )


def _check_contigs(reference: Reference) -> None:
    index = read_fasta_index(Path(f"{reference.fasta}.fai"))
    if {contig.name: contig.length for contig in reference.contigs} != {n: e.length for n, e in index.items()}:
        raise ReferenceBroken(f"The manifest of the reference {reference.name} and its FASTA name different contigs.")
