"""Cuts a file into parts: one pass with every check that a file gets, and no annotation."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from annotations.engine.pinned import unchanged
from annotations.engine.pipe.aside import Aside
from annotations.engine.pipe.attempts import Attempt, OnProgress, read_batches, until_it_runs
from annotations.engine.pipe.crowding import SORT_WINDOW, CrowdingWatch
from annotations.engine.pipe.run import with_sources_of
from annotations.engine.reading.reader import VcfReader
from annotations.engine.reference import Reference, load_reference
from annotations.engine.sharding.cut_file import HEADER, PARTS, SOURCES, Cut, Part, Shared, write_cut
from annotations.engine.sharding.cut_points import CutPoints
from annotations.engine.sharding.cutter import Cutter
from annotations.engine.task import Task

OnPart = Callable[[Shared, Part], None]


def cut(task: Task, directory: Path, on_progress: OnProgress, scratch: Path) -> Cut:
    """Cut the task's file; ``directory`` then holds what cut_file describes, ``cut.json`` last.

    Raises InputRefused, WrongReference, ReferenceBroken, ReferenceChanged, StageFailed.
    """
    reference = load_reference(task.reference)
    (directory / SOURCES).mkdir()
    with unchanged(reference):
        reference = with_sources_of(task, reference, directory / SOURCES)
        found = until_it_runs(
            task,
            reference,
            scratch,
            lambda attempt, at: cut_once(
                task, reference, attempt, directory=directory, scratch=at, on_progress=on_progress
            ),
        )
    write_cut(found, directory)
    return found


def cut_once(
    task: Task,
    reference: Reference,
    attempt: Attempt,
    *,
    directory: Path,
    scratch: Path,
    on_progress: OnProgress,
    on_part: OnPart | None = None,
) -> Cut:
    """One attempt; ``on_part`` is told of each part as soon as it can be annotated."""
    shared = Shared.of(task.name, reference, haplotype_aware=task.haplotype_aware, sort_output=attempt.sort_output)
    shutil.rmtree(directory / PARTS, ignore_errors=True)
    (directory / PARTS).mkdir()
    watch = CrowdingWatch(task.limits, 0 if attempt.sort_output else SORT_WINDOW)
    points = CutPoints(reference, whole_transcripts=task.haplotype_aware)
    with VcfReader(task.input, reference, task.limits, attempt.declare, sort_later=attempt.sort_input) as reader:
        (directory / HEADER).write_bytes(reader.header_lines)
        aside = Aside(reader.header_lines, scratch, task.limits, unsorted=attempt.sort_input)
        with Cutter(task.shards, points, directory, lambda part: on_part(shared, part) if on_part else None) as cutter:
            for batch in read_batches(reader, attempt, on_progress, scratch, "cutting"):
                if batch.aside:
                    aside.add(batch)
                else:
                    watch.look(batch.contig, batch.sites)
                    cutter.add(batch)
            parts = cutter.finish(aside.texts() if aside else ())
        return Cut(shared, reader.reading, parts)
