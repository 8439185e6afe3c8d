"""Vaults at the stand-in for Amazon, by the tests' own clock.

moto restores at once, knows archives by the MD5 of their content and tells nobody; sandbox/amazon puts waiting times,
uploads in parts, tree hashes and notifications in the place of that. The clock of a test travels with each request.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from pytest_django import Settings

from archive.vaults import vault as configured_vault
from archive.vaults.glacier import GlacierVault
from archive.vaults.s3_glacier import S3GlacierVault
from gas_site import aws
from gas_site.s3_store import S3Store
from gas_site.storage import file_store
from sandbox.amazon.waiting import CLOCK_HEADER, DELAYS
from tests.cloud.buckets import REGION, make_bucket, store_setting

TIMES: dict[str, timedelta] = dict(DELAYS)
BUCKET = "cold"


def s3_glacier(prefix: str, storage_class: str = "GLACIER", **options: Any) -> S3GlacierVault:
    """Return a vault in a bucket that ``make_places`` has made."""
    delays = TIMES if storage_class == "GLACIER" else {tier: TIMES[tier] for tier in ("standard", "bulk")}
    return S3GlacierVault(BUCKET, prefix, storage_class, delays, days=2, region=REGION, **options)


def glacier(name: str, **options: Any) -> GlacierVault:
    """Return a vault of Glacier's API that ``make_places`` has made."""
    return GlacierVault(REGION, name, TIMES, **options)


def move_to_s3(settings: Settings) -> tuple[S3Store, S3GlacierVault]:
    """Let the product keep its files and its archives in two buckets, which are made."""
    make_bucket("gas")
    make_bucket(BUCKET)
    settings.STORAGES = {**settings.STORAGES, "default": store_setting("gas", "site")}
    options = {"bucket": BUCKET, "prefix": "site", "storage_class": "GLACIER", "delays": TIMES, "days": 2}
    settings.VAULT = {"BACKEND": "archive.vaults.s3_glacier.S3GlacierVault", "OPTIONS": {**options, "region": REGION}}
    store, place = file_store(), configured_vault()
    assert isinstance(store, S3Store)
    assert isinstance(place, S3GlacierVault)
    for client in (store.objects.client, place.objects.client):
        tell_time(client)
    return store, place


def make_places(vault: object) -> None:
    """Make the bucket or the vault, and let the tests' clock travel with its requests."""
    if isinstance(vault, S3GlacierVault):
        make_bucket(BUCKET)
        tell_time(vault.objects.client)
    elif isinstance(vault, GlacierVault):
        aws.glacier(REGION).create_vault(accountId="-", vaultName=vault.service.vault)
        tell_time(vault.service.client)


def tell_time(client: Any) -> None:
    def add(request: Any, **_: Any) -> None:
        request.headers[CLOCK_HEADER] = timezone.now().isoformat()

    client.meta.events.register("before-send.*.*", add)
