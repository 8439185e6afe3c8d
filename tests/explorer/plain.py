"""A plain reading of an annotated VCF: one record a line, nothing of the explorer's or the engine's own code."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

IMPACTS = ["MODIFIER", "LOW", "MODERATE", "HIGH"]


@dataclass(frozen=True)
class Record:
    """A line of the file; ``row`` counts from 0."""

    row: int
    contig: str
    pos: int
    id: str
    ref: str
    alt: str
    qual: float | None
    filter: str
    info: dict[str, str]
    samples: list[dict[str, str]]

    @property
    def genes(self) -> set[str]:
        entries = [one.split("|") for one in self.info.get("BCSQ", "").split(",")]
        told = {self.info.get("GAS_GENE", ""), *self.info.get("GAS_GENES", "").split(",")}
        return {entry[1] for entry in entries if len(entry) > 1 and entry[1]} | told - {""}

    @property
    def terms(self) -> list[str]:
        return self.info.get("GAS_CONSEQUENCE", "").split("&")

    @property
    def known(self) -> bool:
        return any(name.startswith("MITOMAP_") for name in self.info)

    @property
    def annotated(self) -> bool:
        return "GAS_NOT_ANNOTATED" not in self.info

    @property
    def frequency(self) -> float | None:
        return float(self.info["MITOMAP_AF"]) if "MITOMAP_AF" in self.info else None

    @property
    def disease(self) -> str:
        return unquote(self.info.get("MITOMAP_DISEASE", ""))

    @property
    def status(self) -> str:
        return unquote(self.info.get("MITOMAP_STATUS", ""))

    def alleles(self, sample: int) -> list[str]:
        return self.samples[sample]["GT"].replace("|", "/").split("/")

    def level(self, sample: int) -> float | None:
        value = self.samples[sample].get("AF", ".")
        return None if value == "." else float(value)

    def touches(self, start: int, end: int) -> bool:
        last = max(self.pos + len(self.ref) - 1, int(self.info.get("END", 0)))
        return self.pos <= end and last >= start


def read(vcf: Path) -> list[Record]:
    """Read every record of a BGZF file."""
    with gzip.open(vcf, "rt", encoding="utf-8") as file:
        lines = [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]
    return [_record(row, columns) for row, columns in enumerate(lines)]


def _record(row: int, columns: list[str]) -> Record:
    pairs = (part.partition("=") for part in columns[7].split(";"))
    samples = [dict(zip(columns[8].split(":"), cell.split(":"), strict=False)) for cell in columns[9:]]
    return Record(
        row=row,
        contig=columns[0],
        pos=int(columns[1]),
        id=columns[2],
        ref=columns[3],
        alt=columns[4],
        qual=None if columns[5] == "." else float(columns[5]),
        filter=columns[6],
        info={key: value for key, _, value in pairs},
        samples=samples,
    )


def het(record: Record, sample: int) -> bool:
    alleles = record.alleles(sample)
    return "1" in alleles and set(alleles) != {"1"}


def hom(record: Record, sample: int) -> bool:
    return set(record.alleles(sample)) == {"1"}


def rank(record: Record) -> int | None:
    return IMPACTS.index(record.info["GAS_IMPACT"]) if "GAS_IMPACT" in record.info else None


Key = Callable[[Record], float | str | None]


def in_order(records: list[Record], key: Key, *, descending: bool) -> list[int]:
    """Rows by a key, equal ones as in the file, those without a value last."""
    with_value = [record for record in records if key(record) is not None]
    without = [record.row for record in records if key(record) is None]
    ordered = sorted(with_value, key=key, reverse=descending)  # type: ignore[arg-type]  # None is left out above
    return [record.row for record in ordered] + without
