"""Helpers of the annotation tests: a file in, the whole result back in Python's own types."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from annotations.engine.child import run_child
from annotations.engine.task import Progress, Result, Task

RCRS = Path(__file__).resolve().parents[2] / "annotations" / "references" / "rCRS"
HEADER = "##fileformat=VCFv4.2\n##contig=<ID=MT,length=16569>\n"
COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"


@dataclass(frozen=True)
class Annotated:
    """A finished task, read back."""

    result: Result
    header: list[str]
    records: list[dict[str, str]]
    info: list[dict[str, str]]
    samples: list[list[str]]
    rows: list[dict[str, Any]]
    log: str

    @property
    def summary(self) -> dict[str, Any]:
        return self.result.summary

    def path(self, kind: str) -> Path:
        return next(file.path for file in self.result.files if file.kind == kind)

    def one(self, pos: int, alt: str) -> dict[str, str]:
        """The INFO of the one record of this allele."""
        (found,) = [i for r, i in zip(self.records, self.info, strict=True) if (r["POS"], r["ALT"]) == (str(pos), alt)]
        return found


def vcf(*records: str, header: str = HEADER, samples: str = "") -> str:
    """A VCF of records written with spaces: ``MT 3460 . G A . . .``."""
    lines = "".join("\t".join(record.split()) + "\n" for record in records)
    return f"{header}{COLUMNS}{samples}\n{lines}"


def annotated(text: str | Path, directory: Path, *, name: str = "input.vcf", reference: Path = RCRS) -> Annotated:
    """Annotate a text, or a file, and read everything back."""
    if isinstance(text, Path):
        source = text
    else:
        source = directory / "uploaded"
        source.write_text(text, encoding="utf-8")
    task = Task(source, name, reference, directory / "results")
    return read_back(run_child(task, on_progress=_ignore, should_stop=lambda: False, timeout=120))


def read_back(result: Result) -> Annotated:
    """Read a result's files."""
    paths = {file.kind: file.path for file in result.files}
    with gzip.open(paths["vcf"], "rt", encoding="utf-8") as file:
        lines = file.read().splitlines()
    header = [line for line in lines if line.startswith("#")]
    split = [line.split("\t") for line in lines if not line.startswith("#")]
    names = header[-1].lstrip("#").split("\t")[:8]
    return Annotated(
        result=result,
        header=header,
        records=[dict(zip(names, fields, strict=False)) for fields in split],
        info=[_info(fields[7]) for fields in split],
        samples=[fields[9:] for fields in split],
        rows=pq.read_table(paths["table"]).to_pylist(),
        log=paths["log"].read_text(encoding="utf-8"),
    )


def _info(text: str) -> dict[str, str]:
    return {} if text == "." else {key: value for key, _, value in (part.partition("=") for part in text.split(";"))}


def _ignore(progress: Progress) -> None:
    pass
