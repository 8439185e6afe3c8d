"""Annotates one file: reader, pipe, outputs. Runs in the engine's child process."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from annotations.engine.pinned import unchanged, write_sources
from annotations.engine.pipe.aside import Aside
from annotations.engine.pipe.attempts import Attempt, OnProgress, read_batches, until_it_runs
from annotations.engine.pipe.crowding import CrowdingWatch
from annotations.engine.pipe.finishing import Finisher
from annotations.engine.pipe.pipeline import Pipeline
from annotations.engine.pipe.segments import Plan
from annotations.engine.reading.reader import VcfReader
from annotations.engine.reference import Reference, load_reference
from annotations.engine.results.index_file import index_suffix
from annotations.engine.results.order import Order
from annotations.engine.results.outputs import OutputNames, published, stem
from annotations.engine.results.report import Work, report
from annotations.engine.task import OutputFile, Progress, Result, Task
from annotations.engine.version import VERSION

#: The share of the progress that is over when all has been read.
_ANNOTATING_SHARE = 0.97


def annotate(task: Task, on_progress: OnProgress, scratch: Path, finisher: Finisher | None = None) -> Result:
    """Annotate the task's file; the outputs appear in its output directory together, at the end.

    ``scratch`` is a directory on the same file system for everything unfinished; the caller removes it. ``finisher``
    is one that waits for its order. Raises InputRefused, WrongReference, ReferenceBroken, ReferenceChanged,
    StageFailed.
    """
    waiting = [finisher] if finisher else []
    reference = load_reference(task.reference)
    with unchanged(reference):
        reference = with_sources_of(task, reference, scratch)
        files, found = until_it_runs(
            task,
            reference,
            scratch,
            lambda attempt, at: _run(
                task, reference, attempt, on_progress, at, finisher=waiting.pop() if waiting else None
            ),
        )
    task.output_dir.mkdir(parents=True, exist_ok=True)
    return Result(published(files, task.output_dir), found)


def with_sources_of(task: Task, reference: Reference, directory: Path) -> Reference:
    """The reference with the task's own sources, which are made in this directory."""
    if not task.own_sources:
        return reference
    from annotations.engine.pipe.own_sources import with_own_sources  # noqa: PLC0415  (loads htslib and Arrow)

    return with_own_sources(reference, task.own_sources, directory)


def _run(
    task: Task,
    reference: Reference,
    attempt: Attempt,
    on_progress: OnProgress,
    directory: Path,
    *,
    finisher: Finisher | None,
) -> tuple[tuple[OutputFile, ...], dict[str, Any]]:
    """One attempt; the files are still in its directory."""
    names = OutputNames(directory, stem(task.name), index_suffix(reference.contigs))
    order = _order(task, reference, names)
    plan = Plan(reference, directory, sort_after_norm=attempt.sort_output, haplotype_aware=task.haplotype_aware)
    watch = CrowdingWatch(task.limits, plan.sort_window)
    with (
        VcfReader(task.input, reference, task.limits, attempt.declare, sort_later=attempt.sort_input) as reader,
        Pipeline(plan, reader.header_lines, order, directory, finisher) as pipeline,
    ):
        aside = Aside(reader.header_lines, directory, task.limits, unsorted=attempt.sort_input)
        for batch in read_batches(reader, attempt, _most_of(on_progress), directory):
            if batch.aside:
                aside.add(batch)
            else:
                watch.look(batch.contig, batch.sites)
                pipeline.feed(batch.contig, batch.lines)
        on_progress(Progress("finishing", _ANNOTATING_SHARE, reader.counts.records))
        if aside:
            pipeline.feed_aside((text for _, text in aside.texts()), aside.contigs)
        pipeline.finish()
    work = Work(task.name, reader.reading, pipeline.done, haplotype_aware=task.haplotype_aware)
    return report(names, work, reference, json.loads(Path(order.counts).read_text(encoding="utf-8")))


def _order(task: Task, reference: Reference, names: OutputNames) -> Order:
    """What the finisher is to write, and the file beside it that says which sources the job began with."""
    sources = names.directory / "sources.json"
    write_sources(reference.sources, sources)
    return Order(
        reference=str(task.reference),
        vcf=str(names.vcf),
        index=str(names.index),
        table=str(names.table),
        counts=str(names.directory / "counts.json"),
        version=VERSION,
        sources=str(sources),
        scratch=str(names.directory),
        haplotype_aware=task.haplotype_aware,
    )


def _most_of(on_progress: OnProgress) -> OnProgress:
    return lambda progress: on_progress(replace(progress, fraction=_ANNOTATING_SHARE * progress.fraction))
