"""Records of contigs that the reference lacks, kept until all others are through the pipe."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from annotations.engine.errors import EngineError
from annotations.engine.limits import Limits
from annotations.engine.pipe.crowding import CrowdingWatch
from annotations.engine.pipe.sorting import SortedBatches
from annotations.engine.reading.contig_names import DECLARABLE
from annotations.engine.reading.reader import Batch

_DECLARED = re.compile(rb"^##contig=<ID=([^,>\n]+)", re.MULTILINE)
#: Records of neighbouring batches are told as one piece up to so many bytes.
_PIECE_BYTES = 1 << 20


class UndeclaredContig(EngineError):
    """A record lies on a contig that neither the reference nor the header names; another run has to declare it."""


@dataclass
class Piece:
    """Some of the records: how many they are, and how many once split."""

    size: int
    records: int
    rows: int
    contigs: dict[str, None]


class Aside:
    """Takes batches that are ``aside`` and answers their records in the end, sorted where the file was ``unsorted``."""

    def __init__(self, header: bytes, directory: Path, limits: Limits, *, unsorted: bool) -> None:
        self._header = header
        self._directory = directory
        self._unsorted = unsorted
        self._watch = CrowdingWatch(limits, 0)
        self._declared = declared_contigs(header)
        self._path = directory / "aside.vcf"
        self._pieces: list[Piece] = []

    def __bool__(self) -> bool:
        return bool(self._pieces)

    @property
    def contigs(self) -> list[str]:
        """The contigs' names."""
        return list(dict.fromkeys(name for piece in self._pieces for name in piece.contigs))

    def add(self, batch: Batch) -> None:
        """Take a batch. Raises UndeclaredContig, and what CrowdingWatch raises."""
        if not self._unsorted:
            self._watch.look(batch.contig, batch.sites)
        if batch.contig not in self._declared and DECLARABLE.fullmatch(batch.contig):
            # The output's header is written by now: what it lacks, and could hold, can only be had by another run.
            raise UndeclaredContig
        with self._path.open("ab") as file:
            file.write(batch.lines)
        self._note(batch)

    def texts(self) -> Iterator[tuple[Piece, bytes]]:
        """All records, piece by piece; once only. Raises what CrowdingWatch raises."""
        with self._path.open("rb") as file:
            if not self._unsorted:
                yield from ((piece, file.read(piece.size)) for piece in self._pieces)
            else:
                yield from self._sorted(iter(lambda: file.read(_PIECE_BYTES), b""))
        self._path.unlink()

    def _note(self, batch: Batch) -> None:
        rows = int(batch.sites.alleles.sum())
        if not self._pieces or self._pieces[-1].size >= _PIECE_BYTES:
            self._pieces.append(Piece(0, 0, 0, {}))
        piece = self._pieces[-1]
        piece.size += len(batch.lines)
        piece.records += batch.records
        piece.rows += rows
        piece.contigs[batch.contig] = None

    def _sorted(self, blocks: Iterable[bytes]) -> Iterator[tuple[Piece, bytes]]:
        with SortedBatches(aside_header(self._header, self.contigs), self._directory) as sorter:
            for block in blocks:
                sorter.add(block)
            for batch in sorter:
                self._watch.look(batch.contig, batch.sites)
                rows = int(batch.sites.alleles.sum())
                yield Piece(len(batch.lines), batch.records, rows, {batch.contig: None}), batch.lines


def declared_contigs(header: bytes) -> set[str]:
    """The contigs that a header declares."""
    return {name.decode() for name in _DECLARED.findall(header)}


def aside_header(header: bytes, contigs: Iterable[str]) -> bytes:
    """The header for records of these contigs, of which some may have names that only the pipe's way takes."""
    *lines, columns = header.splitlines(keepends=True)
    missing = sorted(set(contigs) - declared_contigs(header))
    return b"".join([*lines, *(f"##contig=<ID={name}>\n".encode() for name in missing), columns])
