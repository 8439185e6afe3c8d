"""Finds the alleles of a block in a source: both stand in order, so the source is read alongside, once."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from annotations.engine.reference import Source
from annotations.engine.results.sought import Found, Sought
from annotations.engine.results.tabix import WINDOW_BITS, TabixText

#: A source is read on rather than entered anew where the next record is at most this far away, in positions.
READ_ON = 8 << WINDOW_BITS
_KEY_COLUMNS = ("CHROM", "POS", "REF", "ALT")


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
        self._piece: pa.Table | None = None

    def find(self, contig: str, sought: Sought) -> Found:
        """The source's fields for the alleles found, and each record's place among them."""
        positions, keys = sought.positions, sought.keys
        places = np.full(len(positions), -1, np.int64)
        found: list[pa.Table] = []
        count = 0
        for piece in self._between(contig, int(positions[0]), int(positions[-1])):
            at = piece["POS"].to_numpy()
            first, last = np.searchsorted(positions, [at[0], at[-1] + 1])
            wanted = positions[first:last]
            if not len(wanted):
                continue
            near = np.searchsorted(wanted, at)
            rows = piece.filter(pa.array(wanted[np.minimum(near, len(wanted) - 1)] == at))
            texts = (rows["POS"].cast(pa.string()), rows["REF"], rows["ALT"])
            values = pc.binary_join_element_wise(*texts, "\t").combine_chunks()
            hits = pc.index_in(keys.slice(first, last - first), value_set=values).fill_null(-1).to_numpy()
            places[first:last] = np.where(hits >= 0, hits + count, places[first:last])
            found.append(rows.select(self._names[len(_KEY_COLUMNS) :]))
            count += len(rows)
        return (pa.concat_tables(found).combine_chunks() if found else None), places

    def _between(self, contig: str, first: int, last: int) -> Iterator[pa.Table]:
        """Pieces of the source that cover these positions."""
        if not self._go_to(contig, first):
            return
        while True:
            piece = self._piece
            if piece is None or int(piece["POS"][-1].as_py()) < first:
                piece = self._next_piece()
            if piece is None or int(piece["POS"][0].as_py()) > last:
                return
            yield piece
            if int(piece["POS"][-1].as_py()) > last:
                return
            self._piece = None

    def _go_to(self, contig: str, position: int) -> bool:
        """Enter the source at a position, unless it is near and ahead; False when it has nothing from there on."""
        ahead = self._piece is not None and int(self._piece["POS"][-1].as_py()) + READ_ON >= position
        if contig == self._contig and ahead:
            return True
        offset = self._text.index.offset(contig, position)
        if offset is None:
            return False
        self._contig = contig
        self._pieces = self._text.pieces(offset)
        self._piece = None
        return True

    def _next_piece(self) -> pa.Table | None:
        """The next lines of the contig; None at its end."""
        self._piece = None
        for text in self._pieces:
            table = parsed(text, self._types)
            same = pc.equal(table["CHROM"], self._contig)
            if not pc.all(same).as_py():
                table = table.filter(same)
            if len(table):
                self._piece = table
                return table
            if not pc.any(same).as_py():
                break
        self._pieces = iter(())
        return None


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
