"""Alleles through ``bcftools norm`` and ``sort``: split, left-aligned, in order of position."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from annotations.engine.bcftools import command
from annotations.engine.errors import ReferenceRefused

#: Contig, position, REF, ALT, and one value a field, "." for none.
Row = tuple[str, int, str, str, tuple[str, ...]]

#: Where ``python -m annotations.engine…`` finds the package.
ROOT = Path(__file__).resolve().parents[3]
_BASES = re.compile(r"[ACGTN]+")
#: How lines of norm and sort begin that name no error.
_CHATTER = ("Lines ", "Writing to", "Merging", "Cleaning", "Done", "[W::")


def normalised(
    records: Iterable[str],
    numbers: Sequence[str],
    fasta: Path,
    contigs: Sequence[str],
    *,
    name: str,
    dropped: Counter[str],
    scratch: Path | None = None,
) -> Iterator[Row]:
    """VCF records (whole lines, REF already held against the sequence) as one row an allele.

    Alleles that are no bases or equal REF are counted in ``dropped``. The records' INFO keys are F0, F1, …, one for
    each of ``numbers`` (VCF's Number: "A", ".", "1"…). Values stay as they were written: every field is declared a
    String, and its Number tells bcftools how to split it. ``scratch`` is a directory with room for all of them.
    Raises ReferenceRefused with bcftools' words, under ``name``, when it cannot read a record.
    """
    with tempfile.TemporaryDirectory(prefix=".norm-", dir=scratch) as room, tempfile.TemporaryFile() as said:
        norm = _start(["norm", "-m", "-any", "-c", "w", "-f", str(fasta), "-Ou", "-"], subprocess.PIPE, said)
        sort = _start(["sort", "-m", "200M", "-T", f"{room}/sort", "-Ov", "-"], norm.stdout, said)
        try:
            _feed(norm, _header(numbers, contigs), records)
            assert sort.stdout is not None  # noqa: S101  (it was opened as a pipe)
            for line in sort.stdout:
                if not line.startswith(b"#"):
                    row = _row(line.decode(), len(numbers))
                    if reason := _useless(row):
                        dropped[reason] += 1
                    else:
                        yield row
            if norm.wait() or sort.wait():
                raise ReferenceRefused(f"{name} cannot be normalised: {_reason(said)}")
        finally:
            for child in (norm, sort):
                child.kill()
                child.wait()
                for pipe in (child.stdin, child.stdout):
                    if pipe is not None:
                        with suppress(BrokenPipeError):
                            pipe.close()


def _start(arguments: list[str], stdin: int | IO[bytes] | None, said: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command(*arguments), stdin=stdin, stdout=subprocess.PIPE, stderr=said, cwd=ROOT)


def _feed(norm: subprocess.Popen[bytes], header: str, records: Iterable[str]) -> None:
    """``sort`` writes nothing before its input ends, so all can be written before anything is read."""
    assert norm.stdin is not None  # noqa: S101  (it was opened as a pipe)
    assert norm.stdout is not None  # noqa: S101
    norm.stdout.close()
    try:
        norm.stdin.write(header.encode())
        for record in records:
            norm.stdin.write(record.encode())
        norm.stdin.close()
    except BrokenPipeError:
        pass  # its exit code and its words say why


def _header(numbers: Sequence[str], contigs: Sequence[str]) -> str:
    lines = ["##fileformat=VCFv4.3", *(f"##contig=<ID={contig}>" for contig in contigs)]
    lines += [f'##INFO=<ID=F{i},Number={number},Type=String,Description="">' for i, number in enumerate(numbers)]
    return "\n".join([*lines, "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"])


def _row(line: str, width: int) -> Row:
    contig, position, _, ref, alt, _, _, info = line.rstrip("\n").split("\t")
    values = dict(part.split("=", 1) for part in info.split(";") if "=" in part)
    return contig, int(position), ref.upper(), alt.upper(), tuple(values.get(f"F{i}", ".") for i in range(width))


def _useless(row: Row) -> str:
    if row[2] == row[3]:
        return "REF equal to ALT"
    return "" if _BASES.fullmatch(row[2]) and _BASES.fullmatch(row[3]) else "not written as bases"


def _reason(said: IO[bytes]) -> str:
    said.seek(0)
    lines = [line.strip() for line in said.read().decode("utf-8", "replace").splitlines()]
    wanted = [line for line in lines if line and not line.startswith(_CHATTER)]
    return wanted[0].rstrip(".") + "." if wanted else "bcftools gave no reason."
