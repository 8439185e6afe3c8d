"""The engine's child process: ``python -m annotations.engine``, started by :mod:`annotations.engine.child`."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import sys
import threading
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any

from annotations.engine.deeds import do
from annotations.engine.errors import EngineError, InputRefused
from annotations.engine.task import Progress

#: Seconds between two signs of life.
TICK_SECONDS = 0.4


class Reporter:
    """Writes events to stdout: how far the work is, again and again, and in the end how it ended."""

    def __init__(self) -> None:
        self._progress = Progress("starting", 0.0, 0)
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def note(self, progress: Progress) -> None:
        """Remember how far the work is; the next tick says it."""
        self._progress = progress

    def tick(self) -> None:
        """Say how far the work is until it has ended."""
        while not self._ended.is_set():
            self._say({"event": "progress", **asdict(self._progress)})
            self._ended.wait(TICK_SECONDS)

    def end(self, event: dict[str, Any]) -> None:
        """Say how the work ended, as the last line."""
        self._ended.set()
        self._say(event)

    def _say(self, event: dict[str, Any]) -> None:
        with self._lock:
            sys.stdout.write(json.dumps(event) + "\n")
            sys.stdout.flush()


def die_with_parent(scratch: Path) -> None:
    """Wait for the end of stdin, which means that the parent is gone; then take everything down."""
    while os.read(0, 4096):
        pass
    shutil.rmtree(scratch, ignore_errors=True)
    os.killpg(0, signal.SIGKILL)


def main() -> int:
    """Read the order, carry it out, report."""
    # A core dump would hold a person's genome.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    order = json.loads(_first_line())
    scratch = Path(order["scratch"])
    threading.Thread(target=die_with_parent, args=(scratch,), daemon=True).start()
    reporter = Reporter()
    threading.Thread(target=reporter.tick, daemon=True).start()
    try:
        event = {"event": "done", **do(order, reporter.note, scratch)}
    except InputRefused as error:
        event = {"event": "refused", "kind": type(error).__name__, **asdict(error)}
    except EngineError as error:
        event = {"event": "failed", "kind": type(error).__name__, "message": str(error)}
    except Exception as error:  # noqa: BLE001  (the last line of defence: no traceback reaches a person)
        event = {"event": "failed", "kind": "StageFailed", "message": _SORRY, "where": _where(error)}
    reporter.end(event)
    return 0 if event["event"] == "done" else 1


_SORRY = "The annotation failed because of an error in the program. It has been noted."


def _first_line() -> bytes:
    """The order, read byte by byte: what follows on stdin is the parent's silence."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            break
        line += byte
    return line


def _where(error: Exception) -> str:
    """The error's type and place; its text may quote a record."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} at " + " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames))


if __name__ == "__main__":
    sys.exit(main())
