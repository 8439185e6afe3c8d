"""The file store: where uploads and results lie.

Django's storage API and the few verbs that move whole files without holding them in memory. ``STORAGE_URL``
chooses the implementation; callers use ``file_store()`` and never ask which one it is.
"""

from __future__ import annotations

import errno
import os
import shutil
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import FileSystemStorage, storages
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from gas_site import local_copy
from gas_site.disk_uploads import DiskUploads
from gas_site.ranges import ranged_response
from gas_site.write_back import WriteBack

if TYPE_CHECKING:
    from gas_site.s3_uploads import S3Uploads

COPY_CHUNK = 1024 * 1024
# How often the removal of a directory is begun that others work in, and the seconds between.
REMOVALS, REMOVAL_PAUSE = 100, 0.01
# What follows the name of a file in that of a copy which is kept aside.
ASIDE = ".aside-"


class StoreAway(OSError):
    """The file store cannot be reached, or refuses: nothing is known of the file. Try later."""


# Called with the number of bytes of each piece that has been moved: keeps a lease alive while a large file moves.
Beat = Callable[[int], None]


def no_beat(size: int) -> None:
    """Do nothing with a piece of ``size`` bytes."""


class FileStore(Protocol):
    """What the product asks of a file store. Keys are relative paths made by us, never by a user.

    Every method may raise StoreAway.
    """

    @property
    def uploads(self) -> S3Uploads | DiskUploads:
        """Take files in parts: past our servers into a bucket, or through them onto a disk."""

    def adopt(self, path: Path, key: str, beat: Beat = no_beat) -> None:
        """Take over the local file ``path`` as ``key``: complete and durable under its name, or not at all."""

    def receive(self, chunks: Iterator[bytes], key: str) -> int:
        """Write a stream as ``key``, atomically, and return its size in bytes."""

    @contextmanager
    def local(self, key: str, beat: Beat = no_beat) -> Iterator[Path]:
        """Give a local path with the content of ``key``, for as long as the block runs. Read only."""

    @contextmanager
    def glimpse(self, key: str) -> Iterator[Path]:
        """Give the same for a bounded look: a large file may have a hole between its first 64 MiB and its end."""

    @contextmanager
    def parts(self, key: str, spans: Sequence[tuple[int, int]]) -> Iterator[Path]:
        """Give the same with no more than these bytes of it (first, last): the rest may be a hole."""

    def duplicate(self, key: str, to: str) -> None:
        """Store the content of ``key`` under a second key."""

    def aside(self, key: str, owner: str) -> str:
        """Return the key under which ``owner`` keeps a copy of ``key`` until it is proved."""

    def put_in_place(self, aside: str, key: str, size: int, sha256: str, beat: Beat = no_beat) -> None:
        """Give a copy that was kept aside its key, durably, whatever lies there. Raises FileNotFoundError.

        ``size`` and ``sha256`` (hex) are what it was read to hold: a store that copies once more compares that.
        """

    def clear_aside(self, keys: Collection[str]) -> None:
        """Remove what is kept aside for these keys, whoever keeps it: for whoever alone may write them now."""

    def read(self, key: str) -> BinaryIO:
        """Open ``key`` for reading. Raises FileNotFoundError."""

    def has(self, key: str) -> bool:
        """Say whether ``key`` is there. Absence is no error, an outage is."""

    def remove(self, key: str) -> None:
        """Remove ``key``; nothing there is no error."""

    def remove_tree(self, prefix: str) -> None:
        """Remove everything below ``prefix``; nothing there is no error."""

    def serve(self, request: HttpRequest, key: str, file_name: str, content_type: str) -> HttpResponseBase:
        """Answer a download of ``key`` under the given file name, Range requests included."""

    def serve_here(self, request: HttpRequest, key: str, file_name: str, content_type: str) -> HttpResponseBase:
        """Answer the same from this site itself, for scripts that read in ranges and may ask no other site."""


def aside_key(key: str, owner: str) -> str:
    """Return a hidden name beside ``key``, which goes with everything of its job."""
    folder, slash, name = key.rpartition("/")
    return f"{folder}{slash}.{name}{ASIDE}{owner}"


def file_store() -> FileStore:
    """Return the store that STORAGE_URL names."""
    return cast(FileStore, storages["default"])


