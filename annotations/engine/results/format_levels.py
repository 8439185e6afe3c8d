"""Heteroplasmy: the share of an allele among a sample's mitochondrial reads, as callers write it into FORMAT."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from annotations.engine.results.samples import DEPTH, DEPTHS, LevelField
from annotations.engine.results.textblock import TextBlock

_NUMBER = r"(?P<value>\d*\.?\d+(?:[eE][+-]?\d+)?)"
_FORMAT = 8


def read_levels(
    block: TextBlock,
    starts: NDArray[np.int64],
    fields: Sequence[LevelField],
    runs: Iterable[tuple[int, int]],
) -> NDArray[np.float64]:
    """Levels from 0 to 1 (NaN: none), a row a record and a column a sample; records outside ``runs`` have none.

    ``starts`` says where each sample's text begins.
    """
    levels = np.full(starts.shape, np.nan)
    ends = np.concatenate((starts[:, 1:] - 1, block.lines[1:, None] - 1), axis=1)
    for first, last in runs:
        formats = block.cut(block.grid[first:last, _FORMAT - 1] + 1, block.grid[first:last, _FORMAT])
        formats = formats.dictionary_encode()
        for number, text in enumerate(formats.dictionary.to_pylist()):
            rows = first + np.flatnonzero(formats.indices.to_numpy() == number)
            cells = block.cut(starts[rows].ravel(), ends[rows].ravel())
            levels[rows] = _levels(cells, text.decode("latin-1").split(":"), fields).reshape(len(rows), -1)
    return levels


def _levels(cells: pa.Array, keys: list[str], fields: Sequence[LevelField]) -> NDArray[np.float64]:
    """The levels of cells that share one FORMAT."""
    for field in fields:
        if field.key == DEPTHS and DEPTHS in keys and DEPTH in keys:
            with np.errstate(divide="ignore", invalid="ignore"):
                return _shares(_values(cells, keys.index(DEPTHS), second=True) / _values(cells, keys.index(DEPTH)))
        if field.key != DEPTHS and field.key in keys:
            return _shares(_values(cells, keys.index(field.key), second=field.number == "R"))
    return np.full(len(cells), np.nan)


def _shares(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where((values >= 0) & (values <= 1), values, np.nan)


def _values(cells: pa.Array, place: int, *, second: bool = False) -> NDArray[np.float64]:
    """The number at a place of each cell, or the second of its two; NaN where there is no such number."""
    before = "[^:,]*," if second else ""
    found = pc.extract_regex(cells.cast(pa.string()), pattern=f"^(?:[^:]*:){{{place}}}{before}{_NUMBER}(?::|$)")
    numbers: NDArray[np.float64] = (
        pc.struct_field(found, "value").cast(pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False)
    )
    return numbers
