"""`manage.py install_reference`: a reference of the catalogue, or one out of local files."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from annotations.engine.errors import EngineError, ReferenceRefused
from annotations.engine.install.catalogue import catalogued_names, find_catalogued
from annotations.engine.install.catalogue_install import downloading, install_catalogued
from annotations.engine.install.declarations import Declared, read_declarations
from annotations.engine.install.download import OnBytes
from annotations.engine.install.installer import About, install_reference
from annotations.engine.install.requests import SourceRequest, vcf_request
from annotations.engine.reference import Reference, find_references


class Command(BaseCommand):
    """Fetch, check, make and try a reference, then put it in place."""

    help = "Install a reference: by its name out of the catalogue, or out of a FASTA, its GFF3 and sources."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the name or the files, the sources, and what people shall read about the reference."""
        known = " or ".join(catalogued_names())
        parser.add_argument("catalogued", nargs="?", metavar="NAME", help=f"{known}, or a TOML file like theirs.")
        parser.add_argument("--mirror", default="", metavar="URL_OR_DIR", help="Take the files from here (HOST/PATH).")
        parser.add_argument(
            "--with",
            action="append",
            default=[],
            metavar="SOURCE",
            help="Install this optional source of the catalogue, too.",
        )
        parser.add_argument("--sources", action="append", default=[], type=Path, metavar="FILE.toml", help="Sources.")
        parser.add_argument("--dir", type=Path, help="Where to put it, instead of the last of REFERENCE_DIRS.")
        _add_local_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Install, saying each step; one sentence on stderr and exit code 1 when that cannot be done."""
        if bool(options["catalogued"]) == bool(options["fasta"]):
            raise CommandError("Give the NAME of a reference in the catalogue, or --name, --fasta and --gff.")
        directory = (options["dir"] or Path(settings.REFERENCE_DIRS[-1])).resolve()
        try:
            declared = [one for path in options["sources"] for one in read_declarations(path)]
            install = self._from_catalogue if options["catalogued"] else self._from_files
            reference = install(directory, declared, options)
        except EngineError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"Installed {reference.name}: {_counted(len(reference.contigs), 'contig')}, "
            f"{_counted(reference.transcripts, 'transcript')}, {_counted(len(reference.sources), 'source')}, "
            f"in {reference.directory}"
        )

    def _from_catalogue(self, directory: Path, declared: list[Declared], options: dict[str, Any]) -> Reference:
        wanted = find_catalogued(options["catalogued"])
        _refuse_taken(wanted.name, directory)
        with progress_bars() as on_bytes:
            return install_catalogued(
                wanted,
                directory=directory,
                mirror=options["mirror"],
                optional=options["with"],
                more=declared,
                say=self.stdout.write,
                on_bytes=on_bytes,
            )

    def _from_files(self, directory: Path, declared: list[Declared], options: dict[str, Any]) -> Reference:
        name = options["name"]
        if not name or not options["gff"]:
            raise CommandError("--name, --fasta and --gff go together. Add what is missing.")
        _refuse_taken(name, directory)
        with progress_bars() as on_bytes, downloading(directory, name, options["mirror"], on_bytes) as files:
            return install_reference(
                name,
                options["fasta"],
                options["gff"],
                directory=directory,
                codes=dict(options["code"]),
                sources=[*options["source"], *map(files.request, declared)],
                on_progress=self.stdout.write,
                about=About(assembly=options["assembly"], title=options["title"], note=options["note"]),
            )


def _add_local_arguments(parser: ArgumentParser) -> None:
    files = parser.add_argument_group("out of local files")
    files.add_argument("--name", help="What the reference is called, e.g. TAIR10.")
    files.add_argument("--fasta", type=Path, help="The sequence: FASTA, plain or gzip.")
    files.add_argument("--gff", type=Path, help="The genes: GFF3 like Ensembl's, plain or gzip.")
    files.add_argument(
        "--code",
        action="append",
        default=[],
        type=_code,
        metavar="CONTIG=N",
        help="NCBI's number of a contig's genetic code, where it is not 1; MT=2 for vertebrate mitochondria.",
    )
    files.add_argument(
        "--source",
        action="append",
        default=[],
        type=_source,
        metavar="NAME=FILE:FIELD,FIELD",
        help="A VCF of known alleles and the INFO fields to take; they are called NAME_FIELD in the results.",
    )
    files.add_argument("--assembly", default="", help="The assembly's full name; NAME by default.")
    files.add_argument("--title", default="", help="A line for the reference picker; NAME by default.")
    files.add_argument("--note", default="", help="A sentence on what it covers, shown beside the picker.")


@contextmanager
def progress_bars() -> Iterator[OnBytes]:
    """A bar a download on a terminal; nothing elsewhere."""
    columns = (
        *(TextColumn("{task.description}"), BarColumn(), DownloadColumn(binary_units=False)),
        *(TransferSpeedColumn(), TimeRemainingColumn()),
    )
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bars:
        rows = {}

        def show(name: str, done: int, total: int) -> None:
            if name not in rows:
                rows[name] = bars.add_task(name)
            bars.update(rows[name], completed=done, total=total or None)

        yield show


def _refuse_taken(name: str, directory: Path) -> None:
    taken = find_references([*settings.REFERENCE_DIRS, directory], lambda _directory, _error: None)
    if any(reference.name == name for reference in taken):
        raise ReferenceRefused(f"There is a reference {name} already. Choose another name.")


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _code(text: str) -> tuple[str, int]:
    contig, _, number = text.rpartition("=")
    if not contig or not number.isdecimal():
        raise ArgumentTypeError(f"{text!r} is not CONTIG=N, as in MT=2")
    return contig, int(number)


def _source(text: str) -> SourceRequest:
    name, _, rest = text.partition("=")
    file, _, fields = rest.rpartition(":")
    if not (name and file and all(fields.split(","))):
        raise ArgumentTypeError(f"{text!r} is not NAME=FILE:FIELD,FIELD, as in CLINVAR=clinvar.vcf.gz:CLNSIG,CLNDN")
    return vcf_request(name, Path(file), fields.split(","))
