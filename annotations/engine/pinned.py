"""The reference that a job began with: its sources, for the job's other processes, and whether its files still are."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from annotations.engine.errors import EngineError, ReferenceBroken, ReferenceChanged
from annotations.engine.reference import MANIFEST, Reference, Source, SourceField, sha256_of

#: Sources up to this size are read through when a job begins; of larger files size and time are compared.
HASHED_BYTES = 16 << 20

_Stamp = tuple[int, int, int]


def write_sources(sources: Sequence[Source], path: Path) -> None:
    """Write down which sources a job has, for its other processes."""
    path.write_text(json.dumps(sources_to_json(sources)), encoding="utf-8")


def read_sources(path: Path) -> tuple[Source, ...]:
    """The sources written by :func:`write_sources`."""
    return sources_from_json(json.loads(path.read_text(encoding="utf-8")))


def sources_to_json(sources: Sequence[Source]) -> list[dict[str, Any]]:
    """The sources in types that JSON has."""
    return [{**asdict(source), "file": str(source.file)} for source in sources]


def sources_from_json(told: Sequence[Mapping[str, Any]]) -> tuple[Source, ...]:
    """What sources_to_json() made."""
    fields = [tuple(SourceField(**field) for field in one["fields"]) for one in told]
    return tuple(Source(**{**one, "file": Path(one["file"]), "fields": f}) for one, f in zip(told, fields, strict=True))


class Watch:
    """Looks at a reference's files when a job begins, and again when it ends.

    Making one raises ReferenceBroken when a file is not what the manifest says.
    """

    def __init__(self, reference: Reference) -> None:
        self._reference = reference
        told: Mapping[str, Mapping[str, Any]] = json.loads((reference.directory / MANIFEST).read_bytes())["files"]
        hashed = {source.file for source in reference.sources}
        self._stamps: dict[Path, _Stamp] = {}
        for path in _files(reference):
            expected = told.get(str(path.relative_to(reference.directory)))
            stamp = self._stamps[path] = _stamp(path)
            small = path in hashed and stamp[0] <= HASHED_BYTES
            if expected and (stamp[0] != expected["size"] or (small and sha256_of(path) != expected["sha256"])):
                raise ReferenceBroken(
                    f"The reference {reference.name} is damaged: {path.name} is not what was installed. Our staff have "
                    "to install it again."
                )

    def check(self) -> None:
        """Raises ReferenceChanged when a file was replaced, changed or removed since."""
        for path, before in self._stamps.items():
            if _stamp(path) != before:
                raise ReferenceChanged(
                    f"The reference {self._reference.name} was changed while this file was annotated: {path.name} is "
                    "another one now. Nothing of the result was kept. Run the file again."
                )


@contextmanager
def unchanged(reference: Reference) -> Iterator[None]:
    """Work during which the reference must stay as it is; raises what Watch raises."""
    watch = Watch(reference)
    try:
        yield
    except EngineError:
        # Whatever the pipe met: where a file was swapped under it, that is the reason.
        watch.check()
        raise
    watch.check()


def _files(reference: Reference) -> list[Path]:
    """What a job reads of the reference itself; private sources are the job's own."""
    genes = [contig.gff for contig in reference.contigs if contig.gff is not None]
    sources = [source.file for source in reference.sources]
    files = [reference.fasta, Path(f"{reference.fasta}.fai"), *genes, *sources, *(Path(f"{s}.tbi") for s in sources)]
    return [path for path in files if path.is_relative_to(reference.directory)]


def _stamp(path: Path) -> _Stamp:
    try:
        stat = os.stat(path)
    except FileNotFoundError:
        return (-1, 0, 0)
    return stat.st_size, stat.st_mtime_ns, stat.st_ino
