"""The output files: their names, and how they appear all at once."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from annotations.engine.reference import sha256_of
from annotations.engine.task import OutputFile

_EXTENSION = re.compile(r"\.(vcf|bcf|gz|bgz|bgzf|txt)$", re.IGNORECASE)
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
#: File systems allow 255 bytes; the longest of our endings has 20.
_MAX_STEM = 120


def stem(name: str) -> str:
    """NAME: the user's file name without directory and VCF endings, as a file name that is safe everywhere.

    >>> stem("../My exome.VCF.gz"), stem(".vcf")
    ('My_exome', 'variants')
    """
    text = name.replace("\\", "/").rsplit("/", 1)[-1]
    while _EXTENSION.search(text):
        text = _EXTENSION.sub("", text)
    return _UNSAFE.sub("_", text).strip("._-")[:_MAX_STEM] or "variants"


@dataclass(frozen=True)
class OutputNames:
    """Where each output of a task is written."""

    directory: Path
    stem: str
    index_suffix: str = ".tbi"

    @property
    def vcf(self) -> Path:
        """The annotated VCF, BGZF."""
        return self.directory / f"{self.stem}.annot.vcf.gz"

    @property
    def index(self) -> Path:
        """The annotated VCF's index."""
        return self.directory / f"{self.stem}.annot.vcf.gz{self.index_suffix}"

    @property
    def table(self) -> Path:
        """The Parquet table."""
        return self.directory / f"{self.stem}.variants.parquet"

    @property
    def summary(self) -> Path:
        """The counts, as JSON."""
        return self.directory / f"{self.stem}.summary.json"

    @property
    def log(self) -> Path:
        """The log for people."""
        return self.directory / f"{self.stem}.vcf.count.log"

    def by_kind(self) -> dict[str, Path]:
        """Every output by its kind."""
        return {"vcf": self.vcf, "index": self.index, "table": self.table, "summary": self.summary, "log": self.log}


def described(names: OutputNames, kinds: Sequence[str]) -> tuple[OutputFile, ...]:
    """Finished files with size and checksum."""
    paths = names.by_kind()
    return tuple(OutputFile(kind, paths[kind], paths[kind].stat().st_size, sha256_of(paths[kind])) for kind in kinds)


def published(files: Sequence[OutputFile], directory: Path) -> tuple[OutputFile, ...]:
    """Move finished files to where the user gets them; when one cannot be moved, none stays."""
    moved: list[OutputFile] = []
    try:
        for file in files:
            target = directory / file.path.name
            os.replace(file.path, target)
            moved.append(OutputFile(file.kind, target, file.size, file.sha256))
    except OSError:
        for file in moved:
            file.path.unlink(missing_ok=True)
        raise
    return tuple(moved)
