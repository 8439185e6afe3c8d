"""The finisher's process and the pipe into it.

Its libraries and their memory take a quarter of a second: whoever knows that it will be wanted starts it beforehand.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

from annotations.engine.pipe.stages import Stage
from annotations.engine.results.order import Order


class Finisher:
    """A process that waits for its order and then for text on ``output``; as a context manager it leaves none."""

    def __init__(self, directory: Path, name: str = "finisher") -> None:
        reading, self.output = os.pipe()
        try:
            stderr = directory / f"{name}.stderr"
            argv = [sys.executable, "-m", "annotations.engine.results.finisher"]
            with stderr.open("wb") as complaints:
                child = subprocess.Popen(argv, stdin=reading, stdout=subprocess.DEVNULL, stderr=complaints)
        except BaseException:
            self.close_output()
            raise
        finally:
            os.close(reading)
        self.stage = Stage("finish", child, stderr)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.stage.child.poll() is None:
            self.stage.child.kill()
        self.stage.child.wait()
        self.close_output()

    def order(self, order: Order) -> None:
        """Say what is to be written, before any text."""
        # Why it is gone, if it is, will be asked of it when its text does not pass.
        with suppress(BrokenPipeError):
            os.write(self.output, json.dumps(asdict(order)).encode() + b"\n")

    def close_output(self) -> None:
        """Say that no more comes."""
        if self.output >= 0:
            os.close(self.output)
            self.output = -1
