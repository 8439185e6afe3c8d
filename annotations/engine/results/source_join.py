"""Finds the alleles of a block in a source: both stand in order, so the source is read alongside, once."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv

from annotations.engine.reference import Source
from annotations.engine.results.sought import Found, Numbers, Sought
from annotations.engine.results.tabix import WINDOW_BITS, TabixText
from annotations.engine.results.textblock import Flags

#: A source is read on rather than entered anew where the next record is at most this far away, in positions.
READ_ON = 8 << WINDOW_BITS
_KEY_COLUMNS = ("CHROM", "POS", "REF", "ALT")
#: Digits of the longest position that an index can hold, 2^29 or (``.csi``) 2^31.
_MOST_DIGITS = 10


class SourceJoin:
    """One source, asked for blocks of records in order of position."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._names = [*_KEY_COLUMNS, *(field.info for field in source.fields)]
        self._types = dict.fromkeys(self._names, pa.string()) | {"POS": pa.int64()}
        self._text = TabixText(source.file)
        self._contig: str | None = None
        self._pieces: Iterator[bytes] = iter(())
        #: Lines read and not yet behind us: a block may end in the middle of a piece.
        self._piece: _Piece | None = None

    def find(self, contig: str, sought: Sought) -> Found:
        """The source's fields for the alleles found, and each record's place among them."""
        positions = sought.positions
        places = np.full(len(positions), -1, np.int64)
        found: list[pa.Table] = []
        count = 0
        for piece in self._between(contig, int(positions[0]), int(positions[-1])):
            at = piece.positions
            first, last = np.searchsorted(positions, [at[0], at[-1] + 1])
            wanted = positions[first:last]
            if not len(wanted):
                continue
            there = _among(at, wanted)
            if not there.any():
                continue
            rows = parsed(piece.lines(there), self._types)
            texts = (rows["POS"].cast(pa.string()), rows["REF"], rows["ALT"])
            values = pc.binary_join_element_wise(*texts, "\t").combine_chunks()
            near = first + np.flatnonzero(_among(wanted, at[there]))
            hits = pc.index_in(sought.keys(near), value_set=values).fill_null(-1).to_numpy()
            places[near] = np.where(hits >= 0, hits + count, places[near])
            found.append(rows.select(self._names[len(_KEY_COLUMNS) :]))
            count += len(rows)
        return (pa.concat_tables(found).combine_chunks() if found else None), places

    def _between(self, contig: str, first: int, last: int) -> Iterator[_Piece]:
        """Pieces of the source that cover these positions."""
        if not self._go_to(contig, first):
            return
        while True:
            piece = self._piece
            if piece is None or piece.positions[-1] < first:
                piece = self._next_piece()
            if piece is None or piece.positions[0] > last:
                return
            yield piece
            if piece.positions[-1] > last:
                return
            self._piece = None

    def _go_to(self, contig: str, position: int) -> bool:
        """Enter the source at a position, unless it is near and ahead; False when it has nothing from there on."""
        ahead = self._piece is not None and self._piece.positions[-1] + READ_ON >= position
        if contig == self._contig and ahead:
            return True
        offset = self._text.index.offset(contig, position)
        if offset is None:
            return False
        self._contig = contig
        self._pieces = self._text.pieces(offset)
        self._piece = None
        return True

    def _next_piece(self) -> _Piece | None:
        """The next lines of the contig; None at its end."""
        self._piece = None
        for text in self._pieces:
            lines = _of_contig(text, f"{self._contig}\t".encode())
            if not lines:
                break
            self._piece = _Piece(lines, len(f"{self._contig}\t".encode()))
            return self._piece
        self._pieces = iter(())
        return None


def _among(values: Numbers, others: Numbers) -> Flags:
    """Which of ``values`` stand among ``others``, which rise and are some."""
    there: Flags = others[np.minimum(np.searchsorted(others, values), len(others) - 1)] == values
    return there


class _Piece:
    """Lines of one contig, of which only the positions are read as yet: a source holds far more than a file asks for.

    POS stands ``skip`` bytes behind the beginning of each line.
    """

    def __init__(self, text: bytes, skip: int) -> None:
        self._bytes = np.frombuffer(text, np.uint8)
        ends = np.flatnonzero(self._bytes == ord("\n")) + 1
        self._lengths = np.diff(ends, prepend=0)
        self.positions = _whole_numbers(self._bytes, ends - self._lengths + skip)

    def lines(self, wanted: Flags) -> bytes:
        """The text of these lines."""
        return self._bytes[np.repeat(wanted, self._lengths)].tobytes()


def _of_contig(text: bytes, prefix: bytes) -> bytes:
    """The lines that begin with ``prefix``; a contig's lines follow one another."""
    if text.startswith(prefix) and text.rfind(b"\n" + prefix) == text.rfind(b"\n", 0, -1):
        return text
    return b"".join(line for line in text.splitlines(keepends=True) if line.startswith(prefix))


def _whole_numbers(text: NDArray[np.uint8], starts: Numbers) -> Numbers:
    """The numbers that begin at ``starts``, each read to the first byte that is no digit."""
    values = np.zeros(len(starts), np.int64)
    inside = np.ones(len(starts), np.bool_)
    for place in range(_MOST_DIGITS):
        digits = text[starts + place] - np.uint8(ord("0"))
        inside &= digits <= 9  # a byte below "0" has wrapped round
        if not inside.any():
            break
        values = np.where(inside, values * 10 + digits, values)
    return values


def parsed(text: bytes, types: Mapping[str, pa.DataType]) -> pa.Table:
    """Lines of a source's table, without its heading, as columns of these names and types; dots are missing."""
    if text.startswith(b"#"):
        text = text[text.index(b"\n") + 1 :]
    return csv.read_csv(
        io.BytesIO(text),
        read_options=csv.ReadOptions(column_names=list(types), use_threads=False, block_size=len(text) + 1),
        parse_options=csv.ParseOptions(delimiter="\t", quote_char=False),
        convert_options=csv.ConvertOptions(
            column_types=types, null_values=["."], strings_can_be_null=True, check_utf8=True
        ),
    )


def info_texts(fields: Sequence[tuple[str, bool]], table: pa.Table) -> pa.Array:
    """A source's part of INFO for each row: ``;A=1;B=x``, without what is missing; flags have no value."""
    parts = []
    for (name, flag), column in zip(fields, table.columns, strict=True):
        values = column.combine_chunks()
        if flag:
            parts.append(pc.if_else(values.is_valid(), pa.scalar(f";{name}"), pa.scalar("")))
        else:
            parts.append(pc.binary_join_element_wise(pa.scalar(f";{name}="), values, "").fill_null(""))
    return pc.binary_join_element_wise(*parts, "")
