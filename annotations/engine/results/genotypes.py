"""The samples' genotypes of a block of records, one letter a sample, and their heteroplasmy where the file has it.

A record has one alternate allele here (the pipe split them), so a genotype is one of four letters: ``0`` without the
allele, ``1`` with the allele and another one, ``2`` with the allele only (a haploid call too), ``.`` not called. The
letters of BLOCK samples stand side by side in one text column: a reader who asks for one of 5,000 samples reads a
column of 64 letters, and not 5,000 columns' worth of metadata.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from annotations.engine.results.format_levels import read_levels
from annotations.engine.results.samples import SampleLayout
from annotations.engine.results.textblock import TextBlock

#: How the columns of letters and of levels begin; the number of the block follows.
GENOTYPES, LEVELS_OF = "genotypes_", "levels_"
LEVELS = pa.list_(pa.float64())

_FORMAT = 8
#: What a byte of a genotype can be: 0, 1, dot, a separator of alleles, the end of the value, anything else.
_ZERO, _ONE, _DOT, _SEPARATOR, _END, _OTHER = range(6)
_KINDS = np.full(256, _OTHER, np.uint8)
for _kind, _signs in enumerate((b"0", b"1", b".", b"/|", b":\t\n")):
    _KINDS[list(_signs)] = _kind
_UNKNOWN = 0


def genotype_columns(layout: SampleLayout) -> dict[str, pa.DataType]:
    """The columns of a table: carriers, called, ``genotypes_N`` and ``levels_N`` for the N-th block of samples."""
    if not layout.samples:
        return {}
    letters = {f"{GENOTYPES}{number}": pa.string() for number in range(len(layout.blocks))}
    levels = {f"{LEVELS_OF}{number}": LEVELS for number in range(len(layout.blocks)) if layout.levels}
    return {"carriers": pa.int32(), "called": pa.int32(), **letters, **levels}


def read_genotypes(
    block: TextBlock, layout: SampleLayout, mitochondrial_runs: Iterable[tuple[int, int]]
) -> list[pa.Array]:
    """What ``genotype_columns`` names; ``mitochondrial_runs`` are the records that have levels, as [first, last)."""
    if not layout.samples:
        return []
    starts = block.grid[:, _FORMAT:] + 1
    letters = _letters(block.bytes, starts)
    letters[~_begins_with_gt(block)] = ord(".")
    carriers = np.count_nonzero((letters == ord("1")) | (letters == ord("2")), axis=1)
    called = np.count_nonzero(letters != ord("."), axis=1)
    columns = [pa.array(carriers.astype(np.int32)), pa.array(called.astype(np.int32))]
    columns += [_texts(letters[:, first:last]) for first, last in layout.blocks]
    if layout.levels:
        levels = read_levels(block, starts, layout.levels, mitochondrial_runs)
        columns += [_lists(levels[:, first:last]) for first, last in layout.blocks]
    return columns


def _begins_with_gt(block: TextBlock) -> NDArray[np.bool_]:
    """Records whose FORMAT begins with GT; VCF (1.6.2) has it first where it is at all."""
    at = block.grid[:, _FORMAT - 1]
    flags: NDArray[np.bool_] = (
        (block.bytes[at + 1] == ord("G")) & (block.bytes[at + 2] == ord("T")) & (_KINDS[block.bytes[at + 3]] == _END)
    )
    return flags


def _letters(text: NDArray[np.uint8], starts: NDArray[np.int64]) -> NDArray[np.uint8]:
    """One letter a genotype by its first four bytes: ``0/1:``, ``1:``; the few longer ones are read one by one."""
    kinds = _KINDS[text]
    last = len(text) - 1
    code = kinds[starts].astype(np.uint16)
    for step in (1, 2, 3):
        code = code * 6 + kinds[np.minimum(starts + step, last)]
    letters = _LETTER_BY_CODE[code]
    for row, sample in np.argwhere(letters == _UNKNOWN).tolist():
        letters[row, sample] = _long_genotype(text, int(starts[row, sample]))
    return letters


def _long_genotype(text: NDArray[np.uint8], start: int) -> int:
    end = start
    while _KINDS[text[end]] != _END:
        end += 1
    return ord(genotype_letter(text[start:end].tobytes().decode("latin-1")))


def genotype_letter(genotype: str) -> str:
    """The letter of a genotype of any ploidy, after the split.

    >>> [genotype_letter(text) for text in ("0/1", "1|1", "1", "0", "./.", "0/1/1", "./1", "./0")]
    ['1', '2', '2', '0', '.', '1', '1', '.']
    """
    alleles = genotype.lstrip("/|").replace("|", "/").split("/")
    if "1" in alleles:
        return "2" if all(allele == "1" for allele in alleles) else "1"
    return "." if "." in alleles or not genotype else "0"


def _all_codes() -> NDArray[np.uint8]:
    """The letter for every four kinds of bytes, 0 where these do not tell."""
    table = np.full(6**4, _UNKNOWN, np.uint8)
    signs = {_ZERO: "0", _ONE: "1", _DOT: "."}
    for first, sign in signs.items():
        for rest in range(36):
            table[((first * 6 + _END) * 36) + rest] = ord(genotype_letter(sign))
        for second, other in signs.items():
            code = ((first * 6 + _SEPARATOR) * 6 + second) * 6 + _END
            table[code] = ord(genotype_letter(f"{sign}/{other}"))
    return table


_LETTER_BY_CODE = _all_codes()


def _texts(letters: NDArray[np.uint8]) -> pa.Array:
    count, width = letters.shape
    offsets = np.arange(count + 1, dtype=np.int32) * np.int32(width)
    data = np.ascontiguousarray(letters)
    return pa.Array.from_buffers(pa.string(), count, [None, pa.py_buffer(offsets), pa.py_buffer(data)])


def _lists(levels: NDArray[np.float64]) -> pa.Array:
    """Lists of levels; a record without any has no list."""
    width = levels.shape[1]
    missing = np.isnan(levels)
    rows = ~missing.all(axis=1)
    lengths = np.where(rows, width, 0)
    offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)
    values = pa.array(levels[rows].ravel(), pa.float64(), mask=missing[rows].ravel())
    return pc.if_else(pa.array(rows), pa.ListArray.from_arrays(pa.array(offsets), values), pa.scalar(None, LEVELS))
