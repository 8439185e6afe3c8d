"""Runs the engine in a child process of its own: what it does to memory or segfaults of, it does there.

The child is ``python -m annotations.engine`` in its own session. It reads its order from the first line of stdin
and says what happens as JSON lines on stdout. Its stdin stays open as long as this process lives: when it ends,
the child ends itself and its bcftools.
"""

from __future__ import annotations

import json
import logging
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from annotations.engine import errors
from annotations.engine.errors import EngineError, InputRefused, StageFailed, Stopped, WrongReference
from annotations.engine.results.outputs import stem
from annotations.engine.task import OutputFile, Progress, Result, Task

logger = logging.getLogger(__name__)

OnProgress = Callable[[Progress], None]
#: Seconds between two looks at whether the caller wants to stop.
POLL_SECONDS = 0.25
_READ_BYTES = 1 << 16


def run_child(
    task: Task,
    *,
    on_progress: OnProgress,
    should_stop: Callable[[], bool],
    timeout: float,
) -> Result:
    """Annotate a file in a child process; ``timeout`` is in seconds.

    Raises what ``annotate`` in ``annotations.engine.pipe.run`` raises, and Stopped when ``should_stop`` said so or
    the time was over. The child and all its processes are then gone, and nothing of the outputs is there.
    """
    with working_directory(task.output_dir, stem(task.name)) as scratch:
        order = {"do": "annotate", "task": task.to_json()}
        done = run_order(order, scratch, on_progress=on_progress, should_stop=should_stop, timeout=timeout)
        return result_of(done)


@contextmanager
def working_directory(output: Path, name: str) -> Iterator[Path]:
    """A directory in ``output`` for all that is unfinished; it goes, and ``output`` with it if new and still empty."""
    created = not output.exists()
    output.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=output))
    try:
        yield scratch
    finally:
        _remove(scratch)
        if created:
            with suppress(OSError):
                output.rmdir()


def run_order(
    order: dict[str, Any],
    scratch: Path,
    *,
    on_progress: OnProgress,
    should_stop: Callable[[], bool],
    timeout: float,
) -> dict[str, Any]:
    """Have an order (see ``deeds``) carried out by a child process; answers what it says in the end.

    Raises the engine's errors, Stopped too.
    """
    with _started({**order, "scratch": str(scratch)}) as child:
        return _succeeded(_follow(child, on_progress, should_stop, time.monotonic() + timeout))


def result_of(done: dict[str, Any]) -> Result:
    """The result whose files a child told."""
    files = tuple(OutputFile(**{**file, "path": Path(file["path"])}) for file in done["files"])
    paths = {file.kind: file.path for file in files}
    return Result(files, json.loads(paths["summary"].read_text(encoding="utf-8")))


def _remove(directory: Path) -> None:
    """Remove a directory that children killed a moment ago may still be writing to."""
    for _ in range(20):
        shutil.rmtree(directory, ignore_errors=True)
        if not directory.exists():
            return
        time.sleep(0.05)


@contextmanager
def _started(order: dict[str, Any]) -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(
        [sys.executable, "-m", "annotations.engine"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=child_environment(),
    )
    try:
        assert child.stdin is not None  # noqa: S101  (PIPE was asked for)
        with suppress(BrokenPipeError):
            child.stdin.write(json.dumps(order).encode() + b"\n")
            child.stdin.flush()
        yield child
    finally:
        # The group outlives its leader: bcftools of a child that was killed must go too.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        for pipe in (child.stdin, child.stdout):
            with suppress(OSError):
                pipe.close()  # type: ignore[union-attr]


def child_environment() -> dict[str, str]:
    """What the engine needs and nothing else: no setting, no key of this process gets there."""
    kept = {name: os.environ[name] for name in ("PATH", "BCFTOOLS", "TMPDIR") if name in os.environ}
    root = str(Path(__file__).resolve().parents[2])
    # One thread a process: the pipe's stages are what fills the processors. One arena that gives back what lies free
    # at its end: glibc's malloc otherwise keeps it, and the peak grows with the file. Below 4 MiB, giving back and
    # asking again costs a tenth of the finisher's time. Arrow is to use it, too, for everything: its own pool keeps
    # what it has had, 18 MiB of the finisher's peak (pyarrow.set_memory_pool reaches only a part of it).
    lean = {
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "OMP_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "1",
        "MALLOC_TRIM_THRESHOLD_": str(4 << 20),
        "MALLOC_MMAP_THRESHOLD_": str(4 << 20),
    }
    return kept | lean | {"LANG": "C.UTF-8", "PYTHONPATH": root}


def _follow(
    child: subprocess.Popen[bytes],
    on_progress: OnProgress,
    should_stop: Callable[[], bool],
    deadline: float,
) -> dict[str, Any]:
    """Read the child's events; answers the last one, which says how it ended."""
    assert child.stdout is not None  # noqa: S101  (PIPE was asked for)
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        while True:
            if should_stop():
                raise Stopped("The annotation was stopped.")
            if time.monotonic() > deadline:
                raise Stopped("The annotation took longer than it may and was stopped.")
            if not selector.select(POLL_SECONDS):
                continue
            data = os.read(child.stdout.fileno(), _READ_BYTES)
            if not data:
                raise StageFailed(_died(child.wait()))
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                event = json.loads(line)
                if event["event"] != "progress":
                    return dict(event)
                on_progress(Progress(event["stage"], event["fraction"], event["records"]))


def _died(code: int) -> str:
    if code == -signal.SIGKILL:
        return "The annotation was ended from outside, as happens when memory runs out."
    return f"The annotation broke down ({f'signal {-code}' if code < 0 else f'exit code {code}'})."


def _succeeded(event: dict[str, Any]) -> dict[str, Any]:
    if event["event"] == "done":
        return event
    if event["event"] == "refused":
        kind = WrongReference if event["kind"] == "WrongReference" else InputRefused
        raise kind(event["cause"], event["fix"], event["line"], event["column"])
    if event.get("where"):
        logger.error("the engine failed: %s", event["where"])
    kind_of_failure = getattr(errors, event["kind"], StageFailed)
    if not (isinstance(kind_of_failure, type) and issubclass(kind_of_failure, EngineError)):
        kind_of_failure = StageFailed
    raise kind_of_failure(event["message"])
