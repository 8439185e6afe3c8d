"""`manage.py annotate INPUT`: the same engine as the website's, on the command line."""

from __future__ import annotations

import json
import os
import signal
import sys
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from annotations.catalogue import UnknownReference, installed_references, reference_named
from annotations.engine.child import run_child
from annotations.engine.errors import EngineError
from annotations.engine.task import Progress, Result, Task
from annotations.report import summary_lines

#: Each has a pipe of its own, of some 150 MB.
MAX_WORKERS = 256
NO_LIMIT_SECONDS = 7 * 24 * 3600.0


def _workers(text: str) -> int:
    """A number of workers from the command line."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MAX_WORKERS:
        raise ArgumentTypeError(f"takes a number from 1 to {MAX_WORKERS}")
    return int(text)


def _processors() -> int:
    """How many this process may use, where the system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _check_readable(source: Path) -> None:
    """Raise CommandError with the reason why a file cannot be read, often from its start, as the engine does."""
    if source.is_dir():
        raise CommandError(f"{source} is a folder. Name a file.")
    if not source.exists():
        raise CommandError(f"There is no file {source}.")
    if not source.is_file():
        raise CommandError(f"{source} can be read only once. Save it as a file first.")
    if not os.access(source, os.R_OK):
        raise CommandError(f"The file {source} may not be read by this user.")


class Command(BaseCommand):
    """Annotate one VCF file and write the results beside it."""

    help = "Annotate a VCF file: INPUT.annot.vcf.gz with index, table, summary and log."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the input, the reference and where to write."""
        parser.add_argument("input", type=Path, help="VCF 4.0 to 4.5 or 3.3: text, gzip, BGZF or BCF.")
        parser.add_argument("--reference", default="rCRS", help="An installed reference (see manage.py references).")
        parser.add_argument("--output-dir", type=Path, help="Where the results go; beside the input by default.")
        parser.add_argument(
            "--haplotype-aware",
            action="store_true",
            help="Consequences of all alleles of a haplotype together; the genotypes have to be phased.",
        )
        parser.add_argument(
            "--workers",
            type=_workers,
            default=_processors(),
            help="Parts of a large file that are annotated at once; by default as many as there are processors.",
        )
        parser.add_argument("--json", action="store_true", help="Print the summary as JSON, without a progress bar.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Annotate; one sentence on stderr and exit code 1 when that cannot be done."""
        source: Path = options["input"]
        _check_readable(source)
        task = Task(
            input=source.resolve(),
            name=source.name,
            reference=self._reference(options["reference"]),
            output_dir=(options["output_dir"] or source.parent).resolve(),
            haplotype_aware=options["haplotype_aware"],
            workers=options["workers"],
        )
        try:
            result = self._run(task, show_bar=not options["json"] and sys.stderr.isatty())
        except EngineError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"The results cannot be written to {task.output_dir}: {error.strerror}.") from error
        try:
            self._print(result, as_json=options["json"])
            sys.stdout.flush()
        except BrokenPipeError:
            # Who reads has heard enough (`| head`). Python would complain once more when it flushes at its end:
            # https://docs.python.org/3/library/signal.html#note-on-sigpipe
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def _reference(self, name: str) -> Path:
        try:
            return reference_named(name).directory
        except UnknownReference as error:
            names = ", ".join(reference.name for reference in installed_references())
            raise CommandError(f"The reference {name} is not installed. There is: {names}.") from error

    def _run(self, task: Task, *, show_bar: bool) -> Result:
        """Run the engine with a progress bar on a terminal; Ctrl-C stops its children and leaves nothing."""
        stopped = False

        def stop(number: int, frame: FrameType | None) -> None:
            nonlocal stopped
            stopped = True

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[records]} records"),
            TimeElapsedColumn(),
        )
        with Bar(*columns, console=Console(stderr=True), disable=not show_bar, transient=True) as bar:
            row = bar.add_task("starting", total=1.0, records="0")

            def show(progress: Progress) -> None:
                bar.update(
                    row, description=progress.stage, completed=progress.fraction, records=f"{progress.records:,}"
                )

            return run_child(task, on_progress=show, should_stop=lambda: stopped, timeout=NO_LIMIT_SECONDS)

    def _print(self, result: Result, *, as_json: bool) -> None:
        if as_json:
            files = [{"kind": file.kind, "path": str(file.path), "size": file.size} for file in result.files]
            self.stdout.write(json.dumps({**result.summary, "files": files}, indent=2))
            return
        for line in summary_lines(result.summary):
            self.stdout.write(line)
        for file in result.files:
            self.stdout.write(f"  {file.path}")