class DiskStore(FileSystemStorage):
    """The store on a local disk (``STORAGE_URL=file:DIRECTORY``)."""

    @property
    def uploads(self) -> DiskUploads:
        """Take files in parts."""
        return DiskUploads(lambda key: Path(self.path(key)), _sync)

    def adopt(self, path: Path, key: str, beat: Beat = no_beat) -> None:
        """Rename into place; across file systems, copy beside the target and rename."""
        target = self._target(key)
        try:
            path.chmod(0o600)
            _sync(path)
            path.rename(target)
        except OSError:
            with path.open("rb") as source:
                self.copy_in(source, key, beat)
            path.unlink()
        else:
            _sync(target.parent)

    def receive(self, chunks: Iterator[bytes], key: str) -> int:
        """Write to a hidden name, sync, rename: a crash leaves no half file under the key."""
        with self._arriving(key) as file:
            growing, size = WriteBack(file.fileno()), 0
            for chunk in chunks:
                size += file.write(chunk)
                growing.reached(size)
        return size

    def copy_in(self, source: BinaryIO, key: str, beat: Beat = no_beat) -> int:
        """Take a copy of an open file of this machine, as ``receive`` takes a stream."""
        with self._arriving(key) as file:
            return local_copy.copy(source, file, beat)

    @contextmanager
    def _arriving(self, key: str) -> Iterator[BinaryIO]:
        """Give a hidden file that is synced and has its name once the block has ended, and is gone where it raises."""
        target = self._target(key)
        partial = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
        try:
            with partial.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            partial.chmod(0o600)
            partial.rename(target)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        _sync(target.parent)

    @contextmanager
    def local(self, key: str, beat: Beat = no_beat) -> Iterator[Path]:
        """Give the stored file itself."""
        yield Path(self.path(key))

    glimpse = local

    @contextmanager
    def parts(self, key: str, spans: Sequence[tuple[int, int]]) -> Iterator[Path]:
        """Give the stored file itself."""
        with self.local(key) as path:
            yield path

    def duplicate(self, key: str, to: str) -> None:
        """Link where the file system can (stored files are never written to), copy elsewhere."""
        target = self._target(to)
        try:
            os.link(self.path(key), target)
        except OSError:
            with self.read(key) as source:
                self.copy_in(source, to)

    def aside(self, key: str, owner: str) -> str:
        """Name a hidden file beside the file."""
        return aside_key(key, owner)

    def put_in_place(self, aside: str, key: str, size: int, sha256: str, beat: Beat = no_beat) -> None:
        """Rename what was synced when it arrived."""
        target = Path(self.path(key))
        Path(self.path(aside)).rename(target)
        _sync(target.parent)

    def clear_aside(self, keys: Collection[str]) -> None:
        """Remove the hidden files, and what was to become one when its writer was killed."""
        for target in (Path(self.path(key)) for key in keys):
            with suppress(FileNotFoundError):  # nothing ever arrived there
                for path in list(target.parent.iterdir()):
                    if path.name.lstrip(".").startswith(target.name + ASIDE):
                        path.unlink(missing_ok=True)

    def read(self, key: str) -> BinaryIO:
        """Open the file."""
        return Path(self.path(key)).open("rb")

    def has(self, key: str) -> bool:
        """Look for the file."""
        return Path(self.path(key)).is_file()

    def remove(self, key: str) -> None:
        """Remove the file."""
        Path(self.path(key)).unlink(missing_ok=True)

    def remove_tree(self, prefix: str) -> None:
        """Remove the directory; beside another who removes it or writes into it, go on until nothing is left.

        Raises OSError where something stays all the same: a file that a network's file system keeps for its readers.
        """
        path = Path(self.path(prefix))
        if path == Path(self.location):
            raise SuspiciousFileOperation("a prefix names something in the store, never all of it")
        for left in reversed(range(REMOVALS)):
            if not path.exists():
                return
            # rmtree stops at the first entry that somebody else removed before it, and at a directory where somebody
            # else has put another file since it looked: a part that was on its way when its upload was dropped.
            try:
                shutil.rmtree(path)
            except OSError as error:
                if error.errno not in {errno.ENOENT, errno.ENOTEMPTY} or not left:
                    raise
                time.sleep(REMOVAL_PAUSE)

    def serve(self, request: HttpRequest, key: str, file_name: str, content_type: str) -> HttpResponseBase:
        """Stream the file, or the range asked for."""
        return ranged_response(request, self.read(key), file_name, content_type)

    serve_here = serve

    def _target(self, key: str) -> Path:
        """Return the path of ``key``, its directory made. Django's ``path`` refuses keys that leave the store."""
        path = Path(self.path(key))
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return path


def _sync(path: Path) -> None:
    """Make a file or a rename survive a power cut (fsync(2): a directory entry is synced apart from its file)."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
