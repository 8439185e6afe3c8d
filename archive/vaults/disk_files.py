"""Files of the disk vault: written once, synced, renamed into place, and read in pieces."""

from __future__ import annotations

import os
import uuid
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from isal import isal_zlib
from isal.igzip_lib import IsalError

from archive.vaults.base import ArchiveDamaged, Beat, Content
from archive.vaults.hashing import SideHash
from gas_site import local_copy
from gas_site.write_back import WriteBack

PIECE = 1024 * 1024
# zlib's name for a window of 32 KB with gzip's header and trailer, so that `gunzip` reads an archive by hand.
GZIP_WINDOW = 16 + zlib.MAX_WBITS

Recode = Callable[[Iterable[bytes]], Iterator[bytes]]


@dataclass(frozen=True)
class Codec:
    """How content becomes a file, and back."""

    packed: Recode
    unpacked: Recode


def _as_is(pieces: Iterable[bytes]) -> Iterator[bytes]:
    yield from pieces


def _gzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    packer = isal_zlib.compressobj(1, isal_zlib.DEFLATED, GZIP_WINDOW)
    for piece in pieces:
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()


def _gunzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    unpacker = isal_zlib.decompressobj(GZIP_WINDOW)
    try:
        for piece in pieces:
            waiting = piece
            while waiting:  # a bound on the output, so that one piece cannot become a memory full of zeros
                yield unpacker.decompress(waiting, PIECE)
                waiting = unpacker.unconsumed_tail
        yield unpacker.flush()
    except (zlib.error, IsalError) as error:  # type: ignore[misc]  # isal's stub calls its class a variable
        raise ArchiveDamaged("the archive is damaged: its compression cannot be undone") from error
    if not unpacker.eof:
        raise ArchiveDamaged("the archive is damaged: its end is missing")


CODECS = {"none": Codec(_as_is, _as_is), "gzip": Codec(_gzipped, _gunzipped)}


def pieces_of(file: BinaryIO) -> Iterator[bytes]:
    """Yield a file in pieces and close it."""
    with file:
        while piece := file.read(PIECE):
            yield piece


@dataclass(frozen=True)
class FilePieces:
    """An open file to store, in pieces, and what it is said to hold: a vault on the same machine may copy it itself.

    Whether the copy holds that is for whoever reads it again to say.
    """

    file: BinaryIO
    said: Content
    beat: Beat

    def __iter__(self) -> Iterator[bytes]:
        """Yield the pieces, beating."""
        for piece in pieces_of(self.file):
            self.beat(len(piece))
            yield piece


def copy_file(path: Path, pieces: FilePieces) -> Content:
    """Copy an open file as ``write_file`` writes pieces; return what it is said to hold, which nobody looks at here."""
    with pieces.file as source, _arriving(path) as target:
        local_copy.copy(source, target, pieces.beat)
    return pieces.said


def write_file(path: Path, pieces: Iterable[bytes], recode: Recode) -> Content:
    """Write recoded pieces under a hidden name, sync, rename; return size and SHA-256 of what went in.

    The directory is left to whoever puts the next file there and syncs it: an archive is two files.
    """
    with SideHash() as side:
        _put(path, recode(side.passing(pieces)))
        return side.content()


def replace_file(path: Path, content: bytes) -> None:
    """Write a small file: the old content or the new one is there, never a part."""
    _put(path, iter([content]))
    _sync_directories(path.parent)


def _put(path: Path, pieces: Iterator[bytes]) -> None:
    with _arriving(path) as file:
        growing, size = WriteBack(file.fileno()), 0
        for piece in pieces:
            view = memoryview(piece)
            while view:  # an unbuffered write may take a part only
                view = view[file.write(view) :]
            size += len(piece)
            growing.reached(size)


@contextmanager
def _arriving(path: Path) -> Iterator[BinaryIO]:
    """Give a hidden file that is synced and has its name once the block has ended, and is gone where it raises."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with partial.open("xb", buffering=0) as file:
            yield cast(BinaryIO, file)
            os.fsync(file.fileno())
        partial.chmod(0o600)
        partial.rename(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _sync_directories(directory: Path) -> None:
    """Sync the file's directory and the one above, where the former may be new (fsync(2))."""
    for path in (directory, directory.parent):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
