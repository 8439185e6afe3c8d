"""Annotates one file: reader, pipe, outputs. Runs in the engine's child process."""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any

from annotations.engine import bcftools
from annotations.engine.errors import EngineError, InputRefused, StageFailed, Unsorted
from annotations.engine.pinned import Watch, write_sources
from annotations.engine.pipe.crowding import Crowded
from annotations.engine.pipe.pipeline import OutputUnsorted, Pipeline, UndeclaredContig
from annotations.engine.pipe.segments import Plan
from annotations.engine.pipe.sorting import SortedBatches
from annotations.engine.pipe.stages import UndeclaredIdError
from annotations.engine.reading.diagnosis import diagnose, find_contigs, find_undeclared
from annotations.engine.reading.reader import Batch, VcfReader
from annotations.engine.reference import Reference, load_reference
from annotations.engine.results.doings import done_to_the_file, warnings
from annotations.engine.results.indexer import index_suffix
from annotations.engine.results.order import Order
from annotations.engine.results.outputs import OutputNames, described, published, stem
from annotations.engine.results.text_log import text_log
from annotations.engine.task import OutputFile, Progress, Result, Task
from annotations.engine.version import VERSION

SUMMARY_FORMAT = 1
#: Times one file is read again because something turned up late: an undeclared id, records out of order.
MAX_ATTEMPTS = 12
#: The share of the progress that sorting takes, where a file has to be sorted.
_SORTING_SHARE = 0.4

OnProgress = Callable[[Progress], None]


@dataclass(frozen=True)
class _Attempt:
    """How the file is to be read and run, after what earlier attempts met."""

    declare: tuple[tuple[str, str], ...] = ()
    sort_input: bool = False
    sort_output: bool = False


def annotate(task: Task, on_progress: OnProgress, scratch: Path) -> Result:
    """Annotate the task's file; the outputs appear in its output directory together, at the end.

    ``scratch`` is a directory on the same file system for everything unfinished; the caller removes it. Raises
    InputRefused, WrongReference, ReferenceBroken, ReferenceChanged, StageFailed.
    """
    reference = load_reference(task.reference)
    watch = Watch(reference)
    try:
        reference = _with_own_sources(reference, task, scratch)
        files, found = _annotated(task, reference, on_progress, scratch)
    except EngineError:
        # Whatever the pipe met: where a file was swapped under it, that is the reason.
        watch.check()
        raise
    watch.check()
    task.output_dir.mkdir(parents=True, exist_ok=True)
    return Result(published(files, task.output_dir), found)


def _with_own_sources(reference: Reference, task: Task, scratch: Path) -> Reference:
    if not task.own_sources:
        return reference
    from annotations.engine.pipe.own_sources import with_own_sources  # noqa: PLC0415  (loads htslib and Arrow)

    return with_own_sources(reference, task.own_sources, scratch)


def _annotated(
    task: Task, reference: Reference, on_progress: OnProgress, scratch: Path
) -> tuple[tuple[OutputFile, ...], dict[str, Any]]:
    """Run the pipe until nothing turns up any more that asks for another reading; the files are still in scratch."""
    attempt = _Attempt()
    for number in range(MAX_ATTEMPTS):
        directory = scratch / f"attempt{number}"
        directory.mkdir()
        try:
            return _run(task, reference, attempt, on_progress, directory)
        except Unsorted:
            attempt = replace(attempt, sort_input=True)
        except (OutputUnsorted, Crowded):
            attempt = replace(attempt, sort_output=True)
        except UndeclaredContig:
            found_contigs = find_contigs(task.input, reference, task.limits)
            attempt = replace(attempt, declare=tuple(dict.fromkeys((*attempt.declare, *found_contigs))))
        except UndeclaredIdError as error:
            # The pipe names the first; a reading on its own finds the rest, so that one more attempt is enough.
            more = find_undeclared(task.input, reference, task.limits)
            attempt = replace(attempt, declare=tuple(dict.fromkeys((*attempt.declare, *error.ids, *more))))
        except StageFailed:
            # bcftools gave up without a line number: look for what it cannot take, and name it.
            # What can be read once only (a named pipe) has nothing left to look at.
            refusal = diagnose(task.input, reference, task.limits) if task.input.is_file() else None
            if refusal is None:
                raise
            raise refusal from None
        shutil.rmtree(directory)
    if attempt.declare:
        names = ", ".join(f"{kind} {name}" for kind, name in attempt.declare)
        raise InputRefused(f"The header does not declare {names} and more", "Add the missing lines to the header.")
    raise StageFailed("The annotation could not bring the records into order.")


