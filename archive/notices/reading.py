"""Finds the archives of ours that a notice is about: of S3 or Glacier, as it is or inside an envelope of SNS.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
https://docs.aws.amazon.com/amazonglacier/latest/dev/api-initiate-job-post.html (SNSTopic)
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_plus

from archive.vaults import vault
from archive.vaults.glacier import GlacierVault
from archive.vaults.s3_glacier import S3GlacierVault

RESTORED = "ObjectRestore:Completed"


def archives_in(text: str, topics: list[str]) -> list[str]:
    """Return the ids of our archives that the text of a queue's message names; [] for what is not about one.

    An envelope counts only where it bears one of ``topics``.
    """
    notice = _json(text)
    if isinstance(notice, dict) and notice.get("Type") == "Notification":
        if notice.get("TopicArn") not in topics:
            return []
        notice = _json(notice.get("Message"))
    return archives_of(notice)


def archives_of(notice: Any) -> list[str]:
    """Return the ids of our archives that a notice, out of its envelope, says are retrieved."""
    place = vault()
    found: Iterator[str | None] = iter(())
    if isinstance(place, S3GlacierVault):
        found = (place.archive_of(bucket, key) for bucket, key in _restored_objects(notice))
    elif isinstance(place, GlacierVault):
        found = (place.archive_of(arn, archive_id) for arn, archive_id in _ended_jobs(notice))
    return [archive_id for archive_id in found if archive_id]


def _restored_objects(notice: Any) -> Iterator[tuple[str, str]]:
    records = notice.get("Records") if isinstance(notice, dict) else None
    for record in records if isinstance(records, list) else ():
        try:
            name, bucket = record["eventName"], record["s3"]["bucket"]["name"]
            key = unquote_plus(record["s3"]["object"]["key"])
        except (KeyError, TypeError, AttributeError):
            continue
        if isinstance(name, str) and name.removeprefix("s3:") == RESTORED:
            yield bucket, key


def _ended_jobs(notice: Any) -> Iterator[tuple[str, str]]:
    if (
        not isinstance(notice, dict)
        or notice.get("Action") != "ArchiveRetrieval"
        or notice.get("Completed") is not True
    ):
        return
    arn, archive_id = notice.get("VaultARN"), notice.get("ArchiveId")
    if isinstance(arn, str) and isinstance(archive_id, str):
        yield arn, archive_id


def _json(text: Any) -> Any:
    """Return what JSON says, or None where it is none."""
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return None
