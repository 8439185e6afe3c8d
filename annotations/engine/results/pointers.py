"""``@POS`` in BCSQ, followed: csq tells the joint change of several alleles of a haplotype at one of them alone.

``BCSQ=@3316`` at 3317 means that the record at 3316 has the consequence, as in ``…|4A>4I|3316G>A+3317C>T``
(http://samtools.github.io/bcftools/howtos/csq-calling.html).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

POINTER = b"@"
#: Joint changes that are kept for records to come: more than a haplotype's changes of one transcript.
MAX_KEPT = 10_000


#: Text that is held back for a record that is pointed to: more than the records of a transcript.
MAX_HELD_BYTES = 16 << 20
_POSITION = re.compile(rb"(?:^|,)@(\d+)")
_POINTING = re.compile(rb"[\t;]BCSQ=(?=[^;\t\n]*@)([^;\t\n]*)")


def unbroken(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same lines, cut so that no record points to one of a later block.

    csq tells a joint change at the first of its records along the strand, which comes last on the reverse strand.
    """
    held = b""
    for block in blocks:
        text = held + block
        cut = _before_the_pointing(text) if len(text) < MAX_HELD_BYTES else len(text)
        held = text[cut:]
        if cut:
            yield text[:cut]
    if held:
        yield held


def _before_the_pointing(text: bytes) -> int:
    """Where the first line begins that points to a position behind the last line's; the text's end if none does."""
    contig, position, _ = text[text.rfind(b"\n", 0, -1) + 1 :].split(b"\t", 2)
    for found in _POINTING.finditer(text):
        if any(int(pos) > int(position) for pos in _POSITION.findall(found[1])):
            begin = text.rfind(b"\n", 0, found.start()) + 1
            if text.startswith(contig + b"\t", begin):
                return begin
    return len(text)


class JointChanges:
    """BCSQ values that tell joint changes, of one contig's records so far."""

    def __init__(self) -> None:
        self._contig = ""
        self._values: dict[int, list[bytes]] = {}

    def go_to(self, contig: str) -> None:
        """Forget other contigs'."""
        if contig != self._contig:
            self._contig = contig
            self._values = {}

    def add(self, position: int, bcsq: bytes) -> None:
        """Keep a record's value."""
        self._values.setdefault(position, []).append(bcsq)
        if len(self._values) > MAX_KEPT:
            del self._values[next(iter(self._values))]

    def at(self, position: int) -> Sequence[bytes]:
        """The values of the records at a position."""
        return self._values.get(position, ())


def is_joint(bcsq: bytes) -> bool:
    """Whether an entry of the value is of several alleles together: ``…|3316G>A+3317C>T``."""
    return any(b"+" in entry.rsplit(b"|", 1)[-1] for entry in bcsq.split(b","))


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
