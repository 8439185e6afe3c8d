"""What the reader saw and did, for the log, the verdict and the check of the assembly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

#: How many mismatching single bases are kept to tell the assembly by.
KEPT_MISMATCHES = 1_000
#: Counts that the GAS before does not know: it breaks off at a name among them that it does not know.
LATER_COUNTS = ("nameless_info", "doubled_format")


@dataclass(frozen=True)
class Mismatch:
    """A REF that is not what the reference has there; ``position`` counts from 1."""

    line: int
    contig: str
    position: int
    found: str
    expected: str


@dataclass
class ReadCounts:
    """Exact counts of records, as far as the file has been read."""

    records: int = 0
    blank_lines: int = 0
    by_contig: Counter[str] = field(default_factory=Counter)
    """Records by the file's own contig name."""
    renamed: dict[str, str] = field(default_factory=dict)
    """The file's contig name -> the reference's, where they differ."""
    unknown_contigs: Counter[str] = field(default_factory=Counter)
    """Records on contigs that the reference lacks."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Records wholly hidden from the annotators: ref_mismatch, beyond_contig, ambiguous_reference, end_beyond_ref."""
    refs_checked: int = 0
    refs_mismatched: int = 0
    beyond_contig: int = 0
    """Records whose REF lies outside its contig; they count neither as checked nor as mismatched."""
    mismatches: list[Mismatch] = field(default_factory=list)
    """The first KEPT_MISMATCHES mismatches."""
    upper_cased: int = 0
    """Records whose REF or ALT had lower-case bases."""
    held_lists: Counter[str] = field(default_factory=Counter)
    """INFO id -> records whose list of texts does not fit their alleles, and stays whole."""
    nameless_info: int = 0
    """Records with an INFO value that has no name (``=1``), which bcftools leaves out."""
    doubled_format: int = 0
    """Records whose FORMAT has a name twice (``GT:GT``), of which bcftools keeps the first."""
    first_unsorted_line: int | None = None

    @property
    def first_mismatch(self) -> Mismatch | None:
        """The first REF that differs from the reference."""
        return self.mismatches[0] if self.mismatches else None

    @property
    def oddities(self) -> list[str]:
        """Sentences on what bcftools drops of the records without a word."""
        said = []
        if self.nameless_info:
            records = "1 record has" if self.nameless_info == 1 else f"{self.nameless_info:,} records have"
            said.append(f"{records} a value without a name in INFO, such as “=1”: it is left out.")
        if self.doubled_format:
            records = "1 record names" if self.doubled_format == 1 else f"{self.doubled_format:,} records name"
            said.append(f"{records} a field of FORMAT twice, such as “GT:GT”: its first value is kept.")
        return said

    def mismatch(self, mismatch: Mismatch) -> None:
        """Count one more REF that differs."""
        self.refs_mismatched += 1
        if len(self.mismatches) < KEPT_MISMATCHES:
            self.mismatches.append(mismatch)

    def to_json(self) -> dict[str, Any]:
        """The counts in types that JSON has."""
        # asdict() makes a Counter of a Counter's pairs.
        return {**vars(self), "mismatches": [asdict(one) for one in self.mismatches]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """What to_json() wrote, also a later GAS's: what only that one knows is left out."""
        counters = {name: Counter(data[name]) for name in ("by_contig", "unknown_contigs", "reasons", "held_lists")}
        known = {one.name: data[one.name] for one in fields(cls) if one.name in data}
        return cls(**{**known, **counters, "mismatches": [Mismatch(**one) for one in data["mismatches"]]})


@dataclass(frozen=True)
class Reading:
    """What there is to say of a file that has been read."""

    format: str
    """The version the file states, as "VCFv4.2"."""
    compression: str
    samples: tuple[str, ...]
    crlf: bool
    declared: tuple[tuple[str, str], ...]
    """(kind, id) that the header did not declare and was made to."""
    renamed_info: dict[str, str]
    warnings: tuple[str, ...]
    counts: ReadCounts

    def to_json(self) -> dict[str, Any]:
        """The same in types that JSON has."""
        return {**vars(self), "counts": self.counts.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """What to_json() wrote, also a later GAS's: what only that one knows is left out."""
        lists = {name: tuple(data[name]) for name in ("samples", "warnings")}
        declared = tuple((kind, name) for kind, name in data["declared"])
        known = {one.name: data[one.name] for one in fields(cls)}
        return cls(**{**known, **lists, "declared": declared, "counts": ReadCounts.from_json(data["counts"])})
