"""Take over a FASTA: check it, write it uncompressed in lines of one length, index it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from annotations.engine.errors import ReferenceRefused
from annotations.engine.fasta_index import FastaIndexEntry
from annotations.engine.install.localfile import open_local

LINE_BASES = 60
#: Bases gathered before they are checked and written; a multiple of LINE_BASES.
BLOCK_BASES = LINE_BASES * 65536
#: IUPAC nucleotide codes, and no gaps: a position of a reference is a base.
IUPAC = b"ACGTNRYSWKMBDHVacgtnryswkmbdhv"
#: What VCF 4.3 (1.4.7) lets a contig be called.
CONTIG_NAME = re.compile(r"[0-9A-Za-z!#$%&+./:;?@^_|~-][0-9A-Za-z!#$%&*+./:;=?@^_|~-]*")


@dataclass
class _Contig:
    name: str
    line: int
    offset: int
    length: int = 0
    waiting: list[bytes] = field(default_factory=list)
    waiting_bases: int = 0


def copy_fasta(source: Path, target: Path, on_contig: Callable[[str], None]) -> dict[str, FastaIndexEntry]:
    """Write ``target`` and ``target``.fai; answers the index by contig, in file order.

    Letters keep their case. Raises ReferenceRefused with the line and the repair for anything that is no FASTA:
    text before the first header, a contig twice or without a sequence, letters outside IUPAC.
    """
    index: dict[str, FastaIndexEntry] = {}
    with open_local(source) as lines, target.open("wb") as out:
        for contig in _contigs(source, lines, out):
            if contig.name in index:
                raise _refused(source, contig.line, f"the contig {contig.name} is there twice", "Keep one of them")
            index[contig.name] = FastaIndexEntry(contig.length, contig.offset, LINE_BASES, LINE_BASES + 1)
            on_contig(contig.name)
    if not index:
        raise ReferenceRefused(f"{source.name} holds no sequence. Give a FASTA file.")
    rows = (f"{name}\t{e.length}\t{e.offset}\t{e.line_bases}\t{e.line_bytes}\n" for name, e in index.items())
    Path(f"{target}.fai").write_text("".join(rows), encoding="utf-8")
    return index


def _contigs(source: Path, lines: BinaryIO, out: BinaryIO) -> Iterator[_Contig]:
    contig: _Contig | None = None
    for number, raw in enumerate(lines, start=1):
        line = raw.strip()
        if line.startswith(b">"):
            if contig is not None:
                yield _finished(source, contig, out)
            name = _name(source, number, line)
            out.write(line + b"\n")
            contig = _Contig(name, number, out.tell())
        elif contig is not None:
            contig.waiting.append(line)
            contig.waiting_bases += len(line)
            if contig.waiting_bases >= BLOCK_BASES:
                _write(source, contig, out, last=False)
        elif line:
            raise _refused(source, number, "a FASTA begins with a line like >chr1", "Give a FASTA file")
    if contig is not None:
        yield _finished(source, contig, out)


def _finished(source: Path, contig: _Contig, out: BinaryIO) -> _Contig:
    _write(source, contig, out, last=True)
    if not contig.length:
        raise _refused(source, contig.line, f"the contig {contig.name} has no sequence", "Remove it or complete it")
    return contig


def _write(source: Path, contig: _Contig, out: BinaryIO, *, last: bool) -> None:
    block = b"".join(contig.waiting)
    if block.translate(None, IUPAC):
        raise _bad_letter(source)
    whole = len(block) - len(block) % LINE_BASES
    rows = np.frombuffer(block, dtype=np.uint8, count=whole).reshape(-1, LINE_BASES)
    out.write(np.insert(rows, LINE_BASES, ord("\n"), axis=1).tobytes())
    rest = block[whole:]
    if last and rest:
        out.write(rest + b"\n")
    contig.length += len(block) if last else whole
    contig.waiting, contig.waiting_bases = ([], 0) if last else ([rest], len(rest))


def _name(source: Path, number: int, header: bytes) -> str:
    words = header[1:].split()
    name = words[0].decode("utf-8", "replace") if words and not header[1:2].isspace() else ""
    if not CONTIG_NAME.fullmatch(name):
        raise _refused(source, number, f"{name or 'nothing'!r} cannot be a contig's name in VCF", "Rename it")
    return name


def _bad_letter(source: Path) -> ReferenceRefused:
    """Read the file again for the place: blocks are checked whole, and lines are counted only when one is bad."""
    with open_local(source) as lines:
        for number, line in enumerate(lines, start=1):
            wrong = b"" if line.startswith(b">") else line.strip().translate(None, IUPAC)
            if wrong:
                letter = wrong[:1].decode("latin-1")
                return _refused(source, number, f"{letter!r} is no IUPAC nucleotide code", "Give a DNA FASTA")
    return ReferenceRefused(f"{source.name} changed while it was read.")


def _refused(source: Path, line: int, cause: str, fix: str) -> ReferenceRefused:
    return ReferenceRefused(f"{source.name}, line {line}: {cause}. {fix}.")
