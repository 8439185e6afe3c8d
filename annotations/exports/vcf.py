"""Exports as VCF: the lines of the annotated file as they stand there, those of the rows that the filter takes.

A row's number in the table is its line's place in the file: the engine writes both from one stream.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from isal import igzip
from numpy.typing import NDArray

from annotations.engine.results.bgzf import BgzfWriter
from annotations.explorer.columns import ROW
from annotations.explorer.sorting import FILE_ORDER
from annotations.exports.content import SECONDS, Content
from annotations.exports.few_lines import NoSuchPlace, are_few, lines_at, places_of
from annotations.exports.outbox import Outbox

_PIECE = 1 << 20
_NEWLINE = ord("\n")
Numbers = NDArray[np.int64]


class LinesMissing(Exception):
    """The VCF has fewer lines than its table has rows, or is not there."""


def vcf(content: Content) -> Iterator[bytes]:
    """Write BGZF: the header with a line about this export, then the lines. Always in the order of the file."""
    if content.vcf is None:
        raise LinesMissing("This result has no VCF.")
    outbox = Outbox()
    writer = BgzfWriter(outbox)
    for lines in _lines(content, content.vcf):
        writer.write(lines)
        yield outbox.take()
    writer.close()
    yield outbox.take()


def _lines(content: Content, path: Path) -> Iterator[bytes]:
    """The header and the lines: by the index where they are few and it leads to all of them, else by reading on."""
    if content.index is not None and are_few(content.table.count(content.where), content.table.total):
        with suppress(NoSuchPlace):
            few = list(lines_at(places_of(content.where, content.table), path, content.index))
            yield header_with(path, _note(content))
            yield from few
            return
    yield from chosen_lines(path, _note(content), _rows(content))


def header_with(path: Path, note: bytes) -> bytes:
    """The header, with ``note`` before its last line."""
    with cast(BinaryIO, igzip.IGzipFile(path, "rb")) as file:  # type: ignore[no-untyped-call]
        *header, names, _ = _head(file)
    return b"".join((*header, note, names))


def chosen_lines(path: Path, note: bytes, numbers: Iterator[Numbers]) -> Iterator[bytes]:
    """Yield the header, with ``note`` before its last line, and the records of these numbers, which ascend from 0.

    Raises LinesMissing when the file ends before the last number.
    """
    wanted = _Wanted(numbers)
    with cast(BinaryIO, igzip.IGzipFile(path, "rb")) as file:  # type: ignore[no-untyped-call]
        *header, names, first = _head(file)
        yield b"".join((*header, note, names))
        number = 0
        for text in _whole_lines(file, first):
            if wanted.is_done:
                return
            ends = np.flatnonzero(np.frombuffer(text, np.uint8) == _NEWLINE) + 1
            starts = np.concatenate(([0], ends[:-1]))
            here = wanted.below(number + len(ends)) - number
            pairs = zip(starts[here].tolist(), ends[here].tolist(), strict=True)
            yield b"".join(text[start:end] for start, end in pairs)
            number += len(ends)
    if not wanted.is_done:
        raise LinesMissing("The VCF has fewer records than its table.")


class _Wanted:
    """Numbers that arrive in batches, handed out up to a bound."""

    def __init__(self, batches: Iterator[Numbers]) -> None:
        self._batches = batches
        self._waiting = next(batches, None)

    @property
    def is_done(self) -> bool:
        """Say whether all numbers were handed out."""
        return self._waiting is None

    def below(self, bound: int) -> Numbers:
        """Return what is left below ``bound``."""
        found = [np.empty(0, np.int64)]
        while self._waiting is not None:
            cut = int(np.searchsorted(self._waiting, bound))
            found.append(self._waiting[:cut])
            self._waiting = self._waiting[cut:]
            if len(self._waiting):
                break
            self._waiting = next(self._batches, None)
        return np.concatenate(found)


def _head(file: BinaryIO) -> list[bytes]:
    """The header's lines, and behind them the first record, empty where there is none."""
    lines = [file.readline()]
    while lines[-1].startswith(b"#"):
        lines.append(file.readline())
    return lines


def _whole_lines(file: BinaryIO, begun: bytes) -> Iterator[bytes]:
    """The rest of the file in pieces that end with a line."""
    while piece := file.read(_PIECE):
        end = piece.rfind(b"\n") + 1
        if end:
            yield begun + piece[:end]
            begun = piece[end:]
        else:
            begun += piece
    if begun:
        yield begun


def _rows(content: Content) -> Iterator[Numbers]:
    for batch in content.table.batches(content.where, FILE_ORDER, (), seconds=SECONDS):
        if batch.num_rows:
            yield batch.column(ROW.name).to_numpy()


def _note(content: Content) -> bytes:
    """One header line; what it says is percent-encoded or ours, so it cannot end the line."""
    facts = dict(content.provenance)
    said = [f"{name}={facts[name]}" for name in ("Exported", "Query", "Variants") if facts.get(name)]
    return ("##GAS_export=" + "; ".join(said) + "\n").encode()
