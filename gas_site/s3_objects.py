"""Objects below one prefix of an S3 bucket: whole ones written, read and removed as streams, in flat memory.

The file store and the vault on S3 are made of this. What S3 says no with is told apart here: an object that is not
there is FileNotFoundError, everything else is StoreAway.
"""

from __future__ import annotations

import errno
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from botocore.exceptions import ClientError

from gas_site import aws
from gas_site.resuming import ResumingReader
from gas_site.s3_writing import Written, write
from gas_site.storage import StoreAway

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

# Keys that one DeleteObjects takes. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
MOST_DELETIONS = 1_000
READ_BUFFER = 1024 * 1024
# A HEAD has no body, so its code is the number: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
ABSENT = frozenset({"NoSuchKey", "404", "NotFound"})


@contextmanager
def told_apart() -> Iterator[None]:
    """Turn what boto3 raises into FileNotFoundError or StoreAway. Neither bears a key: keys end in users' names."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in ABSENT:
            raise FileNotFoundError(errno.ENOENT, "not in the bucket") from error
        raise StoreAway(errno.EIO, f"S3 answered {code}") from error
    except aws.AWS_ERRORS as error:
        raise StoreAway(errno.EIO, f"S3 cannot be reached ({type(error).__name__})") from error


class Objects:
    """A bucket, and the arguments that every object is written with: encrypted, of a storage class."""

    def __init__(self, bucket: str, region: str | None = None, written: Mapping[str, Any] | None = None) -> None:
        self.bucket = bucket
        self.region = region
        self.written: dict[str, Any] = {"ServerSideEncryption": "AES256", **(written or {})}

    @cached_property
    def client(self) -> S3Client:
        """Return the client, made at first use: a fork before that shares no connection."""
        return aws.s3(self.region)

    def write(self, chunks: Iterable[bytes], key: str, *, hashed: bool = False, **extra: Any) -> Written:
        """Write a stream, whole or not at all; ``hashed`` asks for the SHA-256 of the whole."""
        with told_apart():
            return write(self.client, self.bucket, key, chunks, {**self.written, **extra}, hashed=hashed)

    def read(self, key: str) -> BinaryIO:
        """Open an object; a body that is cut off is read on from where it ended. Raises FileNotFoundError."""
        with told_apart():
            first = self.client.get_object(Bucket=self.bucket, Key=key)
        etag = first["ETag"]

        def body_from(offset: int) -> Any:
            span = f"bytes={offset}-"
            with told_apart():
                return self.client.get_object(Bucket=self.bucket, Key=key, Range=span, IfMatch=etag)["Body"]

        raw = ResumingReader(first["Body"], first["ContentLength"], body_from)
        return cast(BinaryIO, io.BufferedReader(raw, READ_BUFFER))

    def head(self, key: str) -> HeadObjectOutputTypeDef:
        """Ask for size, checksum and storage class. Raises FileNotFoundError."""
        try:
            with told_apart():
                return self.client.head_object(Bucket=self.bucket, Key=key, ChecksumMode="ENABLED")
        except FileNotFoundError:
            self._need_bucket()
            raise

    def _need_bucket(self) -> None:
        """Raise StoreAway where the bucket itself is missing: it answers the HEAD of an object in the same way."""
        try:
            with told_apart():
                self.client.head_bucket(Bucket=self.bucket)
        except FileNotFoundError as error:
            raise StoreAway(errno.EIO, "S3 answered that the bucket is not there") from error

    def keys(self, prefix: str) -> Iterator[str]:
        """List the keys that begin with ``prefix``."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        with told_apart():
            for page in pages:
                yield from (item["Key"] for item in page.get("Contents", ()))

    def uploads(self, prefix: str) -> Iterator[tuple[str, str]]:
        """List key and id of the multipart uploads below ``prefix`` that nobody has ended."""
        pages = self.client.get_paginator("list_multipart_uploads").paginate(Bucket=self.bucket, Prefix=prefix)
        with told_apart():
            for page in pages:
                yield from ((item["Key"], item["UploadId"]) for item in page.get("Uploads", ()))

    def remove(self, key: str) -> None:
        """Remove one object; nothing there is no error."""
        with told_apart():
            self.client.delete_object(Bucket=self.bucket, Key=key)

    def abort(self, key: str, upload_id: str) -> None:
        """End a multipart upload and drop its parts; one that is not there is no error."""
        try:
            with told_apart():
                self.client.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=upload_id)
        except StoreAway as error:
            if "NoSuchUpload" not in str(error):
                raise

    def remove_below(self, prefix: str, wanted: Callable[[str], bool] = bool) -> None:
        """Remove what begins with ``prefix`` and is wanted, unfinished uploads included. Raises StoreAway."""
        for key, upload_id in list(self.uploads(prefix)):
            if wanted(key):
                self.abort(key, upload_id)
        for batch in _batches(filter(wanted, self.keys(prefix))):
            with told_apart():
                answer = self.client.delete_objects(
                    Bucket=self.bucket, Delete={"Objects": [{"Key": key} for key in batch], "Quiet": True}
                )
            if errors := answer.get("Errors"):
                raise StoreAway(errno.EIO, f"S3 did not remove {len(errors)} objects ({errors[0].get('Code')})")


def _batches(keys: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(keys, MOST_DELETIONS)):
        yield batch
