"""``cut.json``: what a file was cut into, and all that its parts and their gathering have to know.

cut.json                what this module reads and writes; written last
header.vcf              the header that bcftools gets, of every part
sources/own0.tsv.gz     a private source of the job, with its .tbi
parts/00000.vcf.gz      the checked records of a part, BGZF, without a header
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

from annotations.engine.errors import ReferenceChanged
from annotations.engine.pinned import sources_from_json, sources_to_json
from annotations.engine.reading.read_counts import LATER_COUNTS, Reading
from annotations.engine.reference import MANIFEST, Reference, Source, load_reference, sha256_of
from annotations.engine.version import VERSION

CUT, HEADER, PARTS, SOURCES = "cut.json", "header.vcf", "parts", "sources"
#: What an annotated part is, in its directory.
PART_FILES = ("annot.vcf.gz", "variants.parquet", "counts.json")


@dataclass(frozen=True)
class Part:
    """Neighbouring records; ``file`` is relative to the cut's directory and has ``size`` bytes."""

    number: int
    file: str
    size: int
    sha256: str
    records: int
    #: Records once split, and how many stand before them: the part's place in the table.
    rows: int
    first_row: int
    #: Contigs in a row, with the bytes of their text. Of an ``aside`` part the contigs alone count.
    runs: tuple[tuple[str, int], ...]
    #: Whether the reference lacks its contigs.
    aside: bool = False

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """What write_cut() wrote."""
        return cls(**{**_known(cls, told), "runs": tuple(map(tuple, told["runs"]))})


@dataclass(frozen=True)
class Shared:
    """What all parts of a cut have in common: ``version`` is GAS's, ``reference`` the SHA-256 of its manifest."""

    name: str
    version: str
    reference: str
    haplotype_aware: bool
    sort_output: bool
    own_sources: tuple[Source, ...]

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """What write_cut() wrote."""
        return cls(**{**_known(cls, told), "own_sources": sources_from_json(told["own_sources"])})

    @classmethod
    def of(cls, name: str, reference: Reference, *, haplotype_aware: bool, sort_output: bool) -> Shared:
        """What the parts of a file of this name share."""
        own = tuple(source for source in reference.sources if not source.file.is_relative_to(reference.directory))
        fingerprint = sha256_of(reference.directory / MANIFEST)
        return cls(name, VERSION, fingerprint, haplotype_aware, sort_output, own)

    def load_reference(self, path: Path, directory: Path) -> Reference:
        """The reference installed at ``path`` with the job's own sources, which lie in the cut's directory.

        Raises ReferenceBroken, and ReferenceChanged where it is not the one that the file was cut for.
        """
        reference = load_reference(path)
        if sha256_of(path / MANIFEST) != self.reference:
            raise ReferenceChanged(
                f"The reference {reference.name} was changed while this file was annotated. Nothing of the result was "
                "kept. Run the file again."
            )
        own = [replace(source, file=directory / SOURCES / source.file.name) for source in self.own_sources]
        return replace(reference, sources=(*reference.sources, *own))


@dataclass(frozen=True)
class Cut:
    """A file that was cut."""

    shared: Shared
    reading: Reading
    parts: tuple[Part, ...]

    @property
    def records(self) -> int:
        """Records of the whole file."""
        return sum(part.records for part in self.parts)

    @property
    def common(self) -> tuple[str, ...]:
        """Files, relative to the cut's directory, that each part and the gathering need."""
        own = [f"{SOURCES}/{source.file.name}" for source in self.shared.own_sources]
        return (CUT, HEADER, *own, *(f"{name}.tbi" for name in own))


def write_cut(cut: Cut, directory: Path) -> None:
    """Write it down; the file is there whole or not at all."""
    shared = {**vars(cut.shared), "own_sources": sources_to_json(cut.shared.own_sources)}
    reading = cut.reading.to_json()
    # Beside the reading, where the GAS before looks past it.
    later = {name: reading["counts"].pop(name) for name in LATER_COUNTS}
    parts = [asdict(part) for part in cut.parts]
    told = {"shared": shared, "reading": reading, "later_counts": later, "parts": parts}
    unfinished = directory / f"{CUT}.unfinished"
    unfinished.write_text(json.dumps(told), encoding="utf-8")
    os.replace(unfinished, directory / CUT)


def read_cut(directory: Path) -> Cut:
    """What write_cut() wrote, also a later GAS's: what only that one knows is passed over.

    Whoever annotates a part compares the versions and leaves the file of another to a pass in one piece.
    """
    told: Mapping[str, Any] = json.loads((directory / CUT).read_text(encoding="utf-8"))
    reading = told["reading"]
    counts = {**reading["counts"], **told.get("later_counts", {})}
    return Cut(
        shared=Shared.from_json(told["shared"]),
        reading=Reading.from_json({**reading, "counts": counts}),
        parts=tuple(Part.from_json(one) for one in told["parts"]),
    )


def _known(kind: type[Part | Shared], told: Mapping[str, Any]) -> dict[str, Any]:
    return {one.name: told[one.name] for one in fields(kind) if one.name in told}
