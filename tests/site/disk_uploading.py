"""A long file in parts onto a disk, sent as the page sends it, with parts of a mebibyte."""

from __future__ import annotations

import os
from typing import Any

import pytest
from django.test import Client

from accounts.models import Plan, User
from gas_site import upload_parts
from gas_site.upload_parts import sha256_base64
from tests.site.factories import SMALL_VCF, signed_in

MIB = 1024 * 1024
PART = MIB
ANNOUNCE = "/annotate/upload/"


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_parts, "LEAST_PART_BYTES", PART)


@pytest.fixture
def premium(alice: User) -> Client:
    alice.plan_id = Plan.PREMIUM
    alice.save()
    return signed_in(alice)


@pytest.fixture
def content() -> bytes:
    """Give a VCF of three parts, the last of them short, that does not look like anything but itself."""
    padding = "".join(f"##note={os.urandom(30_000).hex()}\n" for _ in range(40)).encode()
    return SMALL_VCF.replace(b"#CHROM", padding + b"#CHROM", 1)


def parts_of(content: bytes) -> list[bytes]:
    return [content[at : at + PART] for at in range(0, len(content), PART)]


def announce(client: Client, content: bytes, **changes: Any) -> Any:
    data = {"name": "patient.vcf", "size": len(content), "reference": "rCRS", "sha256": "", **changes}
    return client.post(ANNOUNCE, data, headers={"HX-Request": "true"})


def put(client: Client, plan: dict[str, Any], number: int, body: bytes, announced: bytes | None = None) -> int:
    """Put a part as a browser does; return the status."""
    checksum = sha256_base64(body if announced is None else announced)
    headers = {"Content-Digest": f"sha-256=:{checksum}:", "HX-Request": "true"}
    return client.put(f"{plan['resume']}{number}/", body, headers=headers).status_code


def finish(client: Client, plan: dict[str, Any], parts: list[bytes]) -> Any:
    checksums = ",".join(sha256_base64(part) for part in parts)
    return client.post(plan["finish"], {"sha256": checksums}, headers={"HX-Request": "true"})


def there(client: Client, plan: dict[str, Any]) -> list[int]:
    return [part["number"] for part in client.get(plan["resume"]).json()["parts"]]


# What arrives ---------------------------------------------------------------------------------------------
