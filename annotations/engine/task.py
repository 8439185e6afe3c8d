"""What is asked of the engine, how far it is, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from annotations.engine.limits import Limits
from annotations.engine.sharding.size import ShardSize


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
    #: How large the parts get, where the file is cut.
    shards: ShardSize = field(default_factory=ShardSize)
    #: Parts of a large file that are annotated at once; with 1 no file is cut.
    workers: int = 1

    def to_json(self) -> dict[str, Any]:
        """The task in types that JSON has, for a process of its own."""
        told = asdict(self)
        told |= {name: str(told[name]) for name in ("input", "reference", "output_dir")}
        told["own_sources"] = [{**source, "path": str(source["path"])} for source in told["own_sources"]]
        return told

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """What to_json() made."""
        paths = {name: Path(told[name]) for name in ("input", "reference", "output_dir")}
        own = tuple(OwnSource(**{**one, "path": Path(one["path"])}) for one in told["own_sources"])
        return cls(
            **{
                **told,
                **paths,
                "own_sources": own,
                "limits": Limits(**told["limits"]),
                "shards": ShardSize(**told["shards"]),
            }
        )


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
