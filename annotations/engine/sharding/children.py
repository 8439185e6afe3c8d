"""The three steps of a sharded annotation, each in a child process of its own as ``child`` has it.

What a caller does about an error: StageFailed (the machine's fault) may be tried again, NotShardable asks for
``run_child`` on the whole file, everything else ends the job.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from annotations.engine.child import OnProgress, result_of, run_order, working_directory
from annotations.engine.sharding.cut_file import CUT, HEADER, PART_FILES, PARTS, SOURCES, Cut, read_cut
from annotations.engine.task import Result, Task

__all__ = ["run_cut", "run_gather", "run_part"]


def run_cut(
    task: Task, directory: Path, *, on_progress: OnProgress, should_stop: Callable[[], bool], timeout: float
) -> Cut:
    """Check the task's file and cut it; ``directory`` (empty or not there yet) then holds what ``cut_file`` describes.

    Nothing stays there after an error. Raises InputRefused, WrongReference, ReferenceBroken, ReferenceChanged,
    StageFailed, Stopped. ``timeout`` is in seconds.
    """
    with working_directory(directory, "cut") as scratch:
        (scratch / "made").mkdir()
        order = {"do": "cut", "task": task.to_json(), "directory": str(scratch / "made")}
        run_order(order, scratch, on_progress=on_progress, should_stop=should_stop, timeout=timeout)
        found = read_cut(scratch / "made")
        for name in (PARTS, SOURCES, HEADER, CUT):
            os.replace(scratch / "made" / name, directory / name)
        return found


def run_part(
    directory: Path,
    number: int,
    output: Path,
    *,
    reference: Path,
    on_progress: OnProgress,
    should_stop: Callable[[], bool],
    timeout: float,
) -> None:
    """Annotate one part of the cut in ``directory`` and write PART_FILES into ``output``, counts.json last.

    Of ``directory`` the cut's common files and the part's text are needed, and only read. Raises InputRefused,
    ReferenceBroken, ReferenceChanged, StageFailed, NotShardable, Stopped. ``timeout`` is in seconds.
    """
    with working_directory(output, f"part{number}") as scratch:
        made = scratch / "made"
        places = {"directory": str(directory), "output": str(made), "reference": str(reference)}
        order = {"do": "part", "number": number, **places}
        run_order(order, scratch, on_progress=on_progress, should_stop=should_stop, timeout=timeout)
        for name in PART_FILES:
            os.replace(made / name, output / name)


def run_gather(
    directory: Path,
    outputs: Sequence[Path],
    output_dir: Path,
    *,
    reference: Path,
    on_progress: OnProgress,
    should_stop: Callable[[], bool],
    timeout: float,
) -> Result:
    """Put the parts of the cut in ``directory`` together; ``outputs[n]`` is where ``run_part`` wrote part n.

    The result's files appear in ``output_dir`` together, at the end. Raises StageFailed, NotShardable,
    ReferenceBroken, ReferenceChanged, Stopped. ``timeout`` is in seconds.
    """
    with working_directory(output_dir, "gather") as scratch:
        places = {"directory": str(directory), "output_dir": str(output_dir), "reference": str(reference)}
        order = {"do": "gather", "outputs": [str(output) for output in outputs], **places}
        return result_of(run_order(order, scratch, on_progress=on_progress, should_stop=should_stop, timeout=timeout))
