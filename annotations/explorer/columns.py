"""The columns of one result's table: built from the table's own schema and the sources of its reference.

This is the whitelist. SQL takes a column's expression from here and from nowhere else, so a name in a URL can only
choose among these. A table written before the genotypes were lacks their columns, and with them their filters.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from annotations.engine.reference import Source
from annotations.engine.results.consequence import IMPACTS, SEVERITY
from annotations.engine.results.genotypes import GENOTYPES, LEVELS_OF
from annotations.engine.results.samples import BLOCK
from annotations.engine.results.table import SAMPLES_NOTE

#: The record's and the annotation's own columns, in the order the choice of columns lists them.
_OWN = {
    "contig": "Contig",
    "pos": "Position",
    "end": "Reaches to",
    "id": "ID",
    "ref": "REF",
    "alt": "ALT",
    "impact": "Impact",
    "gene": "Gene",
    "genes": "All genes",
    "protein": "Protein",
    "consequence": "Consequence",
    "transcript": "Transcript",
    "hgvs_g": "Genomic name",
    "hgvs_c": "Name on the transcript",
    "hgvs_p": "Name on the protein",
    "upstream_distance": "Bases upstream of the gene",
    "gene_before": "Nearest gene before",
    "gene_before_distance": "Bases after that gene",
    "gene_after": "Nearest gene behind",
    "gene_after_distance": "Bases before that gene",
    "class": "Class",
    "known": "Known",
    "qual": "Quality",
    "filter": "FILTER",
    "not_annotated": "Not annotated because",
    "carriers": "Carriers",
    "called": "Samples called",
}
_KINDS = {pa.int64(): "integer", pa.int32(): "integer", pa.float64(): "number", pa.bool_(): "flag"}
#: Words for what a source's field is for; a field without a role bears its own name.
_ROLES = frozenset({"disease", "status", "significance", "stars", "rating", "count", "frequency"})
#: Roles whose values are calls of ``clinical``.
CLINICAL = ("status", "significance", "rating")
#: How many samples' columns can be chosen; a filter can ask for any.
MAX_SAMPLE_COLUMNS = 50


@dataclass(frozen=True)
class Column:
    """One thing the table can show and sort by.

    ``name`` stands in URLs. ``sql`` is what a query selects and ``order`` what it sorts by. ``kind`` says how a page
    writes it: text, integer, number, flag, impact, consequence, frequency, status, disease, genotype, level.
    """

    name: str
    title: str
    kind: str
    sql: str
    order: str
    source: str = ""
    role: str = ""

    @property
    def is_number(self) -> bool:
        """Say whether it stands right-aligned, and whether sorting begins with the largest."""
        return self.kind in {"integer", "number", "frequency", "level"}

    @property
    def short(self) -> str:
        """Return the title where its kind is plain: "MITOMAP" of "MITOMAP frequency"."""
        return self.title.removesuffix(" frequency") if self.kind == "frequency" else self.title

    @property
    def is_labelled(self) -> bool:
        """Say whether a card on a narrow screen has to say what the value is."""
        return self.is_number or self.kind in {"flag", "genotype"}

    @property
    def is_clipped(self) -> bool:
        """Say whether the table cuts it to keep a row on one line."""
        return self.kind in {"disease", "text"} and self.name not in {"id", "filter", "class", "ref", "alt", "contig"}

    @property
    def of_unknown_source(self) -> bool:
        """Say whether a source added it that the reference does not have: one of the user's own, or removed since."""
        return not self.source and self.name not in _OWN and self.kind not in {"genotype", "level"}


#: The column whose order depends on the values that a table has.
CONSEQUENCE = "consequence"
#: The row's number: what a page's address names, and the order of the file.
ROW = Column("row", "Variant", "integer", '"row"', '"row"')


@dataclass(frozen=True)
class Catalogue:
    """All columns of one table by name, and its samples in the order of the file."""

    columns: Mapping[str, Column]
    samples: tuple[str, ...]
    has_genotypes: bool
    has_levels: bool

    def get(self, name: str) -> Column | None:
        """Return the column, or None for a name that the table does not have."""
        return ROW if name == ROW.name else self.columns.get(name)

    def of_role(self, *roles: str) -> list[Column]:
        """Return the sources' columns that are for one of ``roles``."""
        return [column for column in self.columns.values() if column.role in roles]

    @cached_property
    def frequency(self) -> Column | None:
        """The frequency that pages show and filters mean when none is named: the first source's, as in the summary."""
        return next((column for column in self.of_role("frequency") if column.kind == "frequency"), None)

    def genotype(self, sample: int) -> Column:
        """Return the column of a sample's genotype letter; ``sample`` counts from 0."""
        block, place = divmod(sample, BLOCK)
        sql = f'substr("{GENOTYPES}{block}", {place + 1}, 1)'
        return Column(f"genotype.{sample + 1}", self.samples[sample], "genotype", sql, f"nullif({sql}, '.')")

    def level(self, sample: int) -> Column:
        """Return the column of a sample's heteroplasmy."""
        block, place = divmod(sample, BLOCK)
        sql = f'"{LEVELS_OF}{block}"[{place + 1}]'
        title = "Level" if len(self.samples) == 1 else f"Level of {self.samples[sample]}"
        return Column(f"level.{sample + 1}", title, "level", sql, sql)


