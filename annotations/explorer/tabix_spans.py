"""Which bytes of an indexed BGZF file hold the records at a position (SAM specification, section 5.2).

A result's VCF may lie in a bucket; a page of one variant fetches these bytes and not the file.
"""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

#: The first bin of each level of the index, and the bits of a position that its bins leave out.
_LEVELS = ((0, 29), (1, 26), (9, 23), (73, 20), (585, 17), (4_681, 14))
#: What a block of BGZF takes at most, and how far apart two spans are fetched at once all the same.
BLOCK_BYTES, NEAR_BYTES = 1 << 16, 1 << 18

Span = tuple[int, int]


def spans_at(index: Path, contig: str, pos: int) -> list[Span]:
    """Return first and last byte of what has to be there to read a position (1-based), in order; the head always is."""
    chunks = _chunks(gzip.decompress(index.read_bytes()), contig.encode(), pos - 1)
    found = sorted([(0, BLOCK_BYTES - 1), *((begin >> 16, (end >> 16) + BLOCK_BYTES - 1) for begin, end in chunks)])
    spans = [found[0]]
    for first, last in found[1:]:
        if first <= spans[-1][1] + NEAR_BYTES:
            spans[-1] = (spans[-1][0], max(spans[-1][1], last))
        else:
            spans.append((first, last))
    return spans


def _chunks(data: bytes, contig: bytes, start: int) -> list[Span]:
    """The virtual offsets of the chunks that may hold records over a base (0-based); none for a contig it lacks."""
    contigs, names_length = struct.unpack_from("<i24xi", data, 4)
    names = data[36 : 36 + names_length].split(b"\0")[:contigs]
    at = 36 + names_length
    wanted = {first + (start >> bits) for first, bits in _LEVELS}
    for name in names:
        chunks: list[Span] = []
        (bins,) = struct.unpack_from("<i", data, at)
        at += 4
        for _ in range(bins):
            number, count = struct.unpack_from("<Ii", data, at)
            if name == contig and number in wanted:
                offsets = struct.unpack_from(f"<{2 * count}Q", data, at + 8)
                chunks += zip(offsets[::2], offsets[1::2], strict=True)
            at += 8 + 16 * count
        (windows,) = struct.unpack_from("<i", data, at)
        if name == contig:
            window = start >> 14
            (least,) = struct.unpack_from("<Q", data, at + 4 + 8 * window) if window < windows else (0,)
            return [chunk for chunk in chunks if chunk[1] > least]
        at += 4 + 8 * windows
    return []
