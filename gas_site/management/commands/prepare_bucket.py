"""`manage.py prepare_bucket`: lets browsers upload into the bucket of STORAGE_URL, from this site alone."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from gas_site.s3_objects import told_apart
from gas_site.s3_store import S3Store
from gas_site.storage import StoreAway, file_store

# A browser asks before each part whether it may; it remembers the answer for so long.
REMEMBER_SECONDS = 3_600
ABANDONED_AFTER_DAYS = 2


def cors(origin: str) -> dict[str, Any]:
    """Return the bucket's rules for pages of ``origin``: send, and nothing else."""
    rule = {
        "AllowedOrigins": [origin],
        "AllowedMethods": ["POST", "PUT"],
        "AllowedHeaders": ["content-type", "x-amz-checksum-sha256"],
        "MaxAgeSeconds": REMEMBER_SECONDS,
    }
    return {"CORSRules": [rule]}


def lifecycle(prefix: str) -> dict[str, Any]:
    """Return the bucket's rule for uploads that nobody has ended."""
    rule = {
        "ID": "gas-unfinished-uploads",
        "Status": "Enabled",
        "Filter": {"Prefix": prefix},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": ABANDONED_AFTER_DAYS},
    }
    return {"Rules": [rule]}


class Command(BaseCommand):
    """Set the rules. They replace what the bucket had: a bucket is the site's own."""

    help = "Let browsers of this site upload into the bucket of STORAGE_URL, and drop uploads that nobody has ended."

    def handle(self, *args: Any, **options: Any) -> None:
        """Set CORS and lifecycle."""
        store = file_store()
        if not isinstance(store, S3Store):
            raise CommandError("STORAGE_URL names no bucket.")
        parts = urlsplit(settings.SITE_URL)
        origin = f"{parts.scheme}://{parts.netloc}"
        client, bucket = store.objects.client, store.objects.bucket
        rules: Any = cors(origin)
        kept: Any = lifecycle(f"{store.location}/")
        try:
            with told_apart():
                client.put_bucket_cors(Bucket=bucket, CORSConfiguration=rules)
                client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=kept)
        except (StoreAway, FileNotFoundError) as error:
            raise CommandError(f"The bucket cannot be changed: {error.strerror}") from error
        self.stdout.write(f"{bucket}: pages of {origin} may upload; unfinished uploads go after 2 days.")
