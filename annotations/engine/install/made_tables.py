"""Makes the tables of several sources and says what stands in the manifest about each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from annotations.engine.errors import ReferenceRefused
from annotations.engine.install.entries import Genome, SourceTable
from annotations.engine.install.requests import SourceRequest
from annotations.engine.install.sources import make_table

Say = Callable[[str], None]


@dataclass(frozen=True)
class MadeTable:
    """A table that was made; ``file`` is its name in the reference."""

    request: SourceRequest
    table: SourceTable
    file: str

    def manifest_entry(self) -> dict[str, Any]:
        """What the manifest says of the source."""
        return {
            "name": self.request.name,
            "version": self.table.version,
            "citation": self.request.citation,
            "licence": self.request.licence,
            "file": self.file,
            "records": self.table.records,
            "known": self.request.known,
            "match": self.request.match,
            "fields": [asdict(field) for field in self.table.fields],
        }


def make_tables(
    built: Path, genome: Genome, requests: Sequence[SourceRequest], say: Say, taken: Iterable[str] = ()
) -> list[MadeTable]:
    """Write the sources' tables under ``built``/sources; ``taken`` are INFO ids and files of sources there already.

    Raises ReferenceRefused when a file cannot serve, or two sources would share a name or a field.
    """
    made = []
    seen = set(taken)
    for request in requests:
        say(f"Reading {request.file_name}")
        file = table_file(request.name)
        new = {file, *(wanted.info for wanted in request.fields)}
        if seen & new or len(new) <= len(request.fields) or not request.fields:
            raise ReferenceRefused(f"The source {request.name} needs a name and fields that no other source has.")
        seen |= new
        (built / "sources").mkdir(exist_ok=True)
        table = make_table(request, genome, built / file)
        for reason, count in table.dropped.items():
            say(f"{request.name}: {count} dropped, {reason}")
        made.append(MadeTable(request, table, file))
    return made


def table_file(name: str) -> str:
    """Where in the reference the table of a source of this name stands."""
    return f"sources/{re.sub(r'[^0-9A-Za-z._-]+', '-', name)}.tsv.gz"
