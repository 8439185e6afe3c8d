"""Uploads in parts into the store on a disk: each part is written once, at its own place in the file to be.

Beside the file lies a mark for each part that has arrived whole: its SHA-256, and the boot of the machine under which
it was written. A mark is emptied before its part is overwritten and written after the part was compared, so whatever is
killed in between leaves a part that is sent again. Data and marks reach the disk in any order: a mark of an earlier
boot is believed only once its part has been read again.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from gas_site import write_back
from gas_site.disk_room import full_disk_told, need_room
from gas_site.upload_parts import NotAsAnnounced, Part, PartBusy, composite, part_bytes, part_span

if TYPE_CHECKING:
    from typing import BinaryIO

PIECE = 256 * 1024
BOOT = Path("/proc/sys/kernel/random/boot_id")


class Body(Protocol):
    """The bytes of a request."""

    def read(self, size: int, /) -> bytes:
        """Return so many bytes, fewer where there are no more."""


class DiskUploads:
    """Takes files in parts. ``path``: from a store's key to its place on the disk; ``sync``: makes a path durable."""

    def __init__(self, path: Callable[[str], Path], sync: Callable[[Path], None]) -> None:
        self._path = path
        self._sync = sync

    def begin(self, key: str, size: int) -> None:
        """Make the place of a file of ``size`` bytes. Raises NoRoom where the disk cannot take it."""
        marks = self._marks(key)
        with full_disk_told():
            marks.mkdir(parents=True, exist_ok=True, mode=0o700)
            need_room(marks, size)
            with self._partial(key).open("ab") as file:
                os.fchmod(file.fileno(), 0o600)
                file.truncate(size)  # a hole, until its parts arrive

    def parts(self, key: str) -> list[Part]:
        """Return the parts that have arrived, in their order."""
        try:
            numbers = sorted(int(path.name) for path in self._marks(key).iterdir())
            file = self._partial(key).open("rb")
        except FileNotFoundError:  # none has begun, or it ends at this moment
            return []
        with file:
            size = os.fstat(file.fileno()).st_size
            found = ((number, self._arrived(key, file, size, number)) for number in numbers)
            return [Part(number, part_span(size, number), sha256) for number, sha256 in found if sha256]

    def receive(self, key: str, number: int, sha256: str, body: Body) -> None:
        """Take one part, whose SHA-256 (base64) is announced.

        Raises ValueError for a part that the file has not, NotAsAnnounced when no upload has begun or other bytes came,
        PartBusy, NoRoom; then the part counts as not there.
        """
        with self._held(key, fcntl.LOCK_SH) as file, full_disk_told():
            size = os.fstat(file.fileno()).st_size
            length, start = part_span(size, number), (number - 1) * part_bytes(size)
            try:
                need_room(self._marks(key), length)
            except FileNotFoundError as error:  # it was dropped a moment ago
                raise NotAsAnnounced("the upload has ended") from error
            with self._mark(key, number) as mark:
                if _write(file, start, length, body) != sha256:
                    raise NotAsAnnounced("the part has another checksum than announced")
                write_back.let_pass(file.fileno(), start, length)
                os.pwrite(mark, f"{sha256} {_boot()}\n".encode(), 0)

    def finish(self, key: str, size: int, checksums: Sequence[str]) -> None:
        """Make the file of the parts, whose SHA-256 (base64) these are: no byte is moved. Done already is done.

        Raises NotAsAnnounced, PartBusy while a part is arriving, NoRoom, and OSError where the disk lost what it was
        given: then no part counts any more.
        """
        target, partial = self._path(key), self._partial(key)
        if not partial.exists():
            return
        with self._held(key, fcntl.LOCK_EX), full_disk_told():
            parts = self.parts(key)
            if [part.sha256 for part in parts] != list(checksums) or sum(part.size for part in parts) != size:
                raise NotAsAnnounced("parts are missing, or are not those of the file")
            self._checksum(key).write_text(f"{size} {composite(checksums)}")
            self._sync(self._checksum(key))
            self._sync_parts(key)
            partial.rename(target)
            self._sync(target.parent)
        shutil.rmtree(self._marks(key), ignore_errors=True)

    def check(self, key: str, size: int, checksum: str) -> None:
        """See that the file is there, with this size and this ``composite`` of its parts. Raises NotAsAnnounced."""
        try:
            told, there = self._checksum(key).read_text(), self._path(key).stat().st_size
        except FileNotFoundError as error:
            raise NotAsAnnounced("the file has not arrived") from error
        if told != f"{size} {checksum}" or there != size:
            raise NotAsAnnounced("the file has another size or checksum than announced")

    @contextmanager
    def _held(self, key: str, lock: int) -> Iterator[BinaryIO]:
        """Hold the file that is arriving: shared for a part, alone for its end. Raises PartBusy, NotAsAnnounced.

        Without it a part that comes late, from a second tab, would be written into a file that was accepted.
        """
        ended = NotAsAnnounced("no upload has begun, or it has ended")
        try:
            file = self._partial(key).open("r+b", buffering=0)
        except FileNotFoundError as error:
            raise ended from error
        with file:
            try:
                fcntl.flock(file, lock | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise PartBusy(key) from error
            if not self._partial(key).exists():  # it ended between the opening and the lock
                raise ended
            yield file

    def _sync_parts(self, key: str) -> None:
        """Make the parts durable; where that fails, empty every mark, so that they are sent again.

        The kernel tells of a lost page once: the next sync would succeed over it (fsync(2)).
        """
        try:
            self._sync(self._partial(key))
        except OSError:
            for mark in self._marks(key).iterdir():
                os.truncate(mark, 0)
            raise

    def _partial(self, key: str) -> Path:
        target = self._path(key)
        return target.with_name(f".{target.name}.arriving")

    def _marks(self, key: str) -> Path:
        target = self._path(key)
        return target.with_name(f".{target.name}.parts")

    def _checksum(self, key: str) -> Path:
        target = self._path(key)
        return target.with_name(f".{target.name}.sha256")

    @contextmanager
    def _mark(self, key: str, number: int) -> Iterator[int]:
        """Hold the mark of a part, emptied, for as long as the part is written. Raises PartBusy, NotAsAnnounced."""
        try:
            mark = os.open(self._marks(key) / str(number), os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError as error:
            raise NotAsAnnounced("the upload has ended") from error
        try:
            try:
                fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise PartBusy(number) from error
            os.ftruncate(mark, 0)
            yield mark
        finally:
            os.close(mark)

    def _arrived(self, key: str, file: BinaryIO, size: int, number: int) -> str:
        """Return the SHA-256 of a part that is there, else nothing."""
        mark = self._marks(key) / str(number)
        try:
            told = mark.read_text()
            sha256, _, boot = told.strip().partition(" ")
            length = part_span(size, number)
        except (FileNotFoundError, ValueError):
            return ""
        if boot and boot == _boot():
            return sha256
        file.seek((number - 1) * part_bytes(size))
        if _base64(hashlib.sha256(file.read(length))) != sha256:
            return ""
        _note_boot(mark, told, sha256)
        return sha256


def _note_boot(mark: Path, told: str, sha256: str) -> None:
    """Write into a mark that its part was read again under this boot, or every look at the upload would read it.

    Unless the part is arriving anew just now, or has since ``told`` was read: then the mark speaks of other bytes.
    """
    with suppress(FileNotFoundError, BlockingIOError), mark.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if file.read() == told:
            noted = f"{sha256} {_boot()}\n".encode()
            os.ftruncate(file.fileno(), os.pwrite(file.fileno(), noted, 0))


def _write(file: BinaryIO, start: int, length: int, body: Body) -> str:
    """Write a body of exactly ``length`` bytes at ``start``; return its SHA-256. Raises NotAsAnnounced."""
    digest, arrived = hashlib.sha256(), 0
    while piece := body.read(PIECE):
        if arrived + len(piece) > length:
            raise NotAsAnnounced("the part is longer than announced")
        digest.update(piece)
        rest, at = memoryview(piece), start + arrived
        while rest:
            written = os.pwrite(file.fileno(), rest, at)
            rest, at = rest[written:], at + written
        arrived += len(piece)
    if arrived != length:
        raise NotAsAnnounced("the part ended too early")
    return _base64(digest)


def _base64(digest: hashlib._Hash) -> str:
    return base64.b64encode(digest.digest()).decode()


def _boot() -> str:
    """Return what names this boot of the machine; empty where nothing does, and then no mark is believed unread."""
    try:
        return BOOT.read_text().strip()
    except OSError:
        return ""
