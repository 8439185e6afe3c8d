"""Reading an indexed TSV (BGZF with a ``.tbi``) forwards, from any position on (SAM specification, section 5.2)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from annotations.engine.errors import ReferenceBroken

#: Positions one entry of the linear index stands for, as a power of two.
WINDOW_BITS = 14
#: The bin in which tabix keeps where a contig's lines begin and end.
_META_BIN = 37450
_BLOCK_HEADER = 18
#: Text handed on at once.
TEXT_BYTES = 1 << 18


class TabixIndex:
    """Where in the BGZF file each contig's windows begin, as virtual offsets."""

    def __init__(self, path: Path) -> None:
        data = b"".join(block for _, block in bgzf_blocks(path, 0))
        magic, contigs, *_, names_length = struct.unpack_from("<4s8i", data)
        if magic != b"TBI\1":
            raise ReferenceBroken(f"The index {path.name} is no tabix index.")
        at = 36
        names = data[at : at + names_length].rstrip(b"\0").split(b"\0")
        at += names_length
        #: Contig -> (linear index, virtual offset behind the contig's last line).
        self.contigs: dict[str, tuple[NDArray[np.uint64], int]] = {}
        for name in names[:contigs]:
            at, end = _skip_bins(data, at)
            (windows,) = struct.unpack_from("<i", data, at)
            linear = np.frombuffer(data, "<u8", windows, at + 4)
            at += 4 + 8 * windows
            self.contigs[name.decode()] = (linear, end)

    def offset(self, contig: str, position: int) -> int | None:
        """A virtual offset at or before the first line at or behind this position; None when there is none."""
        linear, end = self.contigs.get(contig, (np.zeros(0, np.uint64), 0))
        window = max(position - 1, 0) >> WINDOW_BITS
        if window >= len(linear):
            return None
        return min(int(linear[window]), end)


def _skip_bins(data: bytes, at: int) -> tuple[int, int]:
    """Pass a contig's bins; answers where its linear index begins, and the end of its lines."""
    (bins,) = struct.unpack_from("<i", data, at)
    at += 4
    end = 0
    for _ in range(bins):
        number, chunks = struct.unpack_from("<Ii", data, at)
        pairs = struct.unpack_from(f"<{2 * chunks}Q", data, at + 8)
        at += 8 + 16 * chunks
        end = max(end, pairs[1] if number == _META_BIN else max(pairs[1::2], default=0))
    return at, end


class TabixText:
    """The lines of a tabix file from a virtual offset on, in pieces of whole lines."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.index = TabixIndex(Path(f"{path}.tbi"))

    def pieces(self, offset: int) -> Iterator[bytes]:
        """Text from ``offset`` to the end of the file."""
        skip = offset & 0xFFFF
        rest, parts, size = b"", [], 0
        for _, block in bgzf_blocks(self._path, offset >> 16):
            parts.append(block[skip:])
            size += len(block) - skip
            skip = 0
            if size < TEXT_BYTES:
                continue
            text = rest + b"".join(parts)
            cut = text.rfind(b"\n") + 1
            rest, parts, size = text[cut:], [], 0
            if cut:
                yield text[:cut]
        if text := rest + b"".join(parts):
            yield text


def bgzf_blocks(path: Path, offset: int) -> Iterator[tuple[int, bytes]]:
    """A BGZF file's blocks from a file offset on: where each begins, and its data."""
    with path.open("rb") as file:
        file.seek(offset)
        while header := file.read(_BLOCK_HEADER):
            # Our references are written by bgzip, whose extra field holds BC alone.
            if len(header) < _BLOCK_HEADER or header[:4] != b"\x1f\x8b\x08\x04" or header[12:14] != b"BC":
                raise ReferenceBroken(f"The file {path.name} is no BGZF.")
            size = struct.unpack_from("<H", header, 16)[0] + 1
            packed = file.read(size - _BLOCK_HEADER)
            data = isal_zlib.decompress(packed[:-8], -15)
            if data:
                yield offset, data
            offset += size
