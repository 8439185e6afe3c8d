"""The sources' values of a block of records, as typed columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from annotations.engine.reference import Source, SourceField
from annotations.engine.textblock import INFO, Flags, TextBlock, coded

#: Texts are dictionaries in memory: few different ones, and the table's writer need not look at each.
TEXT = pa.dictionary(pa.int32(), pa.string())

Floats = NDArray[np.float64]
_NUMBERS = {"Integer": pa.int64(), "Float": pa.float64()}
_MISSING = pa.array([b"", b"."])
#: What MITOMAP ("Cfrm") and others write of an allele that is confirmed pathogenic.
_CONFIRMED = r"(?i)^(cfrm|confirmed)"


def column_type(field: SourceField) -> pa.DataType:
    """The table's type for a field: numbers and flags as such, lists and texts as text."""
    if field.type == "Flag":
        return pa.bool_()
    return _NUMBERS.get(field.type, TEXT) if field.number in ("1", "A") else TEXT


@dataclass(frozen=True)
class SourceValues:
    """One block's values: a column a field, and what follows from them for counting, an item a record."""

    columns: Sequence[pa.Array]
    #: Records each source knows, by the source's name.
    found: dict[str, Flags]
    known: Flags
    confirmed: Flags
    has_disease: Flags
    #: The first frequency field's values, NaN where a record has none.
    frequency: Floats


class SourceValueReader:
    """Reads the fields that ``bcftools annotate`` appended to INFO, for the sources of one reference."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = tuple(sources)
        self.fields: tuple[SourceField, ...] = tuple(field for source in sources for field in source.fields)

    def read(self, block: TextBlock, info: pa.Array) -> SourceValues:
        """The values of a block whose INFO column is ``info``."""
        count = len(block)
        columns = [self._column(block, info, field) for field in self.fields]
        by_info = {field.info: column for field, column in zip(self.fields, columns, strict=True)}
        found = {s.name: _any([_is_set(by_info[f.info]) for f in s.fields], count) for s in self.sources}
        frequency = self._of_role(by_info, "frequency")[:1]
        return SourceValues(
            columns=columns,
            found=found,
            known=_any([found[source.name] for source in self.sources if source.known], count),
            confirmed=_any([_says_confirmed(column) for column in self._of_role(by_info, "status")], count),
            has_disease=_any([_is_set(column) for column in self._of_role(by_info, "disease")], count),
            frequency=_floats(frequency[0]) if frequency else np.full(count, np.nan),
        )

    def _column(self, block: TextBlock, info: pa.Array, field: SourceField) -> pa.Array:
        name = field.info.encode() + (b"" if field.type == "Flag" else b"=")
        starts = block.find_item(info, block.starts[INFO], name)
        if field.type == "Flag":
            return pa.array(np.ones(len(starts), np.bool_), mask=starts < 0)
        ends = block.ends[INFO]
        missing = starts < 0
        begin = np.where(missing, ends, starts + len(name))
        return _typed(block.cut(begin, np.where(missing, ends, block.value_end(begin, ends))), field)

    def _of_role(self, by_info: Mapping[str, pa.Array], role: str) -> list[pa.Array]:
        return [by_info[field.info] for field in self.fields if field.role == role]


def _typed(values: pa.Array, field: SourceField) -> pa.Array:
    """Numbers as numbers, texts as a dictionary with percent-encoding decoded; what is missing becomes null."""
    values = pc.if_else(pc.is_in(values, _MISSING), pa.scalar(None, pa.binary()), values)
    kind = column_type(field)
    if kind != TEXT:
        return values.cast(pa.string()).cast(kind)
    texts = values.dictionary_encode()
    plain = [unquote(text.decode("utf-8", "replace")) for text in texts.dictionary.to_pylist()]
    codes = texts.indices.fill_null(len(plain)).to_numpy()
    return coded([*plain, None], codes)


def _is_set(column: pa.Array) -> Flags:
    flags: Flags = column.is_valid().to_numpy(zero_copy_only=False)
    return flags


def _says_confirmed(column: pa.Array) -> Flags:
    matched = pc.match_substring_regex(column.cast(pa.string()), pattern=_CONFIRMED)
    flags: Flags = matched.fill_null(False).to_numpy(zero_copy_only=False)
    return flags


def _any(flags: Sequence[Flags], count: int) -> Flags:
    either: Flags = np.logical_or.reduce([np.zeros(count, np.bool_), *flags])
    return either


def _floats(column: pa.Array) -> Floats:
    # A list's text (Number is not 1) has no single frequency.
    if column.type == TEXT:
        return np.full(len(column), np.nan)
    numbers: Floats = column.cast(pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False)
    return numbers
