"""The samples of a cohort in an export: each one's own cells, however its block keeps them."""

from __future__ import annotations

import pyarrow as pa
import pytest

from annotations.explorer.columns import Catalogue
from annotations.exports.sample_columns import block_columns, sample_arrays

#: Two blocks of 64 and one of two.
SAMPLES = 130
WORDS = {"0": "ref", "1": "het", "2": "hom"}


def cohort(rows: int, *, levels: bool = True) -> tuple[Catalogue, list[str], list[list[float | None]]]:
    """Return a catalogue, and a text of letters and a list of levels for each row, over all samples."""
    catalogue = Catalogue({}, tuple(f"s{number}" for number in range(SAMPLES)), has_genotypes=True, has_levels=levels)
    letters = ["".join("012."[(row + sample * 7) % 4] for sample in range(SAMPLES)) for row in range(rows)]
    shares = [
        [None if (row + sample) % 5 == 0 else (row + sample) / 200 for sample in range(SAMPLES)] for row in range(rows)
    ]
    return catalogue, letters, shares


def in_blocks(letters: list[str], shares: list[list[float | None]]) -> pa.RecordBatch:
    """Return the batch as a table gives it."""
    parts = [(number, first, min(first + 64, SAMPLES)) for number, first in enumerate(range(0, SAMPLES, 64))]
    found = {f"genotypes_{number}": pa.array([row[a:b] for row in letters], pa.string()) for number, a, b in parts}
    kind = pa.list_(pa.float64())
    found |= {f"levels_{number}": pa.array([row[a:b] for row in shares], kind) for number, a, b in parts}
    return pa.RecordBatch.from_pydict(found)


@pytest.mark.parametrize(("first", "rows"), [(0, 5), (2, 2), (0, 0)])
def test_each_sample_gets_its_own_words_and_levels(first: int, rows: int) -> None:
    catalogue, letters, shares = cohort(5)
    arrays = list(sample_arrays(in_blocks(letters, shares).slice(first, rows), catalogue))
    assert len(arrays) == 2 * SAMPLES
    for sample in range(SAMPLES):
        words, levels = arrays[2 * sample].to_pylist(), arrays[2 * sample + 1].to_pylist()
        assert words == [WORDS.get(row[sample]) for row in letters[first : first + rows]]
        assert levels == [row[sample] for row in shares[first : first + rows]]
    assert {array.type for array in arrays} == {pa.string(), pa.float64()}


def test_a_row_without_genotypes_or_levels_has_empty_cells() -> None:
    catalogue, letters, shares = cohort(3)
    batch = in_blocks(letters, shares).to_pydict()
    batch["genotypes_1"][1] = batch["levels_1"][1] = None
    schema = in_blocks(letters, shares).schema
    arrays = list(sample_arrays(pa.RecordBatch.from_pydict(batch, schema=schema), catalogue))
    assert [array.to_pylist()[1] for array in arrays[2 * 64 : 2 * 128]] == [None] * 128
    assert arrays[2 * 64].to_pylist()[2] == WORDS.get(letters[2][64])
    assert arrays[2 * 128 + 1].to_pylist()[1] == shares[1][128]


def test_a_table_is_asked_for_its_blocks_and_not_for_each_sample() -> None:
    with_levels, without = cohort(0)[0], cohort(0, levels=False)[0]
    assert [column.name for column in block_columns(without)] == ["genotypes_0", "genotypes_1", "genotypes_2"]
    assert len(block_columns(with_levels)) == 6
    assert len(list(sample_arrays(in_blocks(["0" * SAMPLES], [[None] * SAMPLES]), without))) == SAMPLES
