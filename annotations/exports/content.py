"""What an export holds: every column of the rows that a filter takes, in the order of the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import pyarrow as pa

from annotations.explorer.columns import ROW, Catalogue, Column
from annotations.explorer.conditions import Condition
from annotations.explorer.sorting import Sort
from annotations.explorer.table import BATCH_ROWS, VariantTable
from annotations.exports.sample_columns import block_columns, sample_arrays

#: Cells that a writer has in Python's or Arrow's hands at a time; with thousands of samples that is few rows.
CELLS = 400_000
#: DuckDB hands out no less.
LEAST_ROWS = 2_048
#: How long one export may read its table.
SECONDS = 6 * 3_600.0
_OF_SAMPLES = frozenset({"genotype", "level"})


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
        width, catalogue = len(self.columns), self.table.catalogue
        plain = [column for column in self.columns if column.kind not in _OF_SAMPLES]
        asked = [*plain, *block_columns(catalogue)]
        rows = min(BATCH_ROWS, max(LEAST_ROWS, CELLS // width))
        part = max(1, CELLS // width)
        for batch in self.table.batches(self.where, self.sort, asked, seconds=SECONDS, rows=rows):
            for first in range(0, max(1, batch.num_rows), part):
                some = batch.slice(first, part)
                own = [some.column(column.name) for column in plain]
                yield pa.RecordBatch.from_arrays([*own, *sample_arrays(some, catalogue)], names=self.names)


def exported_columns(catalogue: Catalogue) -> tuple[Column, ...]:
    """Return every column of a table; of the samples all, though a page can choose among the first only.

    Genotypes are words (ref, het, hom; nothing where not called). A sample's columns bear its name.
    """
    columns = [one for one in catalogue.columns.values() if one.kind not in _OF_SAMPLES]
    for sample, name in enumerate(catalogue.samples):
        if catalogue.has_genotypes:
            column = catalogue.genotype(sample)
            columns.append(replace(column, name=f"genotype:{name}", title=f"Genotype of {name}"))
        if catalogue.has_levels:
            columns.append(replace(catalogue.level(sample), name=f"level:{name}", title=f"Level of {name}"))
    return tuple(_each_once(columns))


def _each_once(columns: list[Column]) -> Iterator[Column]:
    """Two samples of one name (files have them) become NAME and NAME.2."""
    taken = {ROW.name}
    for column in columns:
        name = column.name
        if name in taken:
            name = next(one for one in (f"{name}.{number}" for number in count(2)) if one not in taken)
        taken.add(name)
        yield replace(column, name=name)
