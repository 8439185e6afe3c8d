"""Copies made inside S3: no byte passes here, so whoever waits for one beats by the clock."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from boto3.s3.transfer import TransferConfig

from gas_site.s3_objects import told_apart
from gas_site.storage import Beat, no_beat

if TYPE_CHECKING:
    from gas_site.s3_objects import Objects

# One call copies five gigabytes, but says nothing until it has: this is far from READ_SECONDS of silence, and in parts
# more goes side by side. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
WHOLE_BYTES = 1024**3
IN_PARTS = TransferConfig(multipart_threshold=WHOLE_BYTES, multipart_chunksize=128 * 1024**2)
BEAT_SECONDS = 1.0


def copy(source: Objects, source_key: str, target: Objects, key: str, beat: Beat = no_beat, **extra: Any) -> str:
    """Copy an object; return the SHA-256 (base64) that S3 computed of the copy, "" where it went in parts.

    The copy appears whole. Raises FileNotFoundError, StoreAway.
    """
    size = source.head(source_key)["ContentLength"]
    place = {"Bucket": source.bucket, "Key": source_key}
    written = {**target.written, **extra}

    def deed() -> str:
        client: Any = target.client
        if size > WHOLE_BYTES:
            client.copy(place, target.bucket, key, ExtraArgs=written, SourceClient=source.client, Config=IN_PARTS)
            return ""
        answer = client.copy_object(
            CopySource=place, Bucket=target.bucket, Key=key, ChecksumAlgorithm="SHA256", **written
        )
        checksum: str = answer["CopyObjectResult"].get("ChecksumSHA256", "")
        return checksum

    with ThreadPoolExecutor(1, thread_name_prefix="s3-copy") as thread:
        copying = thread.submit(deed)
        while wait([copying], timeout=BEAT_SECONDS).not_done:
            beat(0)
        with told_apart():
            return copying.result()
