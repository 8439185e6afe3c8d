"""Uploads that go from the browser straight to S3: signed beforehand, bound to key, size, checksum and a short life.

Nothing of this is believed afterwards: whoever accepts a file asks S3 what is there, see ``check``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gas_site.s3_objects import told_apart
from gas_site.s3_writing import complete
from gas_site.upload_parts import NotAsAnnounced, Part

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gas_site.s3_objects import Objects

# How long a form or a part's address can be used. A part is short; a long file has many.
LIFE_SECONDS = 900
# What one POST may hold: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
MOST_BYTES_IN_A_FORM = 5 * 1024**3


@dataclass(frozen=True)
class Form:
    """Where a browser posts a file, and the fields that go before it."""

    url: str
    fields: dict[str, str]


class S3Uploads:
    """Signs uploads to the objects of a file store. ``name`` makes an object's key of a store's."""

    def __init__(self, objects: Objects, name: Callable[[str], str]) -> None:
        self._objects = objects
        self._name = name
        self.most_bytes_in_a_form = MOST_BYTES_IN_A_FORM

    def form(self, key: str, size: int, sha256: str) -> Form:
        """Return a form for a file of exactly this size and SHA-256 (base64). Raises StoreAway."""
        fields = {
            **_headers(self._objects.written),
            "x-amz-checksum-algorithm": "SHA256",
            "x-amz-checksum-sha256": sha256,
        }
        with told_apart():
            made = self._objects.client.generate_presigned_post(
                self._objects.bucket,
                self._name(key),
                Fields=dict(fields),
                Conditions=[*({name: value} for name, value in fields.items()), ["content-length-range", size, size]],
                ExpiresIn=LIFE_SECONDS,
            )
        return Form(made["url"], made["fields"])

    def begin(self, key: str, size: int) -> None:
        """Begin an upload in parts, unless there is one; a bucket has room for any size."""
        if self._upload(key) is None:
            with told_apart():
                self._objects.client.create_multipart_upload(
                    Bucket=self._objects.bucket,
                    Key=self._name(key),
                    ChecksumAlgorithm="SHA256",
                    ChecksumType="COMPOSITE",
                    **self._objects.written,
                )

    def parts(self, key: str) -> list[Part]:
        """Return the parts that S3 has already, in their order."""
        upload = self._upload(key)
        if upload is None:
            return []
        pages = self._objects.client.get_paginator("list_parts").paginate(**upload)
        with told_apart():
            return [
                Part(part["PartNumber"], part["Size"], part.get("ChecksumSHA256", ""), part["ETag"])
                for page in pages
                for part in page.get("Parts", ())
            ]

    def part_link(self, key: str, number: int, length: int, sha256: str) -> tuple[str, dict[str, str]]:
        """Return where a browser puts one part of this length and SHA-256 (base64), and the headers it sends.

        Raises NotAsAnnounced when no upload has begun, StoreAway.
        """
        upload = self._upload(key)
        if upload is None:
            raise NotAsAnnounced("no upload has begun, or it has ended")
        wanted = {**upload, "PartNumber": number, "ContentLength": length, "ChecksumSHA256": sha256}
        with told_apart():
            link = self._objects.client.generate_presigned_url("upload_part", Params=wanted, ExpiresIn=LIFE_SECONDS)
        return link, {"x-amz-checksum-sha256": sha256}

    def finish(self, key: str, size: int, checksums: Sequence[str]) -> None:
        """Make one object of the parts, whose SHA-256 (base64) these are. Done already is done.

        Raises NotAsAnnounced, StoreAway.
        """
        upload = self._upload(key)
        if upload is None:
            return
        parts = self.parts(key)
        if [part.sha256 for part in parts] != list(checksums) or sum(part.size for part in parts) != size:
            raise NotAsAnnounced("parts are missing, or are not those of the file")
        named: list[dict[str, Any]] = [
            {"PartNumber": part.number, "ETag": part.etag, "ChecksumSHA256": part.sha256} for part in parts
        ]
        with told_apart():
            complete(self._objects.client, upload, named, size)

    def check(self, key: str, size: int, checksum: str) -> None:
        """See that the object is there, with this size and this SHA-256: of itself, or the ``composite`` of its parts.

        Raises NotAsAnnounced, StoreAway.
        """
        try:
            head = self._objects.head(self._name(key))
        except FileNotFoundError as error:
            raise NotAsAnnounced("the file has not arrived") from error
        if head["ContentLength"] != size:
            raise NotAsAnnounced("the file has another size than announced")
        if head.get("ChecksumSHA256", "").partition("-")[0] != checksum:
            raise NotAsAnnounced("the file has another checksum than announced")

    def _upload(self, key: str) -> dict[str, Any] | None:
        """Return what names the upload of a key that has begun and not ended, the first of several."""
        name = self._name(key)
        begun = sorted(upload_id for each, upload_id in self._objects.uploads(name) if each == name)
        return {"Bucket": self._objects.bucket, "Key": name, "UploadId": begun[0]} if begun else None


def _headers(written: dict[str, Any]) -> dict[str, str]:
    """Return how a form writes what a PUT is given as arguments."""
    names = {
        "ServerSideEncryption": "x-amz-server-side-encryption",
        "SSEKMSKeyId": "x-amz-server-side-encryption-aws-kms-key-id",
    }
    return {names[name]: value for name, value in written.items()}
