"""``@POS`` in BCSQ, followed: csq tells the joint change of several alleles of a haplotype at one of them alone.

``BCSQ=@3316`` at 3317 means that the record at 3316 has the consequence, as in ``…|4A>4I|3316G>A+3317C>T``
(http://samtools.github.io/bcftools/howtos/csq-calling.html).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

POINTER = b"@"


def followed(bcsq: bytes, allele: bytes, at: Callable[[int], Iterable[bytes]]) -> bytes:
    """A BCSQ value whose pointers give way to what they point to; those that lead nowhere stay.

    ``allele`` is this record's own as csq writes it, ``3317C>T``; ``at`` gives the values of the records at a position.
    """
    entries: dict[bytes, None] = {}
    for entry in bcsq.split(b","):
        joint = _joint(allele, at(int(entry[1:]))) if entry.startswith(POINTER) and entry[1:].isdigit() else []
        entries.update(dict.fromkeys(joint or [entry]))
    return b",".join(entries)


def _joint(allele: bytes, values: Iterable[bytes]) -> list[bytes]:
    """The entries of other records that this allele has a part in."""
    entries = (entry for value in values for entry in value.split(b","))
    return [entry for entry in entries if allele in entry.rsplit(b"|", 1)[-1].split(b"+")]
