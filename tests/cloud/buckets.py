"""Makes buckets at moto, and says how settings name what lies in them."""

from __future__ import annotations

from typing import Any, Final

from gas_site import aws

REGION: Final = "eu-west-1"


def make_bucket(name: str) -> None:
    aws.s3(REGION).create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})


def store_setting(bucket: str, prefix: str) -> dict[str, Any]:
    """Return Django's STORAGES entry of a store in S3."""
    return {"BACKEND": "gas_site.s3_store.S3Store", "OPTIONS": {"bucket": bucket, "prefix": prefix, "region": REGION}}


def contents(bucket: str) -> dict[str, dict[str, Any]]:
    """Return key and head of every object in a bucket."""
    client = aws.s3(REGION)
    keys = [item["Key"] for item in client.list_objects_v2(Bucket=bucket).get("Contents", [])]
    return {key: dict(client.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")) for key in keys}