def _run(
    task: Task, reference: Reference, attempt: _Attempt, on_progress: OnProgress, directory: Path
) -> tuple[tuple[OutputFile, ...], dict[str, Any]]:
    names = OutputNames(directory, stem(task.name), index_suffix(reference.contigs))
    counts = directory / "counts.json"
    sources = directory / "sources.json"
    write_sources(reference.sources, sources)
    order = Order(
        reference=str(task.reference),
        vcf=str(names.vcf),
        index=str(names.index),
        table=str(names.table),
        counts=str(counts),
        version=VERSION,
        sources=str(sources),
        scratch=str(directory),
    )
    plan = Plan(reference, directory, sort_after_norm=attempt.sort_output, haplotype_aware=task.haplotype_aware)
    with (
        VcfReader(task.input, reference, task.limits, attempt.declare, sort_later=attempt.sort_input) as reader,
        Pipeline(plan, reader.header_lines, order, directory, task.limits, sort_aside=attempt.sort_input) as pipeline,
    ):
        for batch in _batches(reader, attempt, on_progress, directory):
            pipeline.feed(batch)
        on_progress(Progress("finishing", 0.97, reader.counts.records))
        pipeline.finish()
        found = _summary(task, reference, reader, pipeline, json.loads(counts.read_text(encoding="utf-8")))
    names.summary.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    files = described(names, ("vcf", "index", "table", "summary"))
    names.log.write_text(text_log(found, reference, files), encoding="utf-8")
    return (*files, *described(names, ("log",))), found


def _batches(reader: VcfReader, attempt: _Attempt, on_progress: OnProgress, directory: Path) -> Iterator[Batch]:
    """The file's batches in order, with progress: straight from the reader, or through a sort."""
    if not attempt.sort_input:
        for batch in reader.batches():
            yield batch
            on_progress(Progress("annotating", 0.97 * reader.fraction, reader.counts.records))
        return
    with SortedBatches(reader.header_lines, directory) as sorter:
        for batch in reader.batches():
            if batch.aside:
                yield batch
            else:
                sorter.add(batch.lines)
            on_progress(Progress("sorting", _SORTING_SHARE * reader.fraction, reader.counts.records))
        total, fed = max(reader.counts.records, 1), 0
        for batch in sorter:
            yield batch
            fed += batch.records
            share = _SORTING_SHARE + (0.97 - _SORTING_SHARE) * fed / total
            on_progress(Progress("annotating", share, reader.counts.records))


def _summary(
    task: Task, reference: Reference, reader: VcfReader, pipeline: Pipeline, counts: dict[str, Any]
) -> dict[str, Any]:
    was_sorted = reader.counts.first_unsorted_line is not None
    return {
        "format": SUMMARY_FORMAT,
        "reference": {"name": reference.name, "assembly": reference.assembly},
        "input": {
            "name": task.name,
            "format": reader.format,
            "compression": reader.compression,
            "records": reader.counts.records,
            "sample_count": len(reader.samples),
        },
        **counts,
        "warnings": warnings(reader, reference),
        "done": done_to_the_file(reader, pipeline.done, was_sorted=was_sorted, haplotype_aware=task.haplotype_aware),
        "versions": _versions(reference),
    }


def _versions(reference: Reference) -> dict[str, str]:
    return {
        "GAS": VERSION,
        "bcftools": bcftools.version(),
        "pysam": package_version("pysam"),
        "pyarrow": package_version("pyarrow"),
        "Python": platform.python_version(),
        **{source.name: source.version for source in reference.sources},
    }
