"""Make a reference out of local files. It is built in a hidden directory, tried, and put in place by one rename."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from annotations.engine.errors import ReferenceBroken, ReferenceRefused
from annotations.engine.fasta_index import FastaIndexEntry
from annotations.engine.install.building import building_directory
from annotations.engine.install.entries import Genome
from annotations.engine.install.fasta import copy_fasta
from annotations.engine.install.gff import GffSummary, split_gff
from annotations.engine.install.made_tables import MadeTable, Say, make_tables
from annotations.engine.install.requests import SourceRequest
from annotations.engine.install.selftest import self_test
from annotations.engine.reference import MANIFEST, MANIFEST_FORMAT, Reference, load_reference, sha256_of
from annotations.engine.sequence import open_sequences

NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}")
MITOCHONDRION = ("MT", "M", "chrM", "chrMT")


@dataclass(frozen=True)
class About:
    """What people are told of a reference, and files to go with it (name in the reference -> where it is now).

    ``origins`` tell of each file that was fetched: url, size, sha256 and what it was checked by.
    """

    assembly: str = ""
    title: str = ""
    note: str = ""
    citations: tuple[str, ...] = ()
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    circular: frozenset[str] = frozenset()
    extras: Mapping[str, Path] = field(default_factory=dict)
    origins: tuple[Mapping[str, str | int], ...] = ()


def install_reference(
    name: str,
    fasta: Path,
    gff: Path,
    *,
    directory: Path,
    codes: Mapping[str, int] | None = None,
    sources: Sequence[SourceRequest] = (),
    on_progress: Say = lambda _sentence: None,
    about: About | None = None,
    check: Callable[[Reference], None] = lambda _reference: None,
) -> Reference:
    """Check the files, build ``directory``/``name``, try it and answer it.

    ``codes`` gives contigs a genetic code other than 1. ``on_progress`` hears a sentence a step. ``check`` tries the
    finished reference before it is put in place. Raises ReferenceRefused with the file, the line and the repair;
    nothing is left behind then.
    """
    target = directory / name
    if not NAME.fullmatch(name):
        raise ReferenceRefused(f"{name!r} cannot be a reference's name. Use letters, digits, dot, dash and _.")
    if target.exists():
        raise ReferenceRefused(f"There is a reference {name} already. Choose another name or remove {target}.")
    was_there = directory.is_dir()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with building_directory(directory) as scratch:
            built = scratch / name
            built.mkdir()
            _build(
                built,
                fasta=fasta,
                gff=gff,
                codes=codes or {},
                requests=sources,
                say=on_progress,
                about=about or About(),
            )
            check(load_reference(built))
            built.rename(target)
        return load_reference(target)
    except (OSError, ReferenceBroken) as error:
        raise ReferenceRefused(f"The reference {name} cannot be written: {error}") from error
    finally:
        if not was_there and directory.is_dir() and not any(directory.iterdir()):
            directory.rmdir()


def automatic_aliases(contigs: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Other names each contig goes by: with and without ``chr``, and the mitochondrion's; never another contig's."""
    names = set(contigs)
    aliases = {}
    for contig in contigs:
        bare = contig[3:] if contig[:3].lower() == "chr" and len(contig) > 3 else contig
        others = (*MITOCHONDRION,) if bare in {"M", "MT"} else (bare, f"chr{bare}")
        aliases[contig] = tuple(other for other in others if other not in names)
        names.update(others)
    return aliases


def _build(
    built: Path,
    *,
    fasta: Path,
    gff: Path,
    codes: Mapping[str, int],
    requests: Sequence[SourceRequest],
    say: Say,
    about: About,
) -> None:
    sequence = built / f"{built.name}.fa"
    say(f"Reading {fasta.name}")
    index = copy_fasta(fasta, sequence, lambda _contig: None)
    aliases = automatic_aliases(list(index)) | dict(about.aliases)
    names = {other: contig for contig in index for other in (contig, *aliases[contig])}
    codes = _codes(codes, names)
    say(f"Reading {gff.name}")
    (built / "genes").mkdir()
    genes = split_gff(gff, {contig: entry.length for contig, entry in index.items()}, names, built / "genes")
    if genes.left_out:
        say(f"Left out of {gff.name}: " + ", ".join(f"{n} {reason}" for reason, n in genes.left_out.most_common()))
    _add_aliases(aliases, names, {name: more for name, more in genes.aliases.items() if name not in about.aliases})
    tables = make_tables(built, Genome(sequence, open_sequences(sequence, index), names), requests, say)
    for name, path in about.extras.items():
        (built / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, built / name)
    manifest = _manifest(built, about, index=index, genes=genes, tables=tables, aliases=aliases, codes=codes)
    (built / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    say("Trying the reference")
    self_test(load_reference(built))


def _add_aliases(aliases: dict[str, tuple[str, ...]], names: dict[str, str], more: Mapping[str, Sequence[str]]) -> None:
    """Add the names that the GFF gives its contigs, where they are no other contig's already."""
    for contig, others in more.items():
        new = tuple(name for name in others if name not in names)
        aliases[contig] = (*aliases[contig], *new)
        names.update(dict.fromkeys(new, contig))


def _codes(codes: Mapping[str, int], names: Mapping[str, str]) -> dict[str, int]:
    for contig in codes:
        if contig not in names:
            raise ReferenceRefused(f"A genetic code is given for {contig}, which is not in the FASTA. Correct --code.")
    return {names[contig]: code for contig, code in codes.items()}


def _manifest(
    built: Path,
    about: About,
    *,
    index: Mapping[str, FastaIndexEntry],
    genes: GffSummary,
    tables: Sequence[MadeTable],
    aliases: Mapping[str, tuple[str, ...]],
    codes: Mapping[str, int],
) -> dict[str, Any]:
    files = sorted(path for path in built.rglob("*") if path.is_file())
    return {
        "format": MANIFEST_FORMAT,
        "name": built.name,
        "assembly": about.assembly or built.name,
        "title": about.title or built.name,
        "note": about.note,
        "citations": list(about.citations),
        "fasta": f"{built.name}.fa",
        "transcripts": genes.transcripts.total(),
        "contigs": [
            {
                "name": contig,
                "length": entry.length,
                "aliases": list(aliases[contig]),
                "genetic_code": codes.get(contig, 1),
                "circular": contig in about.circular or contig in genes.circular,
                "genes": str(genes.files[contig].relative_to(built)) if contig in genes.files else "",
            }
            for contig, entry in index.items()
        ],
        **({"origins": [dict(origin) for origin in about.origins]} if about.origins else {}),
        "sources": [made.manifest_entry() for made in tables],
        "files": {
            str(path.relative_to(built)): {"size": path.stat().st_size, "sha256": sha256_of(path)} for path in files
        },
    }
