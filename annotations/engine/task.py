"""What is asked of the engine, how far it is, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from annotations.engine.limits import Limits


@dataclass(frozen=True)
class OwnSource:
    """A file of the user's to annotate with; ``label`` and ``file_name`` are what the user calls it."""

    path: Path
    label: str
    file_name: str


@dataclass(frozen=True)
class Task:
    """One file to annotate. ``name`` is the file name the user knows; the outputs are named after it."""

    input: Path
    name: str
    reference: Path
    output_dir: Path
    limits: Limits = field(default_factory=Limits)
    own_sources: tuple[OwnSource, ...] = ()
    #: Consequences by haplotype, from phased genotypes, and not of each allele by itself.
    haplotype_aware: bool = False


@dataclass(frozen=True)
class Progress:
    """``stage`` is a word for people, ``fraction`` goes from 0 to 1, ``records`` are the input's so far."""

    stage: str
    fraction: float
    records: int


@dataclass(frozen=True)
class OutputFile:
    """A finished file; ``kind`` is vcf, index, table, summary or log, ``size`` in bytes."""

    kind: str
    path: Path
    size: int
    sha256: str


@dataclass(frozen=True)
class Result:
    """All files of a finished task, and what its summary says."""

    files: tuple[OutputFile, ...]
    summary: dict[str, Any]
