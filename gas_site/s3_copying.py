"""Copies made inside S3: no byte passes here, so whoever waits for one beats by the clock."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, TypeVar

from boto3.s3.transfer import TransferConfig

from gas_site.s3_objects import told_apart
from gas_site.storage import Beat, no_beat

if TYPE_CHECKING:
    from gas_site.s3_objects import Objects

Answer = TypeVar("Answer")

# One call copies five gigabytes, but says nothing until it has: this is far from READ_SECONDS of silence, and in parts
# more goes side by side. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
WHOLE_BYTES = 1024**3
IN_PARTS = TransferConfig(multipart_threshold=WHOLE_BYTES, multipart_chunksize=128 * 1024**2)
BEAT_SECONDS = 1.0


def copy(source: Objects, source_key: str, target: Objects, key: str, beat: Beat = no_beat, **extra: Any) -> None:
    """Copy an object, which appears whole. Raises FileNotFoundError, StoreAway."""
    size = source.head(source_key)["ContentLength"]
    if size > WHOLE_BYTES:
        _beating(lambda: _in_parts(source, source_key, target, key, extra), beat)
    else:
        _beating(lambda: _whole(source, source_key, target, key, extra), beat)


def copy_hashed(objects: Objects, source_key: str, key: str, size: int, beat: Beat = no_beat) -> str | None:
    """Copy an object of ``size`` bytes within its bucket; return the SHA-256 (base64) that S3 computed of the copy.

    That is None above WHOLE_BYTES: of what it copies in parts S3 computes none of the whole. Below, "" says that S3
    told none, though it was asked to.
    """
    if size > WHOLE_BYTES:
        _beating(lambda: _in_parts(objects, source_key, objects, key, {}), beat)
        return None
    wanted = {"ChecksumAlgorithm": "SHA256"}
    answer = _beating(lambda: _whole(objects, source_key, objects, key, wanted), beat)
    checksum: str = answer["CopyObjectResult"].get("ChecksumSHA256", "")
    return checksum


def _whole(source: Objects, source_key: str, target: Objects, key: str, extra: dict[str, Any]) -> Any:
    client: Any = target.client
    place = {"Bucket": source.bucket, "Key": source_key}
    return client.copy_object(CopySource=place, Bucket=target.bucket, Key=key, **target.written, **extra)


def _in_parts(source: Objects, source_key: str, target: Objects, key: str, extra: dict[str, Any]) -> None:
    client: Any = target.client
    place, written = {"Bucket": source.bucket, "Key": source_key}, {**target.written, **extra}
    client.copy(place, target.bucket, key, ExtraArgs=written, SourceClient=source.client, Config=IN_PARTS)


def _beating(deed: Callable[[], Answer], beat: Beat) -> Answer:
    with ThreadPoolExecutor(1, thread_name_prefix="s3-copy") as thread:
        copying = thread.submit(deed)
        while wait([copying], timeout=BEAT_SECONDS).not_done:
            beat(0)
        with told_apart():
            return copying.result()
