"""The lines of a few rows of a VCF, found by its index: the file is not read through for a filter that takes little."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pysam

from annotations.engine.limits import MAX_POSITION
from annotations.explorer.conditions import Condition
from annotations.explorer.sorting import FILE_ORDER
from annotations.explorer.table import VariantTable

#: Rows that are looked up one by one, and of how many rows of the table one may be wanted: a look-up takes as long as
#: reading some hundred lines.
MOST_ROWS, ONE_OF = 2_000, 200


class NoSuchPlace(Exception):
    """The index does not lead to every row."""


@dataclass(frozen=True)
class Place:
    """A position, and which of the lines there are wanted; they stand in the order of the table's rows."""

    contig: str
    pos: int
    wanted: tuple[bool, ...]


def are_few(rows: int, total: int) -> bool:
    """Say whether so many rows of a table are quicker looked up than read through."""
    return rows <= MOST_ROWS and rows * ONE_OF <= total


def places_of(where: Condition, table: VariantTable) -> list[Place]:
    """Return the positions of the rows that a condition takes, in the order of the file."""
    wanted = {row["row"] for row in _rows(where, table, ())}
    # Names are ours, and a condition's SQL is made of constants and the catalogue's expressions.
    places = f'SELECT "contig", "pos" FROM variants WHERE {where.sql}'  # noqa: S608 (see above)
    beside = Condition(f'("contig", "pos") IN ({places})', where.values)
    rows = _rows(beside, table, ("contig", "pos"))
    return [
        Place(contig, pos, tuple(row["row"] in wanted for row in here))
        for (contig, pos), here in groupby(rows, lambda row: (row["contig"], row["pos"]))
    ]


def _rows(where: Condition, table: VariantTable, names: Iterable[str]) -> Iterator[dict[str, object]]:
    columns = [table.catalogue.columns[name] for name in names]
    for batch in table.batches(where, FILE_ORDER, columns):
        yield from batch.to_pylist()


def lines_at(places: Iterable[Place], vcf: Path, index: Path) -> Iterator[bytes]:
    """Yield the wanted lines as they stand in the file. Raises NoSuchPlace before the first, or where lines lack."""
    # Each byte is a character and back: whatever the header says of its letters, the lines stay as they are.
    with pysam.TabixFile(str(vcf), index=str(index), encoding="latin-1") as file:
        known = set(file.contigs)
        for place in places:
            contig = place.contig.encode().decode("latin-1")
            if contig not in known or not 0 < place.pos <= MAX_POSITION:
                raise NoSuchPlace
            at = str(place.pos)
            lines = [one for one in file.fetch(contig, place.pos - 1, place.pos) if one.split("\t", 2)[1] == at]
            if len(lines) != len(place.wanted):
                raise NoSuchPlace
            chosen = [line for line, wanted in zip(lines, place.wanted, strict=True) if wanted]
            yield "".join(f"{line}\n" for line in chosen).encode("latin-1")
