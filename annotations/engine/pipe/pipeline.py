"""One run of the pipe: records in, through chains of bcftools, into the finisher."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from annotations.engine.errors import EngineError
from annotations.engine.pipe.aside import aside_header
from annotations.engine.pipe.finishing import Finisher
from annotations.engine.pipe.segments import Plan, Segment
from annotations.engine.pipe.stages import Chain, OutputUnsorted, Stage, failure, settle
from annotations.engine.results.order import UNSORTED_EXIT, Order

_NORM_COUNTS = re.compile(r"Lines +total/split/joined/realigned[^:]*:\s*(\d+)/(\d+)/(\d+)/(\d+)")


class Pipeline:
    """Feeds records to the right chain and the chains' output, one after another, to the finisher."""

    def __init__(
        self, plan: Plan, header: bytes, order: Order, directory: Path, finisher: Finisher | None = None
    ) -> None:
        #: What norm did: "split" multi-allelic records, "realigned" ones.
        self.done: Counter[str] = Counter()
        self._plan = plan
        self._header = header
        self._directory = directory
        self._chains = 0
        self._chain: Chain | None = None
        self._segment: Segment | None = None
        self._finisher = finisher or Finisher(directory)
        self._finisher.order(order)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._chain is not None:
            self._chain.kill()
        self._finisher.__exit__(kind, error, trace)

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
        self._finisher.close_output()
        if self._finisher.stage.child.wait() != 0:
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
        self._chain = Chain(commands, self._finisher.output, self._directory, f"chain{self._chains}")
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
        self._finisher.close_output()
        chain.settle()
        return self._failure(chain.stages)

    def _failure(self, stages: list[Stage]) -> EngineError:
        last = self._finisher.stage
        settle([last])
        return OutputUnsorted() if last.child.returncode == UNSORTED_EXIT else failure([*stages, last])
