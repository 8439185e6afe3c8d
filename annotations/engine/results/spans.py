"""How far records reach, as htslib (1.24) tells it for an index: by REF, END, SVLEN and the blocks' LEN.

Never less far than htslib says: an index finds a record that it takes for longer, and not one it takes for shorter.
htslib looks at SVLEN for symbols alone, and at LEN for ``<*>`` and ``<NON_REF>``; here they count for every record.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotations.engine.limits import MAX_POSITION

Numbers = NDArray[np.int64]

#: INFO's fields by which a record reaches further than its REF.
LENGTH_FIELDS = ("END", "SVLEN")
_TOLD = re.compile(rb"[\t;](END|SVLEN)=([^;\t\n]*)")
_LEN, _FORMAT = b"LEN", 8
_MANY_DIGITS = 19


@dataclass(frozen=True)
class Lines:
    """Text of whole lines and where each begins."""

    text: bytes
    starts: Numbers


def last_positions(lines: Lines, positions: Numbers, ref_lengths: Numbers) -> Numbers:
    """The last position of each line's record."""
    text = lines.text
    lasts = positions + ref_lengths - 1
    if b"END=" in text or b"SVLEN=" in text:
        for found in _TOLD.finditer(text):
            row = int(np.searchsorted(lines.starts, found.start(), "right")) - 1
            told = max(map(_number, found[2].split(b",")))
            lasts[row] = max(lasts[row], told if found[1] == b"END" else positions[row] + told)
    if b":LEN" in text or b"\tLEN" in text:
        for row, line in enumerate(text.split(b"\n")[:-1]):
            lasts[row] = max(lasts[row], positions[row] + _block_length(line))
    # Behind the last position that an index can hold there is no record, whatever it says.
    held: Numbers = np.clip(lasts, positions, MAX_POSITION)
    return held


def _block_length(line: bytes) -> int:
    """The longest LEN of a line's samples, 0 without any."""
    columns = line.split(b"\t")
    keys = columns[_FORMAT].split(b":") if len(columns) > _FORMAT else []
    if _LEN not in keys:
        return 0
    at = keys.index(_LEN)
    return max(
        (_number(value) for sample in columns[_FORMAT + 1 :] for value in sample.split(b":")[at : at + 1]), default=0
    )


def _number(text: bytes) -> int:
    """A length without its sign; 0 for what is none. Nobody needs the exact value of one beyond every contig."""
    digits = text.lstrip(b"+-")
    if not digits.isdigit():
        return 0
    return int(digits) if len(digits) < _MANY_DIGITS else MAX_POSITION
