"""A large file on one machine: parts are annotated side by side while the file is still being cut.

Cutting runs in the caller's thread. Each worker is a thread that feeds one part's pipe, whose stages are processes;
one thread more puts finished parts together, in order. So several processors work, and memory is that of ``workers``
pipes.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from annotations.engine.pinned import unchanged
from annotations.engine.pipe.attempts import Attempt, OnProgress, until_it_runs
from annotations.engine.pipe.finishing import Finisher
from annotations.engine.pipe.run import with_sources_of
from annotations.engine.reading.read_counts import Reading
from annotations.engine.reference import Reference, load_reference
from annotations.engine.results.outputs import published
from annotations.engine.sharding.cut_file import Part, Shared
from annotations.engine.sharding.cutting import cut_once
from annotations.engine.sharding.gathering import Gatherer
from annotations.engine.sharding.part import annotate_part
from annotations.engine.task import OutputFile, Progress, Result, Task

_ANNOTATING_SHARE = 0.97
#: Finishers that are started beforehand: a file that is cut makes so many parts, however many workers there are.
_STARTED = 2
Files = tuple[tuple[OutputFile, ...], dict[str, Any]]


def annotate_in_parts(task: Task, on_progress: OnProgress, scratch: Path) -> Result:
    """Annotate the task's file in parts, ``task.workers`` at a time; the result is that of ``annotate``.

    ``scratch`` is as there. Raises what ``annotate`` raises, and NotShardable.
    """
    reference = load_reference(task.reference)
    with unchanged(reference):
        reference = with_sources_of(task, reference, scratch)
        files, found = until_it_runs(
            task, reference, scratch, lambda attempt, at: _once(task, reference, attempt, on_progress, at)
        )
    task.output_dir.mkdir(parents=True, exist_ok=True)
    return Result(published(files, task.output_dir), found)


def _once(task: Task, reference: Reference, attempt: Attempt, on_progress: OnProgress, directory: Path) -> Files:
    """One attempt. What a part raises ends the cutting, too."""
    shown = _Shown(on_progress)
    with _Workers(task.workers, reference, directory, shown) as workers:
        found = cut_once(
            task,
            reference,
            attempt,
            directory=directory,
            scratch=directory,
            on_progress=workers.watched(shown.cut),
            on_part=workers.take,
        )
        return workers.finish(found.reading)


class _GaveUp(Exception):
    """Another part has failed, or the cutting: this one is not needed any more."""


class _Shown:
    """The progress of all parts as one: records annotated, of as many as the file seems to have."""

    def __init__(self, on_progress: OnProgress) -> None:
        self._on_progress = on_progress
        self._lock = threading.Lock()
        self._cut = Progress("cutting", 0.0, 0)
        self._done: dict[int, int] = {}
        self._fraction = 0.0

    def cut(self, progress: Progress) -> None:
        """How far the cutting is."""
        with self._lock:
            self._cut = progress
            self._show()

    def part(self, number: int, progress: Progress) -> None:
        """How far a part is."""
        with self._lock:
            self._done[number] = progress.records
            self._show()

    def _show(self) -> None:
        done, read = sum(self._done.values()), self._cut.records
        # Cutting goes ahead: of what has been cut, so much is annotated.
        share = self._cut.fraction * done / read if read else 0.0
        self._fraction = max(self._fraction, _ANNOTATING_SHARE * share)
        stage = self._cut.stage if self._cut.stage == "sorting" else "annotating"
        self._on_progress(Progress(stage, self._fraction, done))


class _Workers:
    """Annotates parts as they come and gathers them. As a context manager it leaves no part running."""

    def __init__(self, count: int, reference: Reference, directory: Path, shown: _Shown) -> None:
        self._reference = reference
        self._directory = directory
        self._shown = shown
        self._pool = ThreadPoolExecutor(count, "part")
        self._parts: SimpleQueue[tuple[Part, Future[Path]] | None] = SimpleQueue()
        self._given_up = threading.Event()
        self._failure: BaseException | None = None
        self._gatherer: Gatherer | None = None
        self._opened = ExitStack()
        #: Started while the first parts are being cut, when the other processors have nothing else to do.
        self._waiting: SimpleQueue[Finisher] = SimpleQueue()
        for number in range(min(count, _STARTED)):
            self._waiting.put(self._opened.enter_context(Finisher(directory, f"finisher{number}")))
        self._gathering = threading.Thread(target=self._gather, name="gather", daemon=True)

    def __enter__(self) -> _Workers:
        self._gathering.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._given_up.set()
        self._pool.shutdown(cancel_futures=True)
        self._parts.put(None)
        self._gathering.join()
        self._opened.close()

    def take(self, shared: Shared, part: Part) -> None:
        """Have a part annotated. Raises what an earlier one raised."""
        self._check()
        if self._gatherer is None:
            place = self._directory / "gathered"
            place.mkdir()
            self._gatherer = self._opened.enter_context(Gatherer(shared, self._reference, self._directory, place))
        self._parts.put((part, self._pool.submit(self._annotate, shared, part)))

    def watched(self, on_progress: OnProgress) -> OnProgress:
        """Progress that raises what a part raised, so that nobody goes on for nothing."""

        def show(progress: Progress) -> None:
            self._check()
            on_progress(progress)

        return show

    def finish(self, reading: Reading) -> Files:
        """Wait for all parts; answers the result's files and summary. Raises what a part raised."""
        self._parts.put(None)
        self._gathering.join()
        self._check()
        assert self._gatherer is not None  # noqa: S101  (a cut has a part)
        return self._gatherer.finish(reading)

    def _annotate(self, shared: Shared, part: Part) -> Path:
        output = self._directory / f"done{part.number}"
        with _directory(self._directory / f"part{part.number}") as scratch:
            annotate_part(
                shared,
                part,
                self._reference,
                directory=self._directory,
                output=output,
                scratch=scratch,
                on_progress=lambda progress: self._note(part, progress),
                finisher=self._started(),
            )
        (self._directory / part.file).unlink()
        return output

    def _started(self) -> Finisher | None:
        """A finisher that waits for an order, if one is left."""
        with suppress(Empty):
            return self._waiting.get_nowait()
        return None

    def _note(self, part: Part, progress: Progress) -> None:
        if self._given_up.is_set():
            raise _GaveUp
        self._shown.part(part.number, progress)

    def _gather(self) -> None:
        """Runs in its own thread: one part after the other, in order."""
        try:
            while (found := self._parts.get()) is not None:
                part, future = found
                output = future.result()
                assert self._gatherer is not None  # noqa: S101  (made before the first part)
                self._gatherer.add(part, output)
                shutil.rmtree(output)
        except BaseException as error:  # noqa: BLE001  (raised again in the caller's thread)
            self._failure = error
            self._given_up.set()

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure


@contextmanager
def _directory(path: Path) -> Iterator[Path]:
    path.mkdir()
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
