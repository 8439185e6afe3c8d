"""Writes an index, ``.tbi`` or ``.csi`` (SAM specification, section 5; CSI, tabix).

A ``.tbi`` holds positions below 2^29; longer contigs need a ``.csi``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from annotations.engine.reference import Contig
from annotations.engine.results.bgzf import BgzfWriter
from annotations.engine.results.index import CSI_DEPTH, MIN_SHIFT, TBI_DEPTH, bin_count, first_windows
from annotations.engine.results.index_places import ContigPlaces, Places

#: A .tbi holds positions below 2^29 (SAM specification, section 5.3); longer contigs need a .csi.
TBI_MAX_LENGTH = 1 << 29
TBI, CSI = ".tbi", ".csi"
#: tabix' settings for VCF: the format; the columns of contig, begin and (no) end; the sign of comments; skipped.
_VCF = struct.pack("<6i", 2, 1, 2, 0, ord("#"), 0)


def index_suffix(contigs: Iterable[Contig]) -> str:
    """What follows the VCF's name: ".tbi", or ".csi" where a contig is too long for it."""
    return CSI if any(contig.length >= TBI_MAX_LENGTH for contig in contigs) else TBI


def depth_of(suffix: str) -> int:
    """How many levels of bins an index of this kind has above the lowest."""
    return CSI_DEPTH if suffix == CSI else TBI_DEPTH


def write_index(path: Path, places: Places) -> None:
    """Write the index of a file with these places, of the kind that the path's suffix says."""
    with path.open("wb") as file:
        writer = BgzfWriter(file)
        writer.write(_text(places, csi=path.suffix == CSI))
        writer.close()


def _text(places: Places, *, csi: bool) -> bytes:
    names = b"".join(name.encode() + b"\0" for name in places)
    about = _VCF + struct.pack("<i", len(names)) + names
    count = struct.pack("<i", len(places))
    if csi:
        head = b"CSI\1" + struct.pack("<3i", MIN_SHIFT, CSI_DEPTH, len(about)) + about + count
    else:
        head = b"TBI\1" + count + about
    return b"".join([head, *(_contig(one, csi=csi) for one in places.values()), struct.pack("<Q", 0)])


def _contig(places: ContigPlaces, *, csi: bool) -> bytes:
    depth = CSI_DEPTH if csi else TBI_DEPTH
    numbers, at = np.unique(places.bins, return_index=True)
    edges = [*at.tolist(), len(places.bins)]
    lowest = places.windows[np.minimum(first_windows(numbers, depth), len(places.windows) - 1)].tolist()
    pairs = np.stack([places.begins, places.ends], axis=1)
    parts = [struct.pack("<i", len(numbers) + 1)]
    for row, number in enumerate(numbers.tolist()):
        chunks = pairs[edges[row] : edges[row + 1]]
        parts.append(_bin_head(number, lowest[row], len(chunks), csi=csi) + chunks.astype("<u8").tobytes())
    parts.append(_bin_head(bin_count(depth) + 1, 0, 2, csi=csi))
    parts.append(struct.pack("<4Q", places.first, places.last, places.records, 0))
    if not csi:
        parts.append(struct.pack("<i", len(places.windows)) + places.windows.astype("<u8").tobytes())
    return b"".join(parts)


def _bin_head(number: int, lowest: int, chunks: int, *, csi: bool) -> bytes:
    return struct.pack("<IQi", number, lowest, chunks) if csi else struct.pack("<Ii", number, chunks)
