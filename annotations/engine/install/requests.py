"""What is wanted of a source: its files, their form, the fields to take and how records find their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

FORMATS = ("VCF", "BED", "TSV")
TYPES = ("Integer", "Float", "String", "Flag")
#: What a field is for, so that figures and filters find it.
ROLES = ("disease", "status", "significance", "stars", "rating", "count", "frequency")
#: The roles of well-known INFO fields.
KNOWN_ROLES = {
    "AF": "frequency",
    "AC": "count",
    "CLNDN": "disease",
    "CLNSIG": "significance",
}
#: Columns of a text file that say where, by what they are for.
PLACES = ("contig", "start", "end", "position", "ref", "alt")
#: Columns 1 to 12 (https://genome.ucsc.edu/FAQ/FAQformat.html#format1).
BED_COLUMNS = (
    *("chrom", "start", "end", "name", "score", "strand", "thickStart", "thickEnd", "itemRgb"),
    *("blockCount", "blockSizes", "blockStarts"),
)


@dataclass(frozen=True)
class WantedField:
    """One INFO field to fill from ``column``: an INFO id, "ID" for VCF's own, or a text file's column.

    ``type``, ``number`` and ``description`` may be empty where a VCF declares them. ``values`` translates what the
    file says ("*" stands for all else, and what is not named becomes missing). ``separator`` parts a text file's
    lists. A Flag without a column says that the record was found.
    """

    column: str
    info: str
    type: str = ""
    number: str = ""
    description: str = ""
    role: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    separator: str = ""


@dataclass(frozen=True)
class SourceRequest:
    """A source to make a table of. ``place`` names the columns of a text file by what they are for (PLACES).

    ``max_bytes`` bounds the files once unpacked, ``max_depth`` how many intervals may lie over one another, and
    ``max_per_kilobase`` how many alleles may stand within a thousand bases.
    """

    name: str
    paths: tuple[Path, ...]
    fields: tuple[WantedField, ...]
    format: str = "VCF"
    match: str = "allele"
    version: str = ""
    citation: str = ""
    licence: str = ""
    known: bool = True
    columns: tuple[str, ...] = ()
    place: Mapping[str, str] = field(default_factory=dict)
    zero_based: bool = False
    skip_contigs: frozenset[str] = frozenset()
    pass_only: bool = False
    max_bytes: int | None = None
    max_depth: int = 1_000
    max_per_kilobase: int | None = None
    #: What people call the file, where that is not what it is called here.
    shown_name: str = ""

    @property
    def file_name(self) -> str:
        """What a refusal calls the source's file."""
        return self.shown_name or self.paths[0].name

    def name_of(self, path: Path) -> str:
        """What a refusal calls one of the source's files."""
        return self.shown_name or path.name


def vcf_request(name: str, path: Path, fields: Sequence[str]) -> SourceRequest:
    """A VCF of known alleles whose INFO fields are called NAME_FIELD in our output."""
    wanted = (WantedField(one, f"{name}_{one}", role=KNOWN_ROLES.get(one, "")) for one in fields)
    return SourceRequest(name, (path,), tuple(wanted))
