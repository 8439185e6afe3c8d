"""Records the reader hid from bcftools, brought back as they were.

The reader writes an allele it must not show as ``<GAS0>``, ``<GAS1>``…, the true ones into INFO/GAS_ALT and the
reason into INFO/GAS_NOT_ANNOTATED.
"""

from __future__ import annotations

MASK = b"<GAS"
_FIELDS = (b"GAS_ALT=", b"GAS_NOT_ANNOTATED=")
_ALT, _INFO = 4, 7


def unmask(text: bytes) -> tuple[bytes, dict[int, str]]:
    """A block's lines with true alleles, and the reason for each line (by its number) that was masked."""
    if b"\t" + MASK not in text:
        return text, {}
    reasons: dict[int, str] = {}
    lines = text.split(b"\n")
    for number, line in enumerate(lines):
        if b"\t" + MASK in line:
            row = line.split(b"\t", _INFO + 1)
            if row[_ALT].startswith(MASK):
                reasons[number] = _unmask(row)
                lines[number] = b"\t".join(row)
    return b"\n".join(lines), reasons


def _unmask(row: list[bytes]) -> str:
    parts = row[_INFO].split(b";")
    fields = dict(part.partition(b"=")[::2] for part in parts)
    number = int(row[_ALT][len(MASK) :].rstrip(b">"))
    row[_ALT] = fields[b"GAS_ALT"].split(b",")[number]
    row[_INFO] = b";".join(part for part in parts if not part.startswith(_FIELDS)) or b"."
    return fields[b"GAS_NOT_ANNOTATED"].decode()
