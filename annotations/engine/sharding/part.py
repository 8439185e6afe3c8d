"""Annotates one part of a cut file: the pipe and its retries are those of a whole file, the outputs can be joined."""

from __future__ import annotations

import json
import os
from pathlib import Path

from annotations.engine.errors import NotShardable, StageFailed, StageKilled
from annotations.engine.pinned import unchanged, write_sources
from annotations.engine.pipe.attempts import OnProgress
from annotations.engine.pipe.finishing import Finisher
from annotations.engine.pipe.pipeline import Pipeline
from annotations.engine.pipe.segments import Plan
from annotations.engine.pipe.stages import OutputUnsorted, UndeclaredIdError
from annotations.engine.reference import Reference, sha256_of
from annotations.engine.results.order import Order
from annotations.engine.sharding.cut_file import HEADER, PART_FILES, Part, Shared, read_cut
from annotations.engine.sharding.part_text import part_runs
from annotations.engine.task import Progress
from annotations.engine.version import VERSION


def annotate_part(
    shared: Shared,
    part: Part,
    reference: Reference,
    *,
    directory: Path,
    output: Path,
    scratch: Path,
    on_progress: OnProgress,
    finisher: Finisher | None = None,
) -> None:
    """Write PART_FILES into ``output``, the last of them last; ``directory`` is the cut's and only read.

    ``scratch`` is an empty directory on the file system of ``output``, and a ``finisher`` one that waits for its order.
    Raises what the pipe raises: StageFailed, StageKilled, InputRefused, OutputUnsorted, UndeclaredIdError.
    """
    order = _order(shared, part, reference, scratch)
    plan = Plan(reference, scratch, sort_after_norm=shared.sort_output, haplotype_aware=shared.haplotype_aware)
    with Pipeline(plan, (directory / HEADER).read_bytes(), order, scratch, finisher) as pipeline:
        _feed(pipeline, part, directory, on_progress)
        pipeline.finish()
    *written, counts = (scratch / name for name in PART_FILES)
    found = {
        "version": VERSION,
        "norm": dict(pipeline.done),
        "sha256": {path.name: sha256_of(path) for path in written},
        **json.loads(Path(order.counts).read_text(encoding="utf-8")),
    }
    counts.write_text(json.dumps(found), encoding="utf-8")
    output.mkdir(parents=True, exist_ok=True)
    for path in (*written, counts):
        os.replace(path, output / path.name)
    on_progress(Progress("annotating", 1.0, part.records))


def _order(shared: Shared, part: Part, reference: Reference, scratch: Path) -> Order:
    """What the finisher is to write, and the file beside it that says which sources the job began with."""
    vcf, table, _ = (scratch / name for name in PART_FILES)
    sources = scratch / "sources.json"
    write_sources(reference.sources, sources)
    return Order(
        reference=str(reference.directory),
        vcf=str(vcf),
        index="",
        table=str(table),
        counts=str(scratch / "state.json"),
        version=VERSION,
        sources=str(sources),
        scratch=str(scratch),
        haplotype_aware=shared.haplotype_aware,
        first_row=part.first_row,
        header=part.number == 0,
        mergeable=True,
    )


def annotate_part_alone(
    directory: Path,
    number: int,
    reference: Path,
    *,
    output: Path,
    scratch: Path,
    on_progress: OnProgress,
    finisher: Finisher | None = None,
) -> None:
    """The same on a machine that has nothing of the job but the cut's common files and the part's text.

    Raises InputRefused, ReferenceBroken, ReferenceChanged, StageKilled, and NotShardable for all that only a pass over
    the whole file can settle.
    """
    found = read_cut(directory)
    if found.shared.version != VERSION:
        raise NotShardable("The file was cut by another version of GAS.")
    loaded = found.shared.load_reference(reference, directory)
    with unchanged(loaded):
        try:
            annotate_part(
                found.shared,
                found.parts[number],
                loaded,
                directory=directory,
                output=output,
                scratch=scratch,
                on_progress=on_progress,
                finisher=finisher,
            )
        except StageKilled:
            raise
        except (StageFailed, OutputUnsorted, UndeclaredIdError) as error:
            raise NotShardable("A part of the file cannot be annotated by itself.") from error


def _feed(pipeline: Pipeline, part: Part, directory: Path, on_progress: OnProgress) -> None:
    runs = part_runs(part, directory)
    if part.aside:
        pipeline.feed_aside((text for _, text in runs), [name for name, _ in part.runs])
        return
    total, fed = sum(size for _, size in part.runs), 0
    for contig, text in runs:
        pipeline.feed(contig, text)
        fed += len(text)
        on_progress(Progress("annotating", fed / total, part.records * fed // total))


def read_counts(output: Path, number: int) -> dict[str, object]:
    """A finished part's counts. Raises StageKilled when a file of the part is missing or damaged."""
    try:
        found: dict[str, object] = json.loads((output / PART_FILES[-1]).read_text(encoding="utf-8"))
        sums = found["sha256"]
        whole = isinstance(sums, dict) and all(sha256_of(output / name) == sums[name] for name in PART_FILES[:-1])
    except (OSError, ValueError, KeyError):
        whole = False
    if not whole:
        raise StageKilled(f"The result of part {number} is damaged or missing.")
    return found
