"""The ``.fai`` index of a FASTA; apart from the bases, so that reading a manifest loads no NumPy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from annotations.engine.errors import ReferenceBroken


@dataclass(frozen=True)
class FastaIndexEntry:
    """One line of a ``.fai``: where a contig's bases lie in the FASTA (bytes and bases)."""

    length: int
    offset: int
    line_bases: int
    line_bytes: int


def read_fasta_index(path: Path) -> dict[str, FastaIndexEntry]:
    """A ``.fai`` by contig name, in file order; ReferenceBroken when it is not one."""
    try:
        rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
        return {name: FastaIndexEntry(*map(int, numbers)) for name, *numbers in rows}
    except (OSError, TypeError, ValueError) as error:
        raise ReferenceBroken(f"The FASTA index {path.name} cannot be read.") from error
