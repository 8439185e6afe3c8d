"""What the tests of direct uploads do in the place of a browser, with a bucket of the stand-in for Amazon.

It compares signature, life, key, size and checksum, as S3 does and moto does not.
"""

from __future__ import annotations

import base64
import hashlib
import os
import urllib.error
import urllib.request
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import Plan, User
from gas_site import upload_parts
from tests.cloud.buckets import make_bucket, store_setting
from tests.site.factories import SMALL_VCF, signed_in

MIB = 1024 * 1024
ANNOUNCE = "/annotate/upload/"


@pytest.fixture(autouse=True)
def bucket(amazon: str, settings: Settings, files: Any) -> None:
    make_bucket("gas")
    settings.STORAGES = {**settings.STORAGES, "default": store_setting("gas", "site/files")}


@pytest.fixture
def premium(alice: User) -> Client:
    alice.plan_id = Plan.PREMIUM
    alice.save()
    return signed_in(alice)


def sha256(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def announce(client: Client, content: bytes, **changes: Any) -> Any:
    data = {"name": "patient.vcf", "size": len(content), "reference": "rCRS", "sha256": sha256(content), **changes}
    return client.post(ANNOUNCE, data, headers={"HX-Request": "true"})


def finish(client: Client, plan: dict[str, Any], *checksums: str) -> Any:
    return client.post(plan["finish"], {"sha256": ",".join(checksums)}, headers={"HX-Request": "true"})


def send_form(plan: dict[str, Any], content: bytes, **changes: str) -> int:
    """Post a file as a browser does; return the status."""
    boundary = "----gas"
    fields = {**plan["fields"], **changes}
    head = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    head += f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="patient.vcf"\r\n'
    body = (
        head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + content + f"\r\n--{boundary}--\r\n".encode()
    )
    return send("POST", plan["url"], body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})


def send(method: str, url: str, body: bytes, headers: dict[str, str]) -> int:
    request = urllib.request.Request(url, body, headers, method=method)  # noqa: S310 (the stand-in's)
    try:
        with urllib.request.urlopen(request) as response:  # noqa: S310
            status: int = response.status
    except urllib.error.HTTPError as error:
        return error.code
    return status


def send_part(
    client: Client,
    plan: dict[str, Any],
    number: int,
    part: bytes,
    *,
    content: bytes = b"",
    headers: dict[str, str] | None = None,
) -> int:
    """Put a part as a browser does, or another ``content`` in its place; return the status."""
    place = client.post(plan["part"], {"number": number, "sha256": sha256(part)}).json()
    wanted = {"Content-Type": "", **place["headers"], **(headers or {})}
    return send("PUT", place["url"], content or part, wanted)


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_parts, "LEAST_PART_BYTES", 5 * MIB)


def long_vcf() -> bytes:
    """Return a VCF of some 11 MiB that does not look like anything but itself."""
    padding = "".join(f"##note={os.urandom(30_000).hex()}\n" for _ in range(190)).encode()
    return SMALL_VCF.replace(b"#CHROM", padding + b"#CHROM", 1)
