"""Adds sources to an installed reference: their tables first, then the manifest, by one rename."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from annotations.engine.errors import ReferenceRefused
from annotations.engine.install.building import building_directory, locked
from annotations.engine.install.entries import Genome
from annotations.engine.install.made_tables import MadeTable, Say, make_tables
from annotations.engine.install.requests import SourceRequest
from annotations.engine.install.selftest import check_table
from annotations.engine.reference import MANIFEST, Reference, load_reference, sha256_of


def add_sources(
    directory: Path, requests: Sequence[SourceRequest], on_progress: Say = lambda _sentence: None
) -> Reference:
    """Add these sources, each in the place of one of its name, and answer the reference as it is then.

    A job that runs goes on with the sources it began with, and fails when one of them was replaced. Raises
    ReferenceRefused; the reference is then as it was.
    """
    names = {request.name for request in requests}
    try:
        with locked(directory), building_directory(directory.parent) as scratch:
            reference = load_reference(directory)
            kept = [source for source in reference.sources if source.name not in names]
            taken = {field.info for source in kept for field in source.fields}
            made = make_tables(scratch, genome_of(reference), requests, on_progress, taken)
            for one in made:
                check_table(one.request.name, scratch / one.file)
            _put_in_place(directory, scratch, made)
    except OSError as error:
        raise ReferenceRefused(f"The reference {directory.name} cannot be written: {error}") from error
    return load_reference(directory)


def genome_of(reference: Reference) -> Genome:
    """What sources are held against."""
    sequences = {contig.name: reference.sequence(contig.name) for contig in reference.contigs}
    names = {name: contig.name for name, contig in reference.contig_names().items()}
    return Genome(reference.fasta, sequences, names)


def _put_in_place(directory: Path, scratch: Path, made: Sequence[MadeTable]) -> None:
    """Move the tables to names that nobody reads yet, then the manifest, then remove what it names no more."""
    manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
    (directory / "sources").mkdir(exist_ok=True)
    new = []
    for one in made:
        file = _free_name(one.file, manifest["files"])
        for ending in ("", ".tbi"):
            os.replace(scratch / f"{one.file}{ending}", directory / f"{file}{ending}")
        new.append(replace(one, file=file))
    changed, gone = _with(manifest, new, directory)
    written = scratch / MANIFEST
    written.write_text(json.dumps(changed, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(written, directory / MANIFEST)
    for file in gone:
        (directory / file).unlink(missing_ok=True)


def _free_name(file: str, taken: Iterable[str]) -> str:
    names = set(taken)
    number = 1
    name = file
    while name in names:
        number += 1
        name = file.replace(".tsv.gz", f"-{number}.tsv.gz")
    return name


def _with(manifest: Mapping[str, Any], made: Sequence[MadeTable], directory: Path) -> tuple[dict[str, Any], list[str]]:
    """The manifest with these sources, and the files that it names no more."""
    by_name = {one.request.name: one.manifest_entry() for one in made}
    replaced = [entry for entry in manifest["sources"] if entry["name"] in by_name]
    gone = [f"{entry['file']}{ending}" for entry in replaced for ending in ("", ".tbi")]
    entries = [by_name.pop(entry["name"], entry) for entry in manifest["sources"]]
    files = {name: told for name, told in manifest["files"].items() if name not in gone}
    for one in made:
        for name in (one.file, f"{one.file}.tbi"):
            path = directory / name
            files[name] = {"size": path.stat().st_size, "sha256": sha256_of(path)}
    return {**manifest, "sources": [*entries, *by_name.values()], "files": dict(sorted(files.items()))}, gone
