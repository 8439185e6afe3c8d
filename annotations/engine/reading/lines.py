"""Blocks of text cut into whole lines and chunks of whole lines, with exact line numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from annotations.engine.errors import InputRefused
from annotations.engine.limits import Limits


@dataclass(frozen=True)
class Chunk:
    """Whole lines, each ended by one LF; ``first_line`` is the number of the first, counted from 1 in the upload."""

    data: bytes
    first_line: int
    lines: int


class LineSource:
    """Lines one at a time for the header, then chunks for the records. CRLF becomes LF, a last line is ended."""

    def __init__(self, blocks: Iterable[bytes], limits: Limits) -> None:
        self._blocks = iter(blocks)
        self._limits = limits
        self._rest = b""
        self._offset = 0
        self._ended = False
        self.line = 1
        """The number of the next line."""
        self.crlf = False
        """Whether a CRLF was met so far."""

    def next_line(self) -> bytes | None:
        """The next line without its end, or None behind the last."""
        end = self._rest.find(b"\n", self._offset)
        while end < 0 and not self._ended:
            self._append(next(self._blocks, None))
            end = self._rest.find(b"\n")
        if end < 0:
            if self._offset >= len(self._rest):
                return None
            end = len(self._rest)
        line = self._rest[self._offset : end]
        self._offset = end + 1
        self.line += 1
        if line.endswith(b"\r"):
            self.crlf = True
            line = line[:-1]
        return line

    def chunks(self) -> Iterator[Chunk]:
        """What is left, in chunks of about ``chunk_bytes``."""
        parts = [self._rest[self._offset :]]
        self._rest, self._offset = b"", 0
        length = len(parts[0])
        for block in self._blocks:
            parts.append(block)
            length += len(block)
            if length < self._limits.chunk_bytes:
                continue
            data = b"".join(parts)
            cut = data.rfind(b"\n") + 1
            if cut:
                yield self._chunk(data[:cut])
                data = data[cut:]
            self._check_length(len(data))
            parts, length = [data], len(data)
        data = b"".join(parts).removesuffix(b"\r")
        if data:
            yield self._chunk(data if data.endswith(b"\n") else data + b"\n")

    def _append(self, block: bytes | None) -> None:
        self._rest, self._offset = self._rest[self._offset :] + (block or b""), 0
        self._ended = block is None
        if b"\n" not in self._rest:
            self._check_length(len(self._rest))

    def _chunk(self, data: bytes) -> Chunk:
        if b"\r" in data:
            self.crlf = self.crlf or b"\r\n" in data
            data = data.replace(b"\r\n", b"\n")
        chunk = Chunk(data, self.line, data.count(b"\n"))
        self.line += chunk.lines
        return chunk

    def _check_length(self, length: int) -> None:
        if length > self._limits.max_line_bytes:
            raise InputRefused(
                f"The line is longer than {self._limits.max_line_bytes:,} bytes",
                "Check how the file was made.",
                self.line,
            )
