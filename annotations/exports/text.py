"""Exports as text: TSV, and JSON Lines."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from annotations.exports.content import Content

#: What a cell may not hold as it is, and how it is written: the backslash first, since the others bring one.
_ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))
#: A spreadsheet takes a cell that begins so for a formula (https://owasp.org/www-community/attacks/CSV_Injection). It
#: gets an apostrophe in front, and so does one that begins with an apostrophe: taking one away gives the value back.
_FORMULA = r"^['=+\-@]"


def tsv(content: Content) -> Iterator[bytes]:
    """Write a line of names and a line a row. A value that is not there is empty."""
    yield lines_of([pa.array([name]) for name in content.names])
    for batch in content.batches():
        yield lines_of(batch.columns)


def escaped(texts: pa.Array) -> pa.Array:
    """Return texts as cells of a TSV: what would end the cell is visible, what would be computed is text."""
    for sign, written in _ESCAPES:
        texts = pc.replace_substring(texts, sign, written)
    guarded = pc.binary_join_element_wise("'", texts, "")
    return pc.if_else(pc.match_substring_regex(texts, _FORMULA), guarded, texts)


def json_lines(content: Content) -> Iterator[bytes]:
    """Write an object a row, with every column; a value that is not there is null."""
    names = content.names
    for batch in content.batches():
        rows = zip(*(plain_values(column) for column in batch.columns), strict=True)
        lines = [json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) for row in rows]
        yield "".join(f"{line}\n" for line in lines).encode()


def plain_values(column: pa.Array) -> list[Any]:
    """Return a column as Python's values; numbers that JSON and spreadsheets do not have (inf, nan) as words."""
    values: list[Any] = column.to_pylist()
    if pa.types.is_floating(column.type) and not pc.all(pc.is_finite(column)).as_py():
        return [value if value is None or math.isfinite(value) else str(value) for value in values]
    return values


def _as_text(column: pa.Array) -> pa.Array:
    if pa.types.is_string(column.type):
        return escaped(column)
    return pc.cast(column, pa.string())


def lines_of(columns: Sequence[pa.Array]) -> bytes:
    """Return columns as lines of escaped cells. The work is Arrow's: a million rows take seconds."""
    cells = [_as_text(column) for column in columns]
    lines = pc.binary_join_element_wise(*cells, "\t", null_handling="replace", null_replacement="")
    block = pc.binary_join(pa.ListArray.from_arrays(pa.array([0, len(lines)], pa.int32()), lines), "\n")
    return bytes(block[0].as_buffer()) + b"\n" if len(lines) else b""
