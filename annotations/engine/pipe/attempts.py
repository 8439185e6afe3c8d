"""Reads a file again where something turned up late: an undeclared id, records out of order, a crowd of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from annotations.engine.errors import InputRefused, StageFailed, Unsorted
from annotations.engine.pipe.aside import UndeclaredContig
from annotations.engine.pipe.crowding import Crowded
from annotations.engine.pipe.sorting import SortedBatches
from annotations.engine.pipe.stages import OutputUnsorted, UndeclaredIdError
from annotations.engine.reading.diagnosis import diagnose, find_contigs, find_undeclared
from annotations.engine.reading.reader import Batch, VcfReader
from annotations.engine.reference import Reference
from annotations.engine.task import Progress, Task

#: Times one file is read again because something turned up late.
MAX_ATTEMPTS = 12
#: The share of the progress that sorting takes, where a file has to be sorted.
_SORTING_SHARE = 0.4

OnProgress = Callable[[Progress], None]
Done = TypeVar("Done")


@dataclass(frozen=True)
class Attempt:
    """How the file is to be read and run, after what earlier attempts met."""

    declare: tuple[tuple[str, str], ...] = ()
    sort_input: bool = False
    sort_output: bool = False

    def declaring(self, ids: Iterable[tuple[str, str]]) -> Attempt:
        """The next attempt, with these declared too."""
        return replace(self, declare=tuple(dict.fromkeys((*self.declare, *ids))))


def until_it_runs(
    task: Task,
    reference: Reference,
    scratch: Path,
    run: Callable[[Attempt, Path], Done],
    attempt: Attempt | None = None,
) -> Done:
    """Run until nothing turns up any more that asks for another reading.

    ``run`` gets an empty directory under ``scratch``, which stays where it succeeds. Raises what it raises, and
    InputRefused where only bcftools had found the file's fault.
    """
    attempt = attempt or Attempt()
    for number in range(MAX_ATTEMPTS):
        directory = scratch / f"attempt{number}"
        directory.mkdir()
        try:
            return run(attempt, directory)
        except Unsorted:
            attempt = replace(attempt, sort_input=True)
        except (OutputUnsorted, Crowded):
            attempt = replace(attempt, sort_output=True)
        except UndeclaredContig:
            attempt = attempt.declaring(find_contigs(task.input, reference, task.limits))
        except UndeclaredIdError as error:
            # The pipe names the first; a reading on its own finds the rest, so that one more attempt is enough.
            attempt = attempt.declaring((*error.ids, *find_undeclared(task.input, reference, task.limits)))
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


def read_batches(
    reader: VcfReader, attempt: Attempt, on_progress: OnProgress, directory: Path, stage: str = "annotating"
) -> Iterator[Batch]:
    """The file's batches in order, with progress up to 1: straight from the reader, or through a sort."""
    if not attempt.sort_input:
        for batch in reader.batches():
            yield batch
            on_progress(Progress(stage, reader.fraction, reader.counts.records))
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
            share = _SORTING_SHARE + (1 - _SORTING_SHARE) * fed / total
            on_progress(Progress(stage, share, reader.counts.records))
