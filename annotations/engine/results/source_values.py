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
from annotations.engine.results.interval_join import IntervalJoin
from annotations.engine.results.sought import Sought
from annotations.engine.results.source_join import SourceJoin, info_texts
from annotations.engine.results.textblock import Flags, coded

#: Texts are dictionaries in memory: few different ones, and the table's writer need not look at each.
TEXT = pa.dictionary(pa.int32(), pa.string())

Floats = NDArray[np.float64]
_NUMBERS = {"Integer": pa.int64(), "Float": pa.float64()}
#: What MITOMAP ("Cfrm") and others write of an allele that is confirmed pathogenic.
_CONFIRMED = r"(?i)^(cfrm|confirmed)"
#: ClinVar's word for a pathogenic allele ("Pathogenic/Likely_pathogenic" too), which its review must bear out.
_PATHOGENIC = r"^Pathogenic"
#: Review stars from which a pathogenic allele counts as confirmed: several submitters agree, or an expert panel says so
#: (https://www.ncbi.nlm.nih.gov/clinvar/docs/review_status/).
CONFIRMING_STARS = 2


def column_type(field: SourceField) -> pa.DataType:
    """The table's type for a field: numbers and flags as such, lists and texts as text."""
    if field.type == "Flag":
        return pa.bool_()
    return _NUMBERS.get(field.type, TEXT) if field.number in ("1", "A") else TEXT


@dataclass(frozen=True)
class SourceValues:
    """One block's values: a column a field, and what follows from them for counting, an item a record."""

    columns: Sequence[pa.Array]
    #: What the sources add to INFO, ``;A=1;B=2``, or "" where none knows the allele.
    info: pa.Array
    #: Records each source knows, by the source's name.
    found: dict[str, Flags]
    known: Flags
    confirmed: Flags
    has_disease: Flags
    #: The first frequency field's values, NaN where a record has none.
    frequency: Floats


class SourceValueReader:
    """Looks the alleles of blocks up in the sources of one reference."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = tuple(sources)
        self.fields: tuple[SourceField, ...] = tuple(field for source in sources for field in source.fields)
        self._joins = [SourceJoin(source) if source.match == "allele" else IntervalJoin(source) for source in sources]

    def read(self, runs: Sequence[tuple[str, int, int]], sought: Sought) -> SourceValues:
        """The values for a block; ``runs`` are its contigs with first and last record (not included)."""
        count = len(sought.positions)
        infos, columns = [], []
        for join in self._joins:
            info, typed = _looked_up(join, runs, sought)
            infos.append(info)
            columns += typed
        by_info = {field.info: column for field, column in zip(self.fields, columns, strict=True)}
        found = {s.name: _any([_is_set(by_info[f.info]) for f in s.fields], count) for s in self.sources}
        frequency = self._of_role(by_info, "frequency")[:1]
        return SourceValues(
            columns=columns,
            info=pc.binary_join_element_wise(pa.array([""]).take(pa.array(np.zeros(count, np.int64))), *infos, ""),
            found=found,
            known=_any([found[source.name] for source in self.sources if source.known], count),
            confirmed=_any([_says_confirmed(by_info, source) for source in self.sources], count),
            has_disease=_any([_is_set(column) for column in self._of_role(by_info, "disease")], count),
            frequency=_floats(frequency[0]) if frequency else np.full(count, np.nan),
        )

    def _of_role(self, by_info: Mapping[str, pa.Array], role: str) -> list[pa.Array]:
        return [by_info[field.info] for field in self.fields if field.role == role]


def _looked_up(
    join: SourceJoin | IntervalJoin, runs: Sequence[tuple[str, int, int]], sought: Sought
) -> tuple[pa.Array, list[pa.Array]]:
    """One source's part of INFO ("" where it does not know the allele) and its typed columns."""
    fields = join.source.fields
    tables: list[pa.Table] = []
    places = np.full(len(sought.positions), -1, np.int64)
    count = 0
    for contig, first, last in runs:
        table, at = join.find(contig, sought.part(first, last))
        if table is not None:
            places[first:last] = np.where(at >= 0, at + count, -1)
            tables.append(table)
            count += len(table)
    if not count:
        nothing = len(sought.positions)
        return pa.array([""] * nothing), [pa.nulls(nothing, column_type(field)) for field in fields]
    rows = pa.concat_tables(tables).combine_chunks()
    indices = pa.array(places, mask=places < 0)
    info = info_texts([(field.info, field.type == "Flag") for field in fields], rows).take(indices).fill_null("")
    columns = [_typed(rows.column(at).combine_chunks(), field).take(indices) for at, field in enumerate(fields)]
    return info, columns


def _typed(texts: pa.Array, field: SourceField) -> pa.Array:
    """Numbers as numbers, flags as such, texts as a dictionary with percent-encoding decoded."""
    kind = column_type(field)
    if field.type == "Flag":
        return pc.if_else(texts.is_valid(), pa.scalar(True), pa.scalar(None, pa.bool_()))
    if kind != TEXT:
        return texts.cast(kind)
    coded_texts = texts.dictionary_encode()
    plain = [unquote(text) for text in coded_texts.dictionary.to_pylist()]
    codes = coded_texts.indices.fill_null(len(plain)).to_numpy()
    return coded([*plain, None], codes)


def _is_set(column: pa.Array) -> Flags:
    flags: Flags = column.is_valid().to_numpy(zero_copy_only=False)
    return flags


def _says_confirmed(by_info: Mapping[str, pa.Array], source: Source) -> Flags:
    """Where a source says that an allele is pathogenic beyond doubt: by a status, or by significance and stars."""
    count = len(next(iter(by_info.values())))
    columns = {field.role: by_info[field.info] for field in source.fields if field.role}
    confirmed = _matches(columns["status"], _CONFIRMED) if "status" in columns else np.zeros(count, np.bool_)
    if "significance" in columns and "stars" in columns:
        reviewed = pc.greater_equal(columns["stars"], CONFIRMING_STARS).fill_null(False)
        pathogenic = _matches(columns["significance"], _PATHOGENIC)
        confirmed |= pathogenic & reviewed.to_numpy(zero_copy_only=False)
    return confirmed


def _matches(column: pa.Array, pattern: str) -> Flags:
    matched = pc.match_substring_regex(column.cast(pa.string()), pattern=pattern)
    flags: Flags = matched.fill_null(False).to_numpy(zero_copy_only=False)
    return flags.copy()


def _any(flags: Sequence[Flags], count: int) -> Flags:
    either: Flags = np.logical_or.reduce([np.zeros(count, np.bool_), *flags])
    return either


def _floats(column: pa.Array) -> Floats:
    # A list's text (Number is not 1) has no single frequency.
    if column.type == TEXT:
        return np.full(len(column), np.nan)
    numbers: Floats = column.cast(pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False)
    return numbers
