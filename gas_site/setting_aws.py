"""Turns the settings that name Amazon's services (STORAGE_URL, VAULT_URL and their topics) into what the code takes."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from gas_site.environment import parse_duration, read

STORAGE_TAKES = "s3://BUCKET/PREFIX, with ?region=REGION and kms=KEY as you like"
VAULT_TAKES = (
    "s3-glacier://BUCKET/PREFIX?class=GLACIER or DEEP_ARCHIVE, with days=N, region=REGION and kms=KEY as you like, "
    "glacier://REGION/VAULT, with ?topic=ARN as you like"
)
# How long retrievals take at most: https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects-retrieval-options.html
RETRIEVAL_TIMES = {
    "GLACIER": {"expedited": "5m", "standard": "5h", "bulk": "12h"},
    "DEEP_ARCHIVE": {"standard": "12h", "bulk": "48h"},
}
# A restored copy that is read right away is not needed for longer; a worker may be away over a weekend.
RESTORED_DAYS = "3"
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_VAULT = re.compile(r"glacier://([a-z]{2}(?:-[a-z]+)+-\d)/([A-Za-z0-9_.-]{1,255})")
_QUEUE = re.compile(r"sqs://([a-z]{2}(?:-[a-z]+)+-\d)/([A-Za-z0-9_-]{1,80})")
TOPIC = re.compile(r"arn:aws[a-z-]*:sns:([a-z0-9-]+):\d{12}:[A-Za-z0-9_-]{1,256}")
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


def bucket_origin(store: dict[str, Any]) -> str:
    """Return the origin that browsers reach a store's bucket at, or "" for a store that is no bucket."""
    options = store["OPTIONS"]
    if "bucket" not in options:
        return ""
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"):
        if endpoint := os.environ.get(name, ""):
            parts = urlsplit(endpoint)
            return f"{parts.scheme}://{parts.netloc}"
    region = options["region"] or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION", "us-east-1")
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html; no certificate fits a name with dots.
    host = f"s3.{region}.amazonaws.com"
    return f"https://{host}" if "." in options["bucket"] else f"https://{options['bucket']}.{host}"


def connect_sources(store: dict[str, Any]) -> list[str]:
    """Return what pages may speak to: this site, and the store's bucket, where files go straight."""
    origin = bucket_origin(store)
    return ["'self'", origin] if origin else ["'self'"]


def s3_vault(value: str) -> dict[str, Any]:
    """Return the vault in one of S3's cold classes. Raises ValueError."""
    tiers = {"expedited", "standard", "bulk"}
    found = place(value, "s3-glacier", {"class", "days", "region", "kms"} | tiers)
    storage_class = found.options.get("class", "GLACIER")
    days = int(found.options.get("days", RESTORED_DAYS))
    if (
        storage_class not in RETRIEVAL_TIMES
        or days < 1
        or set(found.options) & tiers - set(RETRIEVAL_TIMES[storage_class])
    ):
        raise ValueError(value)
    options = {
        "bucket": found.bucket,
        "prefix": found.prefix,
        "storage_class": storage_class,
        "delays": _delays(RETRIEVAL_TIMES[storage_class], found.options),
        "days": days,
        "region": found.options.get("region"),
        "kms": found.options.get("kms", ""),
    }
    return {"BACKEND": "archive.vaults.s3_glacier.S3GlacierVault", "OPTIONS": options}


def glacier_vault(value: str) -> dict[str, Any]:
    """Return the vault of Glacier's own API. Raises ValueError."""
    match = _VAULT.fullmatch(value.partition("?")[0])
    query = value.partition("?")[2]
    options = dict(parse_qsl(query, strict_parsing=True)) if query else {}
    times = RETRIEVAL_TIMES["GLACIER"]
    if not match or set(options) - {"topic", *times}:
        raise ValueError(value)
    topic = options.get("topic", "")
    if topic and not TOPIC.fullmatch(topic):
        raise ValueError(value)
    made = {"region": match[1], "vault": match[2], "delays": _delays(times, options), "topic": topic}
    return {"BACKEND": "archive.vaults.glacier.GlacierVault", "OPTIONS": made}


def _delays(times: dict[str, str], options: dict[str, str]) -> dict[str, timedelta]:
    return {tier: parse_duration(options.get(tier, time)) for tier, time in times.items()}


def retrieval_queue() -> tuple[str, str] | None:
    """Return region and name of the queue that RETRIEVAL_QUEUE names, or None."""

    def convert(value: str) -> tuple[str, str] | None:
        match = _QUEUE.fullmatch(value)
        if value and not match:
            raise ValueError(value)
        return (match[1], match[2]) if match else None

    return read("RETRIEVAL_QUEUE", "", convert, "sqs://REGION/QUEUE")


def retrieval_topics() -> list[str]:
    """Return the topics whose messages count, of RETRIEVAL_TOPICS."""

    def convert(value: str) -> list[str]:
        topics = [word.strip() for word in value.split(",") if word.strip()]
        if not all(TOPIC.fullmatch(topic) for topic in topics):
            raise ValueError(value)
        return topics

    return read("RETRIEVAL_TOPICS", "", convert, "topics, arn:aws:sns:REGION:ACCOUNT:NAME, with commas between")
