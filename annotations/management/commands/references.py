"""`manage.py references`: what can be annotated against on this machine."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from annotations.engine.errors import ReferenceBroken
from annotations.engine.reference import Reference, find_references, verify_reference
from annotations.engine.results.doings import counted

SHOWN_CONTIGS = 8


class Command(BaseCommand):
    """List the installed references; with ``--verify``, hold every file against its checksum."""

    help = "List the installed references, their contigs, genes and sources."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to check and how to print."""
        parser.add_argument("--verify", action="store_true", help="Compare every file with its SHA-256.")
        parser.add_argument("--json", action="store_true", help="Print JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the list on stdout; what is broken goes to stderr and makes the exit code 1."""
        broken: list[str] = []
        references = find_references(settings.REFERENCE_DIRS, lambda _directory, error: broken.append(str(error)))
        checked: dict[str, int] = {}
        for reference in references if options["verify"] else ():
            try:
                checked[reference.name] = verify_reference(reference)
            except ReferenceBroken as error:
                broken.append(str(error))
        if options["json"]:
            self.stdout.write(json.dumps([_facts(reference) for reference in references], indent=2))
        else:
            for reference in references:
                self.stdout.write("\n".join(_lines(reference, checked.get(reference.name))) + "\n")
            if not references:
                self.stdout.write("No reference is installed. Make one with manage.py install_reference.")
        if broken:
            raise CommandError("\n".join(broken))


def _facts(reference: Reference) -> dict[str, Any]:
    return {
        "name": reference.name,
        "assembly": reference.assembly,
        "title": reference.title,
        "note": reference.note,
        "directory": str(reference.directory),
        "bundled": reference.directory.parent == Path(settings.REFERENCE_DIRS[0]),
        "size": _size(reference),
        "transcripts": reference.transcripts,
        "contigs": [
            {
                "name": contig.name,
                "length": contig.length,
                "aliases": contig.aliases,
                "genetic_code": contig.genetic_code,
                "circular": contig.circular,
            }
            for contig in reference.contigs
        ],
        "sources": [
            {
                "name": source.name,
                "version": source.version,
                "records": source.records,
                "fields": [field.info for field in source.fields],
                "licence": source.licence,
                "citation": source.citation,
                "sha256": source.sha256,
            }
            for source in reference.sources
        ],
    }


def _lines(reference: Reference, checked: int | None) -> Iterator[str]:
    origin = "bundled" if reference.directory.parent == Path(settings.REFERENCE_DIRS[0]) else "installed"
    yield reference.name
    yield f"  title        {reference.title}"
    yield f"  assembly     {reference.assembly}"
    if reference.note:
        yield f"  note         {reference.note}"
    shown = [f"{contig.name} ({contig.length:,} bp)" for contig in reference.contigs[:SHOWN_CONTIGS]]
    more = len(reference.contigs) - len(shown)
    yield f"  contigs      {len(reference.contigs):,}: {', '.join(shown)}{f' and {more:,} more' if more else ''}"
    yield f"  transcripts  {reference.transcripts:,}"
    for source in reference.sources:
        yield f"  source       {source.name}, {source.version}: {counted(source.records, source.unit)}"
    yield f"  size         {_size(reference) / 1e6:,.1f} MB"
    yield f"  directory    {reference.directory} ({origin})"
    if checked is not None:
        yield f"  verified     {checked} files bear their checksums"


def _size(reference: Reference) -> int:
    """Bytes of all files of the reference."""
    return sum(path.stat().st_size for path in reference.directory.rglob("*") if path.is_file())
