"""Uploads in parts, to any file store: how a file is cut, and what can be wrong with what has arrived."""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html: an upload has so many parts at most.
MOST_PARTS = 10_000
LEAST_PART_BYTES = 16 * 1024**2


class NotAsAnnounced(Exception):
    """What lies in the store is not what was announced: nothing, another size, or other bytes."""


class PartBusy(Exception):
    """The same part is arriving already, from elsewhere: try again."""


@dataclass(frozen=True)
class Part:
    """A part that has arrived: its number from 1, bytes, and SHA-256 in base64."""

    number: int
    size: int
    sha256: str
    etag: str = ""
    """What S3 calls it; empty on a disk."""


def part_bytes(size: int) -> int:
    """Return how long the parts of a file of ``size`` bytes are, the last excepted."""
    mebibyte = 1024**2
    return max(LEAST_PART_BYTES, math.ceil(size / MOST_PARTS / mebibyte) * mebibyte)


def part_span(size: int, number: int) -> int:
    """Return the length of part ``number``. Raises ValueError where the file has no such part."""
    length = part_bytes(size)
    left = size - (number - 1) * length
    if number < 1 or left <= 0:
        raise ValueError(number)
    return min(length, left)


def sha256_base64(data: bytes) -> str:
    """Return a SHA-256 in base64, as S3 and browsers write it."""
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def composite(checksums: Iterable[str]) -> str:
    """Return the checksum of an object whose parts have these: the hash of the hashes.

    S3 writes the number of parts behind it, with a hyphen between.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
    """
    return sha256_base64(b"".join(base64.b64decode(checksum) for checksum in checksums))
