"""How large the parts of a file get, and which files are large enough to be cut."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from annotations.engine.errors import InputRefused
from annotations.engine.limits import MIB, Limits
from annotations.engine.reading.compression import Expander

#: Bytes of text that tell how far a file's compression goes and how long its lines are.
_SAMPLE_BYTES = MIB
#: Parts that a file should make: the last one is rarely full.
_ENOUGH = 1.5


@dataclass(frozen=True)
class ShardSize:
    """A part ends at the first possible place after so many records or so much text, whichever comes first.

    Beside its work a part costs six tenths of a processor second, to start its processes and to read the genes.
    """

    records: int = 500_000
    text_bytes: int = 64 * MIB

    def __post_init__(self) -> None:
        if self.records < 1 or self.text_bytes < 1:
            raise ValueError("a part has at least one record and one byte")


def worth_cutting(path: Path, size: ShardSize) -> bool:
    """Whether a file probably makes two parts or more, the last of them half full.

    Told from its first text, in a few milliseconds. False also for what cannot be read: the annotation says why.
    """
    if not path.is_file():
        return False
    try:
        expander = Expander(path, Limits())
    except InputRefused:
        return False
    try:
        seen = lines = 0
        for block in expander:
            seen += len(block)
            lines += block.count(b"\n")
            if seen >= _SAMPLE_BYTES:
                break
        text = seen * expander.size / max(expander.raw_bytes, 1)
    except InputRefused:
        return False
    finally:
        expander.close()
    parts = max(text / size.text_bytes, text * lines / max(seen, 1) / size.records)
    return parts >= _ENOUGH
