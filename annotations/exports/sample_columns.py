"""A column a sample, out of the blocks of samples that a table keeps.

Of a cohort they are ten thousand, which DuckDB would plan one by one: for 5,000 samples a minute before the first row.
Here a block's cells are turned round at once.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from annotations.engine.results.genotypes import GENOTYPES, LEVELS_OF
from annotations.engine.results.samples import BLOCK
from annotations.explorer.columns import Catalogue, Column, quoted

#: What an export says for a letter; nothing where a sample was not called.
_WORDS = pa.array(["ref", "het", "hom"])
_LETTERS = b"012"


def block_columns(catalogue: Catalogue) -> list[Column]:
    """Return the columns to ask the table for."""
    names = [f"{GENOTYPES}{number}" for number in _blocks(catalogue)] if catalogue.has_genotypes else []
    names += [f"{LEVELS_OF}{number}" for number in _blocks(catalogue)] if catalogue.has_levels else []
    return [Column(name, name, "text", quoted(name), quoted(name)) for name in names]


def sample_arrays(batch: pa.RecordBatch, catalogue: Catalogue) -> Iterator[pa.Array]:
    """Yield the values of each sample, its genotype in words before its level, out of a batch of ``block_columns``."""
    for number in _blocks(catalogue):
        samples = min(BLOCK, len(catalogue.samples) - number * BLOCK)
        found = []
        if catalogue.has_genotypes:
            found.append(_genotypes(batch.column(f"{GENOTYPES}{number}"), samples))
        if catalogue.has_levels:
            found.append(_levels(batch.column(f"{LEVELS_OF}{number}"), samples))
        for sample in range(samples):
            yield from (values.slice(sample * batch.num_rows, batch.num_rows) for values in found)


def _blocks(catalogue: Catalogue) -> range:
    return range(-(-len(catalogue.samples) // BLOCK))


def _genotypes(block: pa.Array, samples: int) -> pa.Array:
    """One sample's words behind the other's, of rows whose text has a letter a sample."""
    text = "".join((letters or "").ljust(samples, ".") for letters in block.to_pylist())
    letters = np.frombuffer(text.encode("ascii"), np.uint8).reshape(len(block), samples).T.ravel()
    codes = letters.astype(np.int64) - _LETTERS[0]
    return _WORDS.take(pa.array(codes, mask=(codes < 0) | (codes >= len(_LETTERS))))


def _levels(block: pa.Array, samples: int) -> pa.Array:
    """One sample's levels behind the other's, of rows that have a list or none."""
    offsets = np.asarray(block.offsets)
    places = np.arange(samples)[:, None]
    missing = (places >= np.diff(offsets)[None, :]) | np.asarray(block.is_null().to_numpy(zero_copy_only=False))[
        None, :
    ]
    taken = np.where(missing, 0, offsets[None, :-1] + places)
    return block.values.take(pa.array(taken.ravel(), mask=missing.ravel()))
