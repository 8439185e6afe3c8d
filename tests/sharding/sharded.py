"""Annotates a file in parts, in this process, in any order; and whole, to compare with."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from annotations.engine.pipe.run import annotate
from annotations.engine.sharding.cut_file import Cut
from annotations.engine.sharding.cutting import cut
from annotations.engine.sharding.gathering import Gatherer
from annotations.engine.sharding.part import annotate_part
from annotations.engine.sharding.size import ShardSize
from annotations.engine.task import OutputFile, Progress, Task

Outcome = tuple[str, list[dict[str, Any]], dict[str, Any]]


def quiet(_progress: Progress) -> None:
    """Say nothing."""


def outcome(files: Sequence[OutputFile], summary: dict[str, Any]) -> Outcome:
    """What must be equal: the VCF's text, the table's rows, the summary."""
    paths = {file.kind: file.path for file in files}
    return gzip.decompress(paths["vcf"].read_bytes()).decode(), pq.read_table(paths["table"]).to_pylist(), summary


def whole(task: Task, directory: Path) -> Outcome:
    """One pass."""
    directory.mkdir()
    result = annotate(replace(task, output_dir=directory / "out"), quiet, directory)
    return outcome(result.files, result.summary)


def cut_into(task: Task, parts: int, directory: Path) -> Cut:
    """Cut a file of a known number of records into about so many parts."""
    lines = sum(not line.startswith("#") for line in task.input.read_text().splitlines())
    (directory / "scratch").mkdir(parents=True)
    (directory / "cut").mkdir()
    size = ShardSize(records=-(-lines // parts))
    return cut(replace(task, shards=size), directory / "cut", quiet, directory / "scratch")


def do_part(task: Task, found: Cut, number: int, directory: Path, output: str = "") -> Path:
    """Annotate one part; answers where its files are."""
    scratch = directory / f"work{number}{output}"
    scratch.mkdir()
    reference = found.shared.load_reference(task.reference, directory / "cut")
    done = directory / f"done{number}{output}"
    annotate_part(
        found.shared,
        found.parts[number],
        reference,
        directory=directory / "cut",
        output=done,
        scratch=scratch,
        on_progress=quiet,
    )
    return done


def gathered(task: Task, found: Cut, outputs: Sequence[Path], directory: Path) -> Outcome:
    """Put the parts together."""
    reference = found.shared.load_reference(task.reference, directory / "cut")
    (directory / "gathered").mkdir()
    with Gatherer(found.shared, reference, directory / "cut", directory / "gathered") as gatherer:
        for part, output in zip(found.parts, outputs, strict=True):
            gatherer.add(part, output)
        return outcome(*gatherer.finish(found.reading))
