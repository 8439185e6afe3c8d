"""What the engine's child process can be ordered to do, by name; the order and the answer travel as JSON.

Each loads what it needs when it is called: an order for one deed does not wait for another's libraries.
"""
# ruff: noqa: PLC0415

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from annotations.engine.errors import NotShardable
from annotations.engine.pipe.finishing import Finisher
from annotations.engine.sharding.size import size_for_workers
from annotations.engine.task import Progress, Result, Task

OnProgress = Callable[[Progress], None]
Order = Mapping[str, Any]


def do(order: Order, on_progress: OnProgress, scratch: Path) -> dict[str, Any]:
    """Carry out an order; answers what there is to say of it. Raises the engine's errors."""
    return _DEEDS[order["do"]](order, on_progress, scratch)


def _annotate(order: Order, on_progress: OnProgress, scratch: Path) -> dict[str, Any]:
    """Annotate the file of ``task``."""
    task = Task.from_json(order["task"])
    if size := size_for_workers(task.input, task.shards, task.workers):
        from annotations.engine.sharding.parallel import annotate_in_parts

        parts = scratch / "parts"
        parts.mkdir()
        try:
            return _told(annotate_in_parts(replace(task, shards=size), on_progress, parts))
        except NotShardable:
            # One pass settles it.
            shutil.rmtree(parts)
    # Its libraries load while those of this process do.
    with Finisher(scratch) as finisher:
        from annotations.engine.pipe.run import annotate

        return _told(annotate(task, on_progress, scratch, finisher))


def _cut(order: Order, on_progress: OnProgress, scratch: Path) -> dict[str, Any]:
    """Cut the file of ``task`` into ``directory``."""
    from annotations.engine.sharding.cutting import cut

    (scratch / "work").mkdir()
    cut(Task.from_json(order["task"]), Path(order["directory"]), on_progress, scratch / "work")
    return {}


def _part(order: Order, on_progress: OnProgress, scratch: Path) -> dict[str, Any]:
    """Annotate the part ``number`` of the cut in ``directory`` into ``output``."""
    with Finisher(scratch) as finisher:
        from annotations.engine.sharding.part import annotate_part_alone

        annotate_part_alone(
            Path(order["directory"]),
            int(order["number"]),
            Path(order["reference"]),
            output=Path(order["output"]),
            scratch=scratch,
            on_progress=on_progress,
            finisher=finisher,
        )
    return {}


def _gather(order: Order, on_progress: OnProgress, scratch: Path) -> dict[str, Any]:
    """Put the parts of the cut in ``directory`` together, from ``outputs`` into ``output_dir``."""
    from annotations.engine.sharding.gathering import gather

    outputs = [Path(output) for output in order["outputs"]]
    directories = {"directory": Path(order["directory"]), "output_dir": Path(order["output_dir"])}
    return _told(gather(outputs, Path(order["reference"]), **directories, scratch=scratch, on_progress=on_progress))


def _told(result: Result) -> dict[str, Any]:
    return {"files": [{**asdict(file), "path": str(file.path)} for file in result.files]}


_DEEDS = {"annotate": _annotate, "cut": _cut, "part": _part, "gather": _gather}
