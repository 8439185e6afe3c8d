"""Sorts the records of a file by contig and position with ``bcftools sort``, in bounded memory."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Self

from annotations.engine import bcftools
from annotations.engine.pipe.segments import sort_command
from annotations.engine.pipe.stages import Stage, failure
from annotations.engine.reading.reader import Batch
from annotations.engine.reading.sites import Sites

_BLOCK_BYTES = 1 << 20


class SortedBatches:
    """Takes batches in any order; iterating answers the same records in order."""

    def __init__(self, header: bytes, directory: Path) -> None:
        path = directory / "sort.stderr"
        argv = bcftools.command(*sort_command(directory), "-Ov", "-")
        with path.open("wb") as stderr:
            child = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr)
        self._stage = Stage("sort", child, path)
        self._write(header)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        child = self._stage.child
        if child.poll() is None:
            child.kill()
        child.wait()

    def add(self, lines: bytes) -> None:
        """Take records; raises what bcftools failed of."""
        self._write(lines)

    def __iter__(self) -> Iterator[Batch]:
        """All records in order; ends the input."""
        child = self._stage.child
        assert child.stdin is not None and child.stdout is not None  # noqa: S101, PT018  (PIPE was asked for)
        try:
            child.stdin.close()
        except BrokenPipeError:
            raise self._failure() from None
        rest = b""
        # bcftools sort says nothing before it has read everything, so feeding it and reading it cannot block.
        while block := child.stdout.read(_BLOCK_BYTES):
            text = rest + block
            cut = text.rfind(b"\n") + 1
            rest = text[cut:]
            yield from _by_contig(text[:cut])
        if child.wait() != 0:
            raise self._failure()

    def _write(self, data: bytes) -> None:
        assert self._stage.child.stdin is not None  # noqa: S101  (PIPE was asked for)
        try:
            self._stage.child.stdin.write(data)
        except BrokenPipeError:
            raise self._failure() from None

    def _failure(self) -> Exception:
        self._stage.child.wait()
        return failure([self._stage])


def _by_contig(text: bytes) -> Iterator[Batch]:
    lines = (line for line in text.splitlines(keepends=True) if not line.startswith(b"#"))
    for contig, group in groupby(lines, key=lambda line: line[: line.index(b"\t")]):
        together = list(group)
        yield Batch(b"".join(together), Sites.of_lines(together), aside=False, contig=contig.decode())
