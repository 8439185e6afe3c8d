"""What an export holds: every column of the rows that a filter takes, in the order of the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pyarrow as pa

from annotations.explorer.columns import ROW, Catalogue, Column
from annotations.explorer.conditions import Condition
from annotations.explorer.sorting import Sort
from annotations.explorer.table import BATCH_ROWS, VariantTable

#: Cells that a writer has in Python's or Arrow's hands at a time; with thousands of samples that is few rows.
CELLS = 400_000
#: DuckDB hands out no less.
LEAST_ROWS = 2_048
#: How long one export may read its table.
SECONDS = 6 * 3_600.0
_WORDS = "CASE {sql} WHEN '0' THEN 'ref' WHEN '1' THEN 'het' WHEN '2' THEN 'hom' END"


@dataclass(frozen=True)
class Content:
    """The rows that ``where`` takes, in the order of ``sort``.

    ``provenance`` are names and values that say where the rows come from; ``vcf`` is the annotated VCF with its
    ``index``, for the format that copies its lines.
    """

    table: VariantTable
    where: Condition
    sort: Sort
    columns: tuple[Column, ...]
    provenance: tuple[tuple[str, str], ...]
    vcf: Path | None = None
    index: Path | None = None

    @property
    def names(self) -> list[str]:
        """Return the columns' names, each once."""
        return [column.name for column in self.columns]

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Stream the rows; a batch has at most CELLS cells, or one row."""
        width = len(self.columns)
        rows = min(BATCH_ROWS, max(LEAST_ROWS, CELLS // width))
        part = max(1, CELLS // width)
        for batch in self.table.batches(self.where, self.sort, self.columns, seconds=SECONDS, rows=rows):
            whole = batch.drop_columns([ROW.name])
            for first in range(0, max(1, whole.num_rows), part):
                yield whole.slice(first, part)


def exported_columns(catalogue: Catalogue) -> tuple[Column, ...]:
    """Return every column of a table; of the samples all, though a page can choose among the first only.

    Genotypes are words (ref, het, hom; nothing where not called). A sample's columns bear its name.
    """
    columns = [one for one in catalogue.columns.values() if one.kind not in {"genotype", "level"}]
    for sample, name in enumerate(catalogue.samples):
        if catalogue.has_genotypes:
            sql = _WORDS.format(sql=catalogue.genotype(sample).sql)
            columns.append(Column(f"genotype:{name}", f"Genotype of {name}", "genotype", sql, sql))
        if catalogue.has_levels:
            sql = catalogue.level(sample).sql
            columns.append(Column(f"level:{name}", f"Level of {name}", "level", sql, sql))
    return tuple(_each_once(columns))


def _each_once(columns: list[Column]) -> Iterator[Column]:
    """Two samples of one name (files have them) become NAME and NAME.2."""
    taken = {ROW.name}
    for column in columns:
        name = column.name
        if name in taken:
            name = next(one for one in (f"{name}.{number}" for number in count(2)) if one not in taken)
        taken.add(name)
        yield Column(name, column.title, column.kind, column.sql, column.order, column.source, column.role)
