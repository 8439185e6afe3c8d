"""`manage.py install_reference`: make a reference out of local files."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from annotations.engine.errors import EngineError
from annotations.engine.install.installer import About, install_reference
from annotations.engine.install.requests import SourceRequest, vcf_request
from annotations.engine.reference import find_references


class Command(BaseCommand):
    """Check FASTA, GFF3 and source VCFs against each other and put a reference in place."""

    help = "Make a reference out of a FASTA, its GFF3 and, where wanted, VCFs of known alleles."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the files and what people shall read about the reference."""
        parser.add_argument("--name", required=True, help="What the reference is called, e.g. GRCh38.")
        parser.add_argument("--fasta", required=True, type=Path, help="The sequence: FASTA, plain or gzip.")
        parser.add_argument("--gff", required=True, type=Path, help="The genes: GFF3 like Ensembl's, plain or gzip.")
        parser.add_argument(
            "--code",
            action="append",
            default=[],
            type=_code,
            metavar="CONTIG=N",
            help="NCBI's number of a contig's genetic code, where it is not 1; MT=2 for vertebrate mitochondria.",
        )
        parser.add_argument(
            "--source",
            action="append",
            default=[],
            type=_source,
            metavar="NAME=FILE:FIELD,FIELD",
            help="A VCF of known alleles and the INFO fields to take; they are called NAME_FIELD in the results.",
        )
        parser.add_argument("--dir", type=Path, help="Where to put it, instead of the last of REFERENCE_DIRS.")
        parser.add_argument("--assembly", default="", help="The assembly's full name; NAME by default.")
        parser.add_argument("--title", default="", help="A line for the reference picker; NAME by default.")
        parser.add_argument("--note", default="", help="A sentence on what it covers, shown beside the picker.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Install, saying each step; one sentence on stderr and exit code 1 when the files cannot serve."""
        directory = options["dir"] or Path(settings.REFERENCE_DIRS[-1])
        name = options["name"]
        taken = find_references([*settings.REFERENCE_DIRS, directory], lambda _directory, _error: None)
        if any(reference.name == name for reference in taken):
            raise CommandError(f"There is a reference {name} already. Choose another name.")
        try:
            reference = install_reference(
                name,
                options["fasta"],
                options["gff"],
                directory=directory.resolve(),
                codes=dict(options["code"]),
                sources=options["source"],
                on_progress=self.stdout.write,
                about=About(assembly=options["assembly"], title=options["title"], note=options["note"]),
            )
        except EngineError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"Installed {reference.name}: {_counted(len(reference.contigs), 'contig')}, "
            f"{_counted(reference.transcripts, 'transcript')}, {_counted(len(reference.sources), 'source')}, "
            f"in {reference.directory}"
        )


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
