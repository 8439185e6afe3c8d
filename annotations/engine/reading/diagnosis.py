"""Why bcftools stopped: a second, thorough reading once a stage of the pipe has failed."""

from __future__ import annotations

from pathlib import Path

from annotations.engine.errors import InputRefused
from annotations.engine.limits import Limits
from annotations.engine.reading.head_scan import scan_head
from annotations.engine.reading.reader import VcfReader
from annotations.engine.reference import Reference

#: More names than these are garbage in the columns, not fields somebody forgot to declare.
MOST_UNDECLARED = 1_000


def diagnose(path: Path, reference: Reference, limits: Limits | None = None) -> InputRefused | None:
    """The first fault of the file that only bcftools would find, or None when the file is not at fault."""
    try:
        with VcfReader(path, reference, limits, sort_later=True, thorough=True) as reader:
            for _ in reader.batches():
                pass
    except InputRefused as refused:
        return refused
    return None


def find_contigs(path: Path, reference: Reference, limits: Limits | None = None) -> list[tuple[str, str]]:
    """Every contig of the whole file that the reference lacks, as ("contig", name).

    Raises as reading does, and InputRefused where they are more than a header may declare.
    """
    limits = limits or Limits()
    with VcfReader(path, reference, limits, sort_later=True) as reader:
        for _ in reader.batches():
            if len(reader.counts.unknown_contigs) > limits.max_contigs:
                raise InputRefused(f"The records lie on more than {limits.max_contigs:,} contigs")
        return [("contig", name) for name in reader.counts.unknown_contigs]


def find_undeclared(path: Path, reference: Reference, limits: Limits | None = None) -> list[tuple[str, str]]:
    """Every (kind, id) of the whole file that its header lacks: to be declared when a stage stopped at one.

    bcftools norm only warns of the first; the stage after it then fails with "BCF read error". At most
    MOST_UNDECLARED are listed. Raises as reading does.
    """
    found: dict[tuple[str, str], None] = {}
    with VcfReader(path, reference, limits, sort_later=True) as reader:
        for text, _ in reader.chunks():
            undeclared, _ = scan_head(reader.header, text)
            found.update(dict.fromkeys(undeclared))
            if len(found) > MOST_UNDECLARED:
                break
    return list(found)[:MOST_UNDECLARED]
