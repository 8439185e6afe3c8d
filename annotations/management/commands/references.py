"""`manage.py references`: what can be annotated against on this machine, and how it gets to others."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from annotations import bundles
from annotations.catalogue import UnknownReference, reference_named
from annotations.engine.errors import EngineError, ReferenceBroken
from annotations.engine.install.adding import add_sources
from annotations.engine.install.catalogue_install import downloading
from annotations.engine.install.declarations import read_declarations
from annotations.engine.reference import Reference, find_references, verify_reference
from annotations.management.commands.install_reference import progress_bars
from annotations.reference_facts import is_bundled, reference_facts, reference_lines


class Command(BaseCommand):
    """List the installed references; add sources to one; push one to the file store and pull it from there."""

    help = "List the installed references and their sources; add sources; push to and pull from the file store."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to do with which reference, what to check and how to print."""
        parser.add_argument("act", nargs="?", choices=["list", "add", "push", "pull"], default="list")
        parser.add_argument("name", nargs="?", help="The reference to add to, push or pull.")
        parser.add_argument("--sources", action="append", default=[], type=Path, metavar="FILE.toml", help="For add.")
        parser.add_argument("--mirror", default="", metavar="URL_OR_DIR", help="For add: take the files from here.")
        parser.add_argument("--verify", action="store_true", help="Compare every file with its SHA-256.")
        parser.add_argument("--json", action="store_true", help="Print JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it; one sentence on stderr and exit code 1 when it cannot be done."""
        if options["act"] == "list":
            self._list(options)
            return
        if not options["name"]:
            raise CommandError(f"Name the reference: manage.py references {options['act']} NAME.")
        try:
            getattr(self, f"_{options['act']}")(options["name"], options)
        except (EngineError, UnknownReference, OSError) as error:
            raise CommandError(str(error)) from error

    def _list(self, options: dict[str, Any]) -> None:
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
            self.stdout.write(json.dumps([reference_facts(reference) for reference in references], indent=2))
        else:
            for reference in references:
                self.stdout.write("\n".join(reference_lines(reference, checked.get(reference.name))) + "\n")
            if not references:
                self.stdout.write("No reference is installed. Make one with manage.py install_reference.")
        if broken:
            raise CommandError("\n".join(broken))

    def _add(self, name: str, options: dict[str, Any]) -> None:
        reference = reference_named(name)
        if is_bundled(reference):
            raise CommandError(
                f"{name} comes with GAS and would lose the source with the next version. Install a copy."
            )
        declared = [one for path in options["sources"] for one in read_declarations(path)]
        if not declared:
            raise CommandError("Say which sources: --sources FILE.toml.")
        parent = reference.directory.parent
        with progress_bars() as on_bytes, downloading(parent, name, options["mirror"], on_bytes) as files:
            made = add_sources(reference.directory, [*map(files.request, declared)], self.stdout.write)
        self.stdout.write(f"{name} has {len(made.sources)} sources now: {', '.join(s.name for s in made.sources)}")

    def _push(self, name: str, options: dict[str, Any]) -> None:
        bundle = bundles.push(reference_named(name), self._say_file)
        self.stdout.write(f"{name} is in the file store as bundle {bundle}")

    def _pull(self, name: str, options: dict[str, Any]) -> None:
        reference: Reference = bundles.pull(name, Path(settings.REFERENCE_DIRS[-1]).resolve(), self._say_file)
        self.stdout.write(f"{name} is in {reference.directory}, every file checked")

    def _say_file(self, name: str, size: int) -> None:
        self.stdout.write(f"{name}, {size / 1e6:,.1f} MB")
