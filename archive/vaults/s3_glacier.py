"""The vault in S3's cold storage classes (``VAULT_URL=s3-glacier://BUCKET/PREFIX?class=GLACIER``).

    PREFIX/archives/7f3a…/<random>.data   the content, in the cold class
    PREFIX/archives/7f3a…/<random>.json   its size, its SHA-256 and S3's checksum of it; with this the archive is whole

What lies in GLACIER or DEEP_ARCHIVE cannot be read before RestoreObject has brought a copy of it back, for ``days``.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects.html
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from django.utils import timezone

from archive.prices import DEEP_ARCHIVE, GLACIER, StorageClass
from archive.vaults.base import (
    ArchiveDamaged,
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
from archive.vaults.disk_files import pieces_of
from gas_site.s3_copying import copy
from gas_site.s3_objects import Objects, told_apart
from gas_site.s3_store import S3Store
from gas_site.storage import FileStore, StoreAway

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

_ID = re.compile(r"[0-9a-f-]{4,64}/[0-9a-f]{32}")
_LABEL = re.compile(r"[0-9a-f-]{4,64}")
_ONGOING = re.compile(r'ongoing-request="(true|false)"')
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreObject.html, "Special errors" and the tiers of each class.
NO_ROOM = frozenset({"GlacierExpeditedRetrievalNotAvailable"})


class S3GlacierVault:
    """Archives as objects of a cold class. ``delays`` maps each tier of that class to how long it takes at most."""

    reads_back = False

    def __init__(
        self,
        bucket: str,
        prefix: str,
        storage_class: str,
        delays: dict[str, timedelta],
        *,
        days: int,
        region: str | None = None,
        kms: str = "",
    ) -> None:
        self.name = f"s3-glacier://{bucket}/{prefix}"
        self.prefix = prefix
        self.delays = delays
        self.days = days
        self.storage_class = storage_class
        self.prices: StorageClass | None = {"GLACIER": GLACIER, "DEEP_ARCHIVE": DEEP_ARCHIVE}[storage_class]
        encrypted = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms} if kms else {}
        self.objects = Objects(bucket, region, encrypted)

    def store(self, label: str, pieces: Iterable[bytes]) -> Stored:
        """Write the content into the cold class, then its manifest."""
        if not _LABEL.fullmatch(label):
            raise ValueError(label)
        archive_id = f"{label}/{uuid.uuid4().hex}"
        data = self._key(archive_id, ".data")
        written = self.objects.write(pieces, data, hashed=True, StorageClass=self.storage_class)
        content = Content(written.size, written.sha256)
        try:
            manifest = {"size": content.size, "sha256": content.sha256, "s3_sha256": written.checksum}
            self.objects.write([json.dumps(manifest).encode()], self._key(archive_id, ".json"))
        except BaseException:
            self.objects.remove(data)
            raise
        return Stored(archive_id, content)

    def checksum(self, archive_id: str, beat: Beat = no_beat) -> Content:
        """Return what was stored, where S3 still vouches for it.

        S3 compared the SHA-256 of every part with the bytes it took, and its checksum of the object is the one of what
        was sent. Reading a cold object would take a retrieval.
        """
        manifest = self._manifest(archive_id)
        head = self._head(archive_id)
        there = (head["ContentLength"], _of_the_parts(head.get("ChecksumSHA256", "")))
        if there != (manifest["size"], _of_the_parts(manifest["s3_sha256"])):
            raise ArchiveDamaged("the archive in the bucket is not the one that was stored")
        beat(manifest["size"])
        return Content(manifest["size"], manifest["sha256"])

    def request(self, archive_id: str, tier: str) -> Retrieval:
        """Ask S3 to restore a copy. One on its way stays, or becomes faster; one that is there stays longer."""
        if tier not in self.delays:
            raise InsufficientCapacity(f"{self.storage_class} has no tier {tier}; it has {', '.join(self.delays)}")
        try:
            with told_apart():
                there = self._restore(archive_id, tier)
        except FileNotFoundError as error:
            raise ArchiveMissing("the archive is not in the bucket") from error
        expected_at = timezone.now() + (timedelta(0) if there else self.delays[tier])
        return Retrieval(f"{tier} {expected_at.isoformat()}", tier, expected_at)

    def standing(self, archive_id: str, retrieval_id: str) -> Standing:
        """Read the object's head, which says how its restore stands."""
        try:
            found = _ONGOING.search(self._head(archive_id).get("Restore", ""))
        except ArchiveMissing:
            found = None
        if not found:
            return Standing(Readiness.ABSENT)
        if found[1] == "true":
            return Standing(Readiness.WAITING, _expected(retrieval_id))
        return Standing(Readiness.READY)

    def read(self, archive_id: str, retrieval_id: str) -> Iterator[bytes]:
        """Yield the restored copy."""
        try:
            return pieces_of(self.objects.read(self._key(archive_id, ".data")))
        except FileNotFoundError as error:
            raise ArchiveMissing("the archive is not in the bucket") from error
        except StoreAway as error:
            if "InvalidObjectState" in str(error):
                raise NotRetrieved("the archive is not retrieved") from error
            raise

    def thaw_into(self, archive_id: str, retrieval_id: str, store: FileStore, key: str, beat: Beat = no_beat) -> bool:
        """Let S3 copy the restored object into a file store that is in S3 as well: no byte passes here."""
        if not isinstance(store, S3Store):
            return False
        data = self._key(archive_id, ".data")
        try:
            copy(self.objects, data, store.objects, store.object_key(key), beat, StorageClass="STANDARD")
        except FileNotFoundError as error:
            raise ArchiveMissing("the archive is not in the bucket") from error
        except StoreAway as error:
            if "InvalidObjectState" in str(error) or "ObjectNotInActiveTier" in str(error):
                raise NotRetrieved("the archive is not retrieved") from error
            raise
        return True

    def remove(self, archive_id: str) -> None:
        """Remove the manifest first: what is half removed is no archive."""
        if not _ID.fullmatch(archive_id):
            return
        data = self._key(archive_id, ".data")
        self.objects.remove(self._key(archive_id, ".json"))
        for key, upload_id in list(self.objects.uploads(data)):
            self.objects.abort(key, upload_id)
        self.objects.remove(data)

    def labelled(self, label: str) -> list[str]:
        """List the label's keys and the uploads below it that nobody has ended."""
        prefix = f"{self.prefix}/archives/{label}/"
        keys = [*self.objects.keys(prefix), *(key for key, _ in self.objects.uploads(prefix))]
        return sorted({f"{label}/{key.removeprefix(prefix).partition('.')[0]}" for key in keys})

    def archive_of(self, bucket: str, key: str) -> str | None:
        """Return the id of the archive that an event of S3 is about, or None when it is about something else."""
        start, end = f"{self.prefix}/archives/", ".data"
        archive_id = key.removeprefix(start).removesuffix(end)
        ours = bucket == self.objects.bucket and key == f"{start}{archive_id}{end}" and _ID.fullmatch(archive_id)
        return archive_id if ours else None

    def _restore(self, archive_id: str, tier: str) -> bool:
        """Ask for a restore; return whether a restored copy is there already, which now stays for longer."""
        wanted: Any = {"Days": self.days, "GlacierJobParameters": {"Tier": tier.capitalize()}}
        key = self._key(archive_id, ".data")
        try:
            answer = self.objects.client.restore_object(Bucket=self.objects.bucket, Key=key, RestoreRequest=wanted)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in NO_ROOM:
                raise InsufficientCapacity(f"S3 has no {tier} capacity at the moment") from error
            if code == "InvalidObjectState":
                raise VaultFault("the object is not in a cold class; S3 has nothing to restore") from error
            if code != "RestoreAlreadyInProgress":
                raise
            return False
        return answer["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.OK  # 202 where it has yet to come

    def _manifest(self, archive_id: str) -> dict[str, Any]:
        try:
            with self.objects.read(self._key(archive_id, ".json")) as file:
                manifest: dict[str, Any] = json.load(file)
        except FileNotFoundError as error:
            raise ArchiveMissing("the archive is not in the bucket") from error
        except ValueError as error:
            raise ArchiveDamaged("the manifest of the archive cannot be read") from error
        return manifest

    def _head(self, archive_id: str) -> HeadObjectOutputTypeDef:
        try:
            return self.objects.head(self._key(archive_id, ".data"))
        except FileNotFoundError as error:
            raise ArchiveMissing("the archive is not in the bucket") from error

    def _key(self, archive_id: str, suffix: str) -> str:
        if not _ID.fullmatch(archive_id):
            raise ArchiveMissing("no archive of this vault has such an id")
        return f"{self.prefix}/archives/{archive_id}{suffix}"


def _of_the_parts(checksum: str) -> str:
    """Return a checksum without the number of parts that S3 writes behind it."""
    return checksum.partition("-")[0]


def _expected(retrieval_id: str) -> datetime | None:
    """Return when the request that made this id said that the copy is there."""
    _, _, moment = retrieval_id.partition(" ")
    try:
        return datetime.fromisoformat(moment)
    except ValueError:
        return None
