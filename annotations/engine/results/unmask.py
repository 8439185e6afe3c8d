"""What the reader hid from bcftools, brought back as it was.

The reader writes an allele it must not show as ``<GAS0>``, ``<GAS1>``…, the true ones into INFO/GAS_ALT and the
reason into INFO/GAS_NOT_ANNOTATED. A list that must not be split bears GAS_AS_IS_ before its id.
"""

from __future__ import annotations

import re

from annotations.engine.results.alleles import ALLELE_REASONS, reason_not_annotated

MASK = b"<GAS"
NOTE = b"\tGAS_ALT="
HELD = b"GAS_AS_IS_"
_HELD_ID = re.compile(rb"(?:(?<=;)|^)" + HELD)
_FIELDS = (b"GAS_ALT=", b"GAS_NOT_ANNOTATED=")
_REF, _ALT, _INFO = 3, 4, 7


def unmask(text: bytes) -> tuple[bytes, dict[int, str]]:
    """A block's lines with true alleles, and the reason for each line (by its number) whose allele was masked.

    The reader writes its note at the front of INFO; after the split every allele of the record bears it, those
    that were not masked too.
    """
    if HELD in text:
        text = _unheld(text)
    if NOTE not in text:
        return text, {}
    reasons: dict[int, str] = {}
    lines = text.split(b"\n")
    for number, line in enumerate(lines):
        if NOTE in line:
            row = line.split(b"\t", _INFO + 1)
            if reason := _unmask(row):
                reasons[number] = reason
            lines[number] = b"\t".join(row)
    return b"\n".join(lines), reasons


def _unheld(text: bytes) -> bytes:
    lines = text.split(b"\n")
    for number, line in enumerate(lines):
        if HELD in line:
            row = line.split(b"\t", _INFO + 1)
            row[_INFO] = _HELD_ID.sub(b"", row[_INFO])
            lines[number] = b"\t".join(row)
    return b"\n".join(lines)


def _unmask(row: list[bytes]) -> str:
    parts = row[_INFO].split(b";")
    note = dict(part.partition(b"=")[::2] for part in parts if part.startswith(_FIELDS))
    row[_INFO] = b";".join(part for part in parts if not part.startswith(_FIELDS)) or b"."
    if not row[_ALT].startswith(MASK):
        return ""
    row[_ALT] = note[b"GAS_ALT"].split(b",")[int(row[_ALT][len(MASK) :].rstrip(b">"))]
    reason = note[b"GAS_NOT_ANNOTATED"].decode()
    # In a record of a symbol and a breakend the note gives one reason for both.
    if reason not in ALLELE_REASONS:
        return reason
    return reason_not_annotated(row[_REF].decode(), row[_ALT].decode("utf-8", "replace")) or reason
