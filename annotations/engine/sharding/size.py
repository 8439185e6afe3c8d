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
#: Parts are made no smaller than this to keep more workers busy: some two processor seconds of work each.
_LEAST_RECORDS, _LEAST_BYTES = 200_000, 24 * MIB


@dataclass(frozen=True)
class ShardSize:
    """A part ends at the first possible place after so many records or so much text, whichever comes first.

    Beside its work a part costs half a processor second, to start its processes and to read the genes.
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
    return _are_enough(*_guess(path), size)


def size_for_workers(path: Path, size: ShardSize, workers: int) -> ShardSize | None:
    """The size of parts, ``size`` at most, that gives each worker one; None where the file is not worth cutting."""
    text, records = _guess(path)
    smaller = ShardSize(
        min(size.records, max(_LEAST_RECORDS, round(records / workers))),
        min(size.text_bytes, max(_LEAST_BYTES, round(text / workers))),
    )
    return smaller if workers > 1 and _are_enough(text, records, smaller) else None


def _are_enough(text: float, records: float, size: ShardSize) -> bool:
    return max(text / size.text_bytes, records / size.records) >= _ENOUGH


def _guess(path: Path) -> tuple[float, float]:
    """About how many bytes of text and how many lines a file holds; none where it cannot be read, or read twice."""
    if not path.is_file():
        return 0.0, 0.0
    try:
        expander = Expander(path, Limits())
    except InputRefused:
        return 0.0, 0.0
    try:
        seen = lines = 0
        for block in expander:
            seen += len(block)
            lines += block.count(b"\n")
            if seen >= _SAMPLE_BYTES:
                break
        text = seen * expander.size / max(expander.raw_bytes, 1)
    except InputRefused:
        return 0.0, 0.0
    finally:
        expander.close()
    return text, text * lines / max(seen, 1)
