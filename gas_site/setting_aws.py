"""Turns the settings that name Amazon's services (STORAGE_URL, VAULT_URL and their topics) into what the code takes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

STORAGE_TAKES = "s3://BUCKET/PREFIX, with ?region=REGION and kms=KEY as you like"
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"[A-Za-z0-9!_.*'()-]+(/[A-Za-z0-9!_.*'()-]+)*")


@dataclass(frozen=True)
class Place:
    """A bucket, a prefix in it, and the options behind the question mark."""

    bucket: str
    prefix: str
    options: dict[str, str]


def place(value: str, scheme: str, known: set[str]) -> Place:
    """Read ``SCHEME://BUCKET/PREFIX?…``. Raises ValueError."""
    address, _, query = value.removeprefix(f"{scheme}://").partition("?")
    bucket, _, prefix = address.partition("/")
    prefix = prefix.rstrip("/")
    options = dict(parse_qsl(query, strict_parsing=True)) if query else {}
    if not value.startswith(f"{scheme}://") or not _BUCKET.fullmatch(bucket) or set(options) - known:
        raise ValueError(value)
    if not _PREFIX.fullmatch(prefix) or {".", ".."} & set(prefix.split("/")):
        raise ValueError(value)
    return Place(bucket, prefix, options)


def storage(value: str) -> dict[str, Any]:
    """Return Django's STORAGES entry for a bucket. Raises ValueError."""
    found = place(value, "s3", {"region", "kms"})
    options = {"bucket": found.bucket, "prefix": found.prefix, "region": found.options.get("region")}
    return {"BACKEND": "gas_site.s3_store.S3Store", "OPTIONS": {**options, "kms": found.options.get("kms", "")}}
