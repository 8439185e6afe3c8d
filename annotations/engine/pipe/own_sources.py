"""Turns a user's own files into sources of the job's reference, in the job's scratch directory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from annotations.engine.errors import InputRefused, ReferenceRefused
from annotations.engine.install.adding import genome_of
from annotations.engine.install.own import own_request
from annotations.engine.install.sources import make_table
from annotations.engine.reference import Reference, Source, sha256_of
from annotations.engine.task import OwnSource


def with_own_sources(reference: Reference, own: Sequence[OwnSource], scratch: Path) -> Reference:
    """The reference with these sources behind its own. Raises InputRefused with the file, the line and the repair."""
    taken = {field.info for source in reference.sources for field in source.fields}
    made: list[Source] = []
    for number, one in enumerate(own):
        path = scratch / f"own{number}"
        try:
            source = _made(one, reference, path)
        except ReferenceRefused as error:
            raise InputRefused(f"Your source {one.label} cannot be used. {error}") from None
        fields = {field.info for field in source.fields}
        if fields & taken:
            raise InputRefused(
                f"Your source {one.label} has a field {min(fields & taken)} that another has", "Rename it."
            )
        taken |= fields
        made.append(source)
    return replace(reference, sources=(*reference.sources, *made))


def _made(one: OwnSource, reference: Reference, path: Path) -> Source:
    request = own_request(one.path, one.file_name, one.label)
    table = make_table(request, genome_of(reference), path.with_suffix(".tsv.gz"))
    return Source(
        name=request.name,
        version=table.version,
        citation="",
        licence="",
        file=path.with_suffix(".tsv.gz"),
        records=table.records,
        sha256=sha256_of(one.path),
        fields=table.fields,
        known=False,
        match=request.match,
    )
