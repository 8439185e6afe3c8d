"""The bytes of an upload, decompressed as a stream: plain, gzip or BGZF, told by content.

Everything that can be wrong with the packing is refused here: a truncated or damaged file, something behind its
end, a missing BGZF end block, gzip in gzip, and bombs (by ratio and by size).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from isal import isal_zlib

from annotations.engine.errors import InputRefused
from annotations.engine.limits import GIB, Limits
from annotations.engine.reading.sniff import HEAD_BYTES

#: The empty block that ends every BGZF file (SAM specification, section 4.1.2).
BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
#: isal's stubs give its exception class the type of an instance.
_DEFLATE_ERROR = cast("type[Exception]", isal_zlib.error)
_GZIP_MAGIC = b"\x1f\x8b"
_READ_BYTES = 128 * 1024
_BLOCK_BYTES = 512 * 1024
_VERIFY_BYTES = GIB
_AGAIN = "Check your copy of it, or compress the VCF again with bgzip, and send it again."


class Expander:
    """One file, read once. ``compression`` is "plain", "gzip" or "bgzf"; iterate to get decompressed blocks."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._limits = limits
        self._file = path.open("rb")
        try:
            self.size = os.fstat(self._file.fileno()).st_size
            self.raw_bytes = 0
            self.expanded_bytes = 0
            first = self._read()
            self.compression = _compression_of(first)
            if self.compression == "bgzf":
                self._check_bgzf_end()
            self._blocks = self._plain(first) if self.compression == "plain" else self._gzip(first)
            self.head = b""
            self._fill_head()
        except BaseException:
            self._file.close()
            raise

    @property
    def fraction(self) -> float:
        """How much of the file has been read, 0 to 1, in compressed bytes."""
        return self.raw_bytes / self.size if self.size else 1.0

    def __iter__(self) -> Iterator[bytes]:
        """The decompressed blocks, from the start; raises InputRefused where the packing is broken."""
        if self.head:
            yield self.head
        yield from self._blocks

    def verify_rest(self) -> None:
        """Decompress what is left and throw it away; raises InputRefused when the packing is broken.

        Ends behind a GiB of text, or ``verify_packed_bytes`` of the file.

        For the moment a record looks garbled: a damaged file should be called damaged.
        """
        seen = 0
        for block in self._blocks:
            seen += len(block)
            if seen > _VERIFY_BYTES or self.raw_bytes > self._limits.verify_packed_bytes:
                return

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _fill_head(self) -> None:
        """Enough decompressed bytes to recognise the content by."""
        blocks = []
        length = 0
        for block in self._blocks:
            blocks.append(block)
            length += len(block)
            if length >= HEAD_BYTES:
                break
        self.head = b"".join(blocks)
        if self.compression != "plain" and self.head.startswith(_GZIP_MAGIC):
            raise InputRefused("The file was compressed twice (gzip in gzip)", "Decompress it once and send it again.")

    def _read(self) -> bytes:
        data = self._file.read(_READ_BYTES)
        self.raw_bytes += len(data)
        return data

    def _plain(self, first: bytes) -> Iterator[bytes]:
        data = first
        while data:
            self._count(len(data))
            yield data
            data = self._read()

    def _gzip(self, data: bytes) -> Iterator[bytes]:
        """Member after member; every member's checksum and length are verified by the decompressor."""
        member = isal_zlib.decompressobj(wbits=31)
        while True:
            try:
                out = member.decompress(data, _BLOCK_BYTES)
            except _DEFLATE_ERROR as error:
                raise _damaged() from error
            if out:
                self._count(len(out))
                yield out
            if member.eof:
                data = self._next_member(member.unused_data)
                if not data:
                    return
                member = isal_zlib.decompressobj(wbits=31)
                continue
            data = member.unconsumed_tail
            if not data and len(out) < _BLOCK_BYTES:
                data = self._read()
                if not data:
                    raise InputRefused("The compressed file ends too early: it is truncated", _AGAIN)

    def _next_member(self, rest: bytes) -> bytes:
        """What follows a finished member: another member, nothing (the end), or something foreign."""
        while len(rest) < len(_GZIP_MAGIC):
            more = self._read()
            if not more:
                break
            rest += more
        if rest and not rest.startswith(_GZIP_MAGIC):
            raise InputRefused("Something that is not gzip follows the end of the compressed data", _AGAIN)
        return rest

    def _count(self, length: int) -> None:
        self.expanded_bytes += length
        limits = self._limits
        if self.expanded_bytes > limits.max_expanded_bytes:
            raise InputRefused(
                f"The file holds more than {limits.max_expanded_bytes:,} bytes of text", "Send it in parts."
            )
        packed = self.compression != "plain" and self.expanded_bytes > limits.ratio_grace_bytes
        if packed and self.expanded_bytes > limits.max_ratio * self.raw_bytes:
            raise InputRefused(
                f"The file expands to more than {limits.max_ratio} times its size, which real variants do not",
                "Send the VCF uncompressed, or in parts.",
            )

    def _check_bgzf_end(self) -> None:
        """The last bytes have to be the end block; without it nobody can tell a whole file from a cut one."""
        tail = os.pread(self._file.fileno(), HEAD_BYTES, max(self.size - HEAD_BYTES, 0))
        if tail.endswith(BGZF_END):
            return
        if BGZF_END in tail:
            raise InputRefused("Something follows the end block of the BGZF file", _AGAIN)
        raise InputRefused("The BGZF end block is missing: the file is truncated", _AGAIN)


def _compression_of(first: bytes) -> str:
    if not first.startswith(_GZIP_MAGIC):
        return "plain"
    blocked = len(first) >= 18 and first[3] & 4 and first[12:16] == b"BC\x02\x00"
    return "bgzf" if blocked else "gzip"


def _damaged() -> InputRefused:
    return InputRefused("The compressed data is damaged: a checksum does not match", _AGAIN)