def catalogue_of(schema: pa.Schema, sources: Iterable[Source] = ()) -> Catalogue:
    """Return the catalogue of a table. ``sources`` are its reference's; without them the columns have no roles."""
    present = {field.name: field.type for field in schema}
    samples = _samples(schema.metadata)
    has_genotypes = bool(samples) and f"{GENOTYPES}0" in present
    columns = {name: _own(name, title, present[name]) for name, title in _OWN.items() if name in present}
    columns |= {column.name: column for column in _from_sources(present, sources)}
    catalogue = Catalogue({}, samples, has_genotypes, has_genotypes and f"{LEVELS_OF}0" in present)
    of_samples: list[Column] = []
    for sample in range(min(len(samples), MAX_SAMPLE_COLUMNS)):
        of_samples += [catalogue.genotype(sample)] if catalogue.has_genotypes else []
        of_samples += [catalogue.level(sample)] if catalogue.has_levels else []
    columns |= {column.name: column for column in of_samples}
    return Catalogue(columns, samples, catalogue.has_genotypes, catalogue.has_levels)


def quoted(name: str) -> str:
    """Return a column's name as an SQL identifier.

    >>> quoted('a"b')
    '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'


def _samples(metadata: Mapping[bytes, bytes] | None) -> tuple[str, ...]:
    text = (metadata or {}).get(SAMPLES_NOTE.encode(), b"[]")
    return tuple(map(str, json.loads(text)))


def _own(name: str, title: str, kind: pa.DataType) -> Column:
    sql = quoted(name)
    if name == "impact":
        return Column(name, title, "impact", sql, _rank(sql, IMPACTS))
    if name == CONSEQUENCE:
        return Column(name, title, "consequence", sql, _rank(f"split_part({sql}, '&', 1)", list(SEVERITY)))
    if name in {"contig", "pos"}:  # the table stands in this order, and across contigs no other makes sense
        return Column(name, title, _kind(kind), sql, ROW.order)
    return Column(name, title, _kind(kind), sql, sql)


def _rank(sql: str, words: Sequence[str]) -> str:
    """Order by severity: the most severe has the largest number. The words are constants of the engine."""
    cases = " ".join(f"WHEN '{word}' THEN {rank}" for rank, word in enumerate(reversed(words)))
    return f"CASE {sql} {cases} END"


def by_severity(values: Iterable[str]) -> str:
    """Order consequences of these values by their first term: the most severe has the largest number.

    Looked up as a whole, which DuckDB does once for each value of a block's dictionary; taken apart by the query, each
    row is. Only values made of the engine's own terms stand in it.
    """
    known = [value for value in values if set(value.split("&")) <= SEVERITY.keys()]
    if not known:
        return f"nullif({quoted('consequence')}, {quoted('consequence')})"
    most = len(SEVERITY)
    ranks = ", ".join(str(most - SEVERITY[value.split("&", 1)[0]]) for value in known)
    texts = ", ".join(f"'{value}'" for value in known)
    return f"list_extract([{ranks}], list_position([{texts}], {quoted('consequence')}))"


def _kind(kind: pa.DataType) -> str:
    return _KINDS.get(kind, "text")


def _from_sources(present: Mapping[str, Any], sources: Iterable[Source]) -> list[Column]:
    """Columns for the fields that sources add, and for fields of sources that are not installed any more."""
    declared = {field.info: (source, field) for source in sources for field in source.fields}
    added = [name for name in present if name not in _OWN and name != ROW.name and not _is_sample_block(name)]
    named = Counter(_title(name, declared) for name in added)
    columns = []
    for name in added:
        title = _title(name, declared)
        source, field = declared.get(name, (None, None))
        kind = _kind(present[name])
        role = field.role if field else ""
        if role == "frequency" and kind == "number":
            kind = "frequency"
        elif role in CLINICAL:
            kind = "status"
        elif role == "disease":
            kind = "disease"
        sql = quoted(name)
        shown = title if named[title] == 1 else name
        columns.append(Column(name, shown, kind, sql, sql, source.name if source else "", role))
    return columns


def _title(name: str, declared: Mapping[str, Any]) -> str:
    """The source's first word and what the field is for: "MITOMAP frequency"."""
    if name in declared and declared[name][1].role in _ROLES:
        source, field = declared[name]
        return f"{source.name.split()[0]} {field.role}"
    return name.replace("_", " ")


def _is_sample_block(name: str) -> bool:
    return any(name.removeprefix(start).isdecimal() for start in (GENOTYPES, LEVELS_OF) if name.startswith(start))
