"""The vault on a disk (``VAULT_URL=file:DIRECTORY``).

For a lab that puts it on slow, large disks, and for one machine that is to show the whole way of a result,
retrieval times and refusals included.

    DIRECTORY/archives/7f/7f3a…/<random>.data     the content, as is or as a gzip file
    DIRECTORY/archives/7f/7f3a…/<random>.json     its size and SHA-256; with this the archive is whole
    DIRECTORY/retrievals/7f/7f3a…/<random>.json   when the archive may be read
    DIRECTORY/expedited/                          one mark for each expedited retrieval that is on its way
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from django.utils import timezone

from archive.prices import StorageClass
from archive.vaults.base import (
    ArchiveMissing,
    Beat,
    Content,
    InsufficientCapacity,
    NotRetrieved,
    Readiness,
    Retrieval,
    Standing,
    Stored,
    VaultFault,
    no_beat,
)
from archive.vaults.disk_files import CODECS, FilePieces, copy_file, pieces_of, replace_file, write_file
from archive.vaults.hashing import hashed, hashed_file
from gas_site.local_copy import is_local
from gas_site.storage import DiskStore, FileStore

_ID = re.compile(r"[0-9a-f-]{4,64}/[0-9a-f]{32}")
_LABEL = re.compile(r"[0-9a-f-]{4,64}")


class DiskVault:
    """Archives in a directory. ``delays`` maps a tier to the time a retrieval takes; other tiers are refused."""

    prices: StorageClass | None = None
    reads_back = True

    def __init__(
        self,
        location: str,
        delays: dict[str, timedelta],
        *,
        expedited_capacity: int | None = None,
        compress: str = "none",
    ) -> None:
        self.location = Path(location)
        self.name = f"file:{location}"[:200]
        self.delays = delays
        self.expedited_capacity = expedited_capacity
        self.compress = compress

    def store(self, label: str, pieces: Iterable[bytes]) -> Stored:
        """Write the content, sync it, then its manifest: a crash in between leaves something that is no archive."""
        if not _LABEL.fullmatch(label):
            raise ValueError(label)
        archive_id = f"{label}/{uuid.uuid4().hex}"
        data = self._path("archives", archive_id, ".data")
        try:
            if self.compress == "none" and isinstance(pieces, FilePieces) and is_local(pieces.file):
                content = copy_file(data, pieces)
            else:
                content = write_file(data, pieces, CODECS[self.compress].packed)
            self._write_json(
                self._path("archives", archive_id, ".json"), {**asdict(content), "compress": self.compress}
            )
        except BaseException:
            data.unlink(missing_ok=True)
            raise
        return Stored(archive_id, content)

    def checksum(self, archive_id: str, beat: Beat = no_beat) -> Content:
        """Read the file again from its beginning to its end."""
        manifest, file = self._opened(archive_id)
        if manifest["compress"] == "none":
            return hashed_file(file, beat)
        return hashed(CODECS[manifest["compress"]].unpacked(pieces_of(file)), beat)

    def request(self, archive_id: str, tier: str) -> Retrieval:
        """Note when the archive may be read. A request on its way stays, unless the new one is sooner."""
        if tier not in self.delays:
            raise VaultFault(f"this vault has no tier {tier}; it has {', '.join(self.delays)}")
        self._manifest(archive_id)
        now = timezone.now()
        ready_at = now + self.delays[tier]
        path = self._path("retrievals", archive_id, ".json")
        earlier = self._read_json(path)
        if earlier and datetime.fromisoformat(earlier["ready_at"]) <= ready_at:
            return _retrieval(earlier)
        if tier == "expedited":
            self._take_expedited_place(archive_id, now, ready_at)
        record = {"id": uuid.uuid4().hex, "tier": tier, "ready_at": ready_at.isoformat()}
        self._write_json(path, record)
        return _retrieval(record)

    def standing(self, archive_id: str, retrieval_id: str) -> Standing:
        """Compare the clock with the note."""
        record = self._read_json(self._path("retrievals", archive_id, ".json"))
        if not record:
            return Standing(Readiness.ABSENT)
        ready_at = datetime.fromisoformat(record["ready_at"])
        if ready_at > timezone.now():
            return Standing(Readiness.WAITING, ready_at)
        return Standing(Readiness.READY)

    def read(self, archive_id: str, retrieval_id: str) -> Iterator[bytes]:
        """Yield the content, once the time has come."""
        manifest, file = self._thawed(archive_id, retrieval_id)
        return CODECS[manifest["compress"]].unpacked(pieces_of(file))

    def thaw_into(self, archive_id: str, retrieval_id: str, store: FileStore, key: str, beat: Beat = no_beat) -> bool:
        """Copy what is kept as is into a file store on a disk; anything else is to be read."""
        manifest, file = self._thawed(archive_id, retrieval_id)
        with file:
            if manifest["compress"] != "none" or not isinstance(store, DiskStore):
                return False
            store.copy_in(file, key, beat)
        return True

    def remove(self, archive_id: str) -> None:
        """Remove the manifest first: what is half removed is no archive. The directory goes with its last file."""
        self._path("archives", archive_id, ".json").unlink(missing_ok=True)
        self._path("retrievals", archive_id, ".json").unlink(missing_ok=True)
        data = self._path("archives", archive_id, ".data")
        data.unlink(missing_ok=True)
        # Two purges of one job may be here: the other one's rmdir may fall between glob's look and its listing.
        with contextlib.suppress(FileNotFoundError):
            for partial in data.parent.glob(f".{data.stem}.*"):
                partial.unlink(missing_ok=True)
        for kind in ("archives", "retrievals"):
            with contextlib.suppress(OSError):  # another archive is still in it, or it has gone
                self._path(kind, archive_id, "").parent.rmdir()
        self._expedited_mark(archive_id).unlink(missing_ok=True)

    def labelled(self, label: str) -> list[str]:
        """List the label's own directory; a hidden name is a file that was being written."""
        directory = self.location / "archives" / label[:2] / label
        try:
            names = os.listdir(directory)
        except FileNotFoundError:
            return []
        return sorted({f"{label}/{name.lstrip('.').partition('.')[0]}" for name in names})

    def _thawed(self, archive_id: str, retrieval_id: str) -> tuple[dict[str, Any], BinaryIO]:
        if self.standing(archive_id, retrieval_id).readiness is not Readiness.READY:
            raise NotRetrieved("the archive is not retrieved")
        return self._opened(archive_id)

    def _opened(self, archive_id: str) -> tuple[dict[str, Any], BinaryIO]:
        """Return the manifest and the open file of an archive. Raises ArchiveMissing."""
        manifest = {"compress": "none", **self._manifest(archive_id)}
        try:
            return manifest, self._path("archives", archive_id, ".data").open("rb")
        except FileNotFoundError as error:
            raise ArchiveMissing("the archive's file is not in the vault") from error

    def _manifest(self, archive_id: str) -> dict[str, Any]:
        manifest = self._read_json(self._path("archives", archive_id, ".json"))
        if manifest is None:
            raise ArchiveMissing("the archive is not in the vault")
        return manifest

    def _take_expedited_place(self, archive_id: str, now: datetime, ready_at: datetime) -> None:
        """Take one of the places for expedited retrievals; the directory never holds more marks than places.

        Two that look at once may both take the last place. The limit is a show of Glacier's, not a protection.
        """
        if self.expedited_capacity is None:
            return
        directory = self.location / "expedited"
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        taken = 0
        for mark in list(directory.iterdir()):
            with contextlib.suppress(FileNotFoundError):  # its archive has been removed meanwhile
                if mark.stat().st_mtime <= now.timestamp():
                    mark.unlink()
                else:
                    taken += 1
        if taken >= self.expedited_capacity:
            raise InsufficientCapacity("the vault has no expedited capacity at the moment")
        mark = self._expedited_mark(archive_id)
        mark.touch()
        os.utime(mark, (ready_at.timestamp(), ready_at.timestamp()))

    def _expedited_mark(self, archive_id: str) -> Path:
        return self.location / "expedited" / archive_id.replace("/", ".")

    def _path(self, kind: str, archive_id: str, suffix: str) -> Path:
        if not _ID.fullmatch(archive_id):
            raise ArchiveMissing("no archive of this vault has such an id")
        return self.location / kind / archive_id[:2] / (archive_id + suffix)

    def _write_json(self, path: Path, value: dict[str, Any]) -> None:
        replace_file(path, json.dumps(value).encode())

    def _read_json(self, path: Path) -> dict[str, Any] | None:
        try:
            value: dict[str, Any] = json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise VaultFault("a note of the vault cannot be read") from error
        return value


def _retrieval(record: dict[str, Any]) -> Retrieval:
    return Retrieval(record["id"], record["tier"], datetime.fromisoformat(record["ready_at"]))
