"""One run of the pipe: records in, through chains of bcftools, into the finisher."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

from annotations.engine.errors import EngineError
from annotations.engine.limits import Limits
from annotations.engine.pipe.crowding import CrowdingWatch
from annotations.engine.pipe.segments import Plan, Segment
from annotations.engine.pipe.sorting import SortedBatches
from annotations.engine.pipe.stages import Chain, Stage, failure, settle
from annotations.engine.reading.contig_names import DECLARABLE
from annotations.engine.reading.reader import Batch
from annotations.engine.results.order import UNSORTED_EXIT, Order

_DECLARED = re.compile(rb"^##contig=<ID=([^,>\n]+)", re.MULTILINE)
_NORM_COUNTS = re.compile(r"Lines +total/split/joined/realigned[^:]*:\s*(\d+)/(\d+)/(\d+)/(\d+)")


class UndeclaredContig(EngineError):
    """A record lies on a contig that neither the reference nor the header names; another run has to declare it."""


class OutputUnsorted(EngineError):
    """Normalisation moved a record past others; another run has to sort after it."""


class Pipeline:
    """Feeds batches to the right chain and the chains' output, one after another, to the finisher."""

    def __init__(
        self, plan: Plan, header: bytes, order: Order, directory: Path, limits: Limits, *, sort_aside: bool = False
    ) -> None:
        #: What norm did: "split" multi-allelic records, "realigned" ones.
        self.done: Counter[str] = Counter()
        self._plan = plan
        self._header = header
        self._directory = directory
        self._sort_aside = sort_aside
        self._watch = CrowdingWatch(limits, plan.sort_window)
        self._watch_aside = CrowdingWatch(limits, 0)
        self._chains = 0
        self._chain: Chain | None = None
        self._segment: Segment | None = None
        self._aside_path = directory / "aside.vcf"
        self._aside_contigs: set[str] = set()
        self._declared = {name.decode() for name in _DECLARED.findall(header)}
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

    def feed(self, batch: Batch) -> None:
        """Take a batch; raises what the pipe failed of, and what CrowdingWatch raises."""
        if batch.aside:
            if not self._sort_aside:
                self._watch_aside.look(batch.contig, batch.sites)
            self._check_declared(batch.contig)
            with self._aside_path.open("ab") as file:
                file.write(batch.lines)
            return
        self._watch.look(batch.contig, batch.sites)
        segment = self._plan.segment(batch.contig)
        if self._chain is None or segment != self._segment:
            self._next_chain(segment)
        self._write(batch.lines)

    def finish(self) -> None:
        """End the input, run what was set aside, and wait for the result."""
        if self._chains == 0:
            self._next_chain(self._plan.first_segment())
        self._end_chain()
        if self._aside_contigs:
            self._run_aside()
        self._close_output()
        self._finisher.child.wait()
        if self._finisher.child.returncode != 0:
            raise self._failure([])

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

    def _run_aside(self) -> None:
        *lines, columns = self._header.splitlines(keepends=True)
        lines += [f"##contig=<ID={name}>\n".encode() for name in sorted(self._aside_contigs - self._declared)]
        header = b"".join([*lines, columns])
        self._start(self._plan.aside_commands(), header)
        with self._aside_path.open("rb") as file:
            blocks = iter(lambda: file.read(1 << 20), b"")
            for block in self._sorted_aside(header, blocks) if self._sort_aside else blocks:
                self._write(block)
        self._end_chain()
        self._aside_path.unlink()

    def _check_declared(self, contig: str) -> None:
        """The output's header is written by now: what it lacks, and could hold, can only be had by another run."""
        if contig not in self._declared and DECLARABLE.fullmatch(contig):
            raise UndeclaredContig
        self._aside_contigs.add(contig)

    def _sorted_aside(self, header: bytes, blocks: Iterable[bytes]) -> Iterator[bytes]:
        with SortedBatches(header, self._directory) as sorter:
            for block in blocks:
                sorter.add(block)
            for batch in sorter:
                self._watch_aside.look(batch.contig, batch.sites)
                yield batch.lines

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
