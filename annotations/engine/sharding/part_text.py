"""A part's records on disk: BGZF text without a header."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from annotations.engine.errors import StageKilled
from annotations.engine.reference import sha256_of
from annotations.engine.results.bgzf import BgzfWriter
from annotations.engine.results.tabix import bgzf_blocks
from annotations.engine.sharding.cut_file import Part


class PartText:
    """Writes one part's text."""

    def __init__(self, path: Path) -> None:
        self.size = 0
        self._hash = hashlib.sha256()
        self._file = path.open("wb")
        self._writer = BgzfWriter(self)

    def add(self, text: bytes) -> None:
        """Write some lines."""
        self._writer.write(text)

    def close(self) -> str:
        """End the file; answers its SHA-256."""
        self._writer.close()
        self._file.close()
        return self._hash.hexdigest()

    def abandon(self) -> None:
        """Close the file as it is."""
        self._file.close()

    def write(self, data: bytes) -> None:
        """Take packed data."""
        self.size += len(data)
        self._hash.update(data)
        self._file.write(data)

    def flush(self) -> None:
        """Nothing waits here."""


def part_runs(part: Part, directory: Path) -> Iterator[tuple[str, bytes]]:
    """The part's text in pieces, each with its contig. Raises StageKilled when the file is not what was written."""
    path = directory / part.file
    if not path.is_file() or path.stat().st_size != part.size or sha256_of(path) != part.sha256:
        raise StageKilled(f"The text of part {part.number} is damaged or missing.")
    if part.aside:
        return (("", block) for _, block in bgzf_blocks(path, 0))
    return _runs(part.runs, path)


def _runs(runs: Sequence[tuple[str, int]], path: Path) -> Iterator[tuple[str, bytes]]:
    waiting = iter(runs)
    contig, left = "", 0
    for _, block in bgzf_blocks(path, 0):
        at = 0
        while at < len(block):
            if not left:
                contig, left = next(waiting)
            piece = block[at : at + left]
            yield contig, piece
            at += len(piece)
            left -= len(piece)
