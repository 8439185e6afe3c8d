"""One run of the pipe: records in, through chains of bcftools, into the finisher."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

from annotations.engine.errors import EngineError
from annotations.engine.pipe.aside import aside_header
from annotations.engine.pipe.segments import Plan, Segment
from annotations.engine.pipe.stages import Chain, OutputUnsorted, Stage, failure, settle
from annotations.engine.results.order import UNSORTED_EXIT, Order

_NORM_COUNTS = re.compile(r"Lines +total/split/joined/realigned[^:]*:\s*(\d+)/(\d+)/(\d+)/(\d+)")


class Pipeline:
    """Feeds records to the right chain and the chains' output, one after another, to the finisher."""

    def __init__(self, plan: Plan, header: bytes, order: Order, directory: Path) -> None:
        #: What norm did: "split" multi-allelic records, "realigned" ones.
        self.done: Counter[str] = Counter()
        self._plan = plan
        self._header = header
        self._directory = directory
        self._chains = 0
        self._chain: Chain | None = None
        self._segment: Segment | None = None
        reading, self._output = os.pipe()
        try:
            stderr = directory / "finisher.stderr"
            argv = [sys.executable, "-m", "annotations.engine.results.finisher", json.dumps(asdict(order))]
            with stderr.open("wb") as complaints:
                child = subprocess.Popen(argv, stdin=reading, stdout=subprocess.DEVNULL, stderr=complaints)
        finally:
            os.close(reading)
        self._finisher = Stage("finish", child, stderr)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._chain is not None:
            self._chain.kill()
        if self._finisher.child.poll() is None:
            self._finisher.child.kill()
        self._finisher.child.wait()
        self._close_output()

    def feed(self, contig: str, lines: bytes) -> None:
        """Take records of one contig of the reference; raises what the pipe failed of."""
        segment = self._plan.segment(contig)
        if self._chain is None or segment != self._segment:
            self._next_chain(segment)
        self._write(lines)

    def feed_aside(self, texts: Iterable[bytes], contigs: Iterable[str]) -> None:
        """Take all records of contigs that the reference lacks, after all others; raises what the pipe failed of."""
        self._begin()
        self._end_chain()
        self._start(self._plan.aside_commands(), aside_header(self._header, contigs))
        for text in texts:
            self._write(text)

    def finish(self) -> None:
        """End the input and wait for the result."""
        self._begin()
        self._end_chain()
        self._close_output()
        self._finisher.child.wait()
        if self._finisher.child.returncode != 0:
            raise self._failure([])

    def _begin(self) -> None:
        """Have the output's header come from a chain of the reference, whatever records there are."""
        if self._chains == 0:
            self._next_chain(self._plan.first_segment())

    def _next_chain(self, segment: Segment) -> None:
        self._end_chain()
        self._segment = segment
        self._start(self._plan.commands(segment), self._header)

    def _start(self, commands: list[list[str]], header: bytes) -> None:
        self._chains += 1
        self._chain = Chain(commands, self._output, self._directory, f"chain{self._chains}")
        self._write(header)

    def _write(self, data: bytes) -> None:
        assert self._chain is not None  # noqa: S101  (started by the caller)
        try:
            self._chain.write(data)
        except BrokenPipeError:
            raise self._failed_chain(self._chain) from None

    def _end_chain(self) -> None:
        chain, self._chain = self._chain, None
        if chain is None:
            return
        try:
            chain.close()
            succeeded = chain.wait()
        except BaseException:
            chain.kill()
            raise
        if not succeeded:
            raise self._failed_chain(chain)
        for stage in chain.stages:
            if stage.name == "norm" and (counts := _NORM_COUNTS.search(stage.complaint())):
                self.done.update(split=int(counts[2]), realigned=int(counts[4]))
            stage.stderr.unlink()

    def _failed_chain(self, chain: Chain) -> EngineError:
        self._close_output()
        chain.settle()
        return self._failure(chain.stages)

    def _failure(self, stages: list[Stage]) -> EngineError:
        settle([self._finisher])
        stages = [*stages, self._finisher]
        if self._finisher.child.returncode == UNSORTED_EXIT:
            return OutputUnsorted()
        return failure(stages)

    def _close_output(self) -> None:
        if self._output >= 0:
            os.close(self._output)
            self._output = -1
