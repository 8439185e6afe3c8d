"""Writes a stream of unknown length as one S3 object: in one PUT while it is short, in parts once it is long.

Each part goes with its SHA-256, which S3 compares before it takes the part. The object appears with its last part,
whole; where the stream breaks, nothing appears. At most PARTS_IN_FLIGHT + 1 parts are in memory.
"""

from __future__ import annotations

import base64
import hashlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from gas_site import aws
from gas_site.upload_parts import composite, sha256_base64

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# An upload has 10,000 parts at most, each of 5 MiB or more but the last: 160 GB in parts of this size.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
PART_BYTES = 16 * 1024 * 1024
PARTS_IN_FLIGHT = 2


@dataclass(frozen=True)
class Written:
    """What was sent: its bytes, and the SHA-256 (base64) that S3 has for it, which for parts is their ``composite``.

    ``sha256`` (hex) is that of the whole, where it was asked for or is the same.
    """

    size: int
    checksum: str
    sha256: str


def write(
    client: S3Client, bucket: str, key: str, chunks: Iterable[bytes], extra: Mapping[str, Any], *, hashed: bool = False
) -> Written:
    """Write ``chunks`` under ``key`` with the PUT arguments ``extra``; ``hashed`` asks for the SHA-256 of the whole.

    Raises what boto3 raises, and whatever the stream does. The stream is read in the caller's thread.
    """
    parts = parts_of(chunks, PART_BYTES)
    first, more = next(parts)
    place: dict[str, Any] = {"Bucket": bucket, "Key": key}
    if not more:
        checksum = sha256_base64(first)
        client.put_object(**place, Body=first, ChecksumAlgorithm="SHA256", ChecksumSHA256=checksum, **extra)
        return Written(len(first), checksum, base64.b64decode(checksum).hex())
    checked: dict[str, Any] = {"ChecksumAlgorithm": "SHA256", "ChecksumType": "COMPOSITE"}
    upload_id = client.create_multipart_upload(**place, **checked, **extra)["UploadId"]
    upload: dict[str, Any] = {**place, "UploadId": upload_id}
    try:
        whole = hashlib.sha256() if hashed else None
        size, done = _send_parts(client, upload, chain([first], (part for part, _ in parts)), whole)
        complete(client, upload, done, size)
    except BaseException:
        with suppress(*aws.AWS_ERRORS):  # a lifecycle rule removes what is left, see docs/aws.md
            client.abort_multipart_upload(**upload)
        raise
    return Written(size, composite(part["ChecksumSHA256"] for part in done), whole.hexdigest() if whole else "")


def parts_of(chunks: Iterable[bytes], size: int) -> Iterator[tuple[bytes, bool]]:
    """Cut a stream into parts of ``size`` bytes, the last one perhaps shorter; say of each whether more follows.

    Only an empty stream has an empty part, its only one.
    """
    held: list[bytes] = []
    missing = size
    for chunk in chunks:
        rest = chunk
        while rest:
            if not missing:
                yield b"".join(held), True
                held, missing = [], size
            held.append(rest[:missing])
            rest, missing = rest[missing:], missing - len(held[-1])
    yield b"".join(held), False


def complete(client: S3Client, upload: dict[str, Any], parts: list[dict[str, Any]], size: int) -> None:
    """End an upload. Where its answer was lost, the second try finds no upload, and the object that it made."""
    try:
        client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})  # type: ignore[typeddict-item]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchUpload":
            raise
        there = client.head_object(Bucket=upload["Bucket"], Key=upload["Key"], ChecksumMode="ENABLED")
        wanted = composite(part["ChecksumSHA256"] for part in parts)
        if there["ContentLength"] != size or there.get("ChecksumSHA256", "").partition("-")[0] != wanted:
            raise


def _send_parts(
    client: S3Client, upload: dict[str, Any], parts: Iterable[bytes], whole: Any
) -> tuple[int, list[dict[str, Any]]]:
    """Send the parts, some at once; return the size of all, and what the end of the upload wants to be told.

    ``whole`` is updated with each part while that is on its way.
    """
    size, done = 0, []
    waiting: deque[Future[dict[str, Any]]] = deque()
    with ThreadPoolExecutor(PARTS_IN_FLIGHT, thread_name_prefix="s3-part") as threads:
        for number, part in enumerate(parts, start=1):
            size += len(part)
            waiting.append(threads.submit(_send, client, upload, number, part))
            if whole:
                whole.update(part)
            if len(waiting) == PARTS_IN_FLIGHT:
                done.append(waiting.popleft().result())
        done += [future.result() for future in waiting]
    return size, done


def _send(client: S3Client, upload: dict[str, Any], number: int, part: bytes) -> dict[str, Any]:
    checksum = sha256_base64(part)
    answer = client.upload_part(
        **upload, PartNumber=number, Body=part, ChecksumAlgorithm="SHA256", ChecksumSHA256=checksum
    )
    return {"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": checksum}
