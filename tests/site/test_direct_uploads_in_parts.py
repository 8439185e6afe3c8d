"""Long files straight into the bucket: in parts, each bound to its bytes, going on where they ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from annotations import sweep
from annotations.models import Job
from gas_site import aws, upload_parts
from gas_site.s3_store import S3Store
from gas_site.storage import file_store
from tests.cloud.buckets import REGION
from tests.site.bucket_uploads import (
    ANNOUNCE,
    MIB,
    announce,
    bucket,
    finish,
    long_vcf,
    premium,
    send_part,
    sha256,
    small_parts,
)
from tests.site.conftest import Sent

__all__ = ["bucket", "premium", "small_parts"]

pytestmark = pytest.mark.django_db


def test_a_long_file_goes_in_parts_and_goes_on_where_it_ended(premium: Client, small_parts: None) -> None:
    content = long_vcf()
    parts = [content[at : at + 5 * MIB] for at in range(0, len(content), 5 * MIB)]
    plan = announce(premium, content, sha256="").json()
    assert (plan["kind"], plan["part_bytes"], plan["parts"]) == ("parts", 5 * MIB, [])
    assert send_part(premium, plan, 2, parts[1]) == 200
    again = premium.get(plan["resume"]).json()
    assert again["parts"] == [{"number": 2, "size": 5 * MIB, "sha256": sha256(parts[1])}]
    assert finish(premium, plan, *map(sha256, parts)).status_code == 422, "parts are missing"
    for number in (1, 3):
        assert send_part(premium, plan, number, parts[number - 1]) == 200
    assert finish(premium, plan, *map(sha256, reversed(parts))).status_code == 422, "not in this order"
    assert finish(premium, plan, *map(sha256, parts)).status_code == 200
    job = Job.objects.get()
    with file_store().read(job.input_key) as file:
        assert file.read() == content
    store = file_store()
    assert isinstance(store, S3Store)
    assert list(store.objects.uploads("")) == []


def test_a_part_is_bound_to_its_length_and_its_bytes(premium: Client, small_parts: None) -> None:
    content = long_vcf()
    plan = announce(premium, content, sha256="").json()
    part = content[: 5 * MIB]
    assert send_part(premium, plan, 1, part, content=part + b"x") in {400, 403}
    assert send_part(premium, plan, 1, part, content=b"x" + part[1:]) in {400, 403}
    assert send_part(premium, plan, 1, part, headers={"x-amz-checksum-sha256": sha256(b"x")}) in {400, 403}
    for number in (0, 4, 10_001):
        assert premium.post(plan["part"], {"number": number, "sha256": sha256(part)}).status_code == 400
    assert premium.get(plan["resume"]).json()["parts"] == []


def test_a_file_so_long_that_ten_thousand_parts_are_few_has_longer_ones() -> None:
    assert upload_parts.part_bytes(1) == 16 * MIB
    size = 1024**4
    length = upload_parts.part_bytes(size)
    assert (length, -(-size // length) <= 10_000) == (105 * MIB, True)
    assert upload_parts.part_span(33 * MIB, 3) == MIB


def test_a_ticket_that_nobody_comes_back_to_goes_with_its_parts(
    premium: Client, small_parts: None, monkeypatch: pytest.MonkeyPatch, sent: list[Sent]
) -> None:
    plan = announce(premium, long_vcf(), sha256="").json()
    assert send_part(premium, plan, 1, long_vcf()[: 5 * MIB]) == 200
    Job.objects.update(created_at=timezone.now() - timedelta(days=2))
    sweep.drop_abandoned_tickets()
    from annotations import deleting  # noqa: PLC0415 (the worker's part)

    deleting.purge(Job.objects.get().pk)
    store = file_store()
    assert isinstance(store, S3Store)
    assert (Job.objects.count(), list(store.objects.uploads(""))) == (0, [])


def test_parts_for_the_bucket_do_not_come_through_the_site(premium: Client, small_parts: None) -> None:
    plan = announce(premium, long_vcf(), sha256="").json()
    assert plan["through_site"] is False
    digest = {"Content-Digest": f"sha-256=:{sha256(b'x')}:"}
    assert premium.put(f"{plan['resume']}1/", b"x", headers=digest).status_code == 422
    assert 'data-whole-below="0"' in premium.get("/annotate/").content.decode()


def test_a_bucket_that_is_away_lists_nothing_and_the_page_still_opens(premium: Client, small_parts: None) -> None:
    plan = announce(premium, long_vcf(), sha256="").json()
    send_part(premium, plan, 1, long_vcf()[: 5 * MIB])
    assert "5 MB of" in premium.get("/annotate/").content.decode()
    aws.s3(REGION).abort_multipart_upload(Bucket="gas", **the_upload())
    aws.s3(REGION).delete_bucket(Bucket="gas")
    assert premium.get("/annotate/").status_code == 200
    assert premium.get(ANNOUNCE).status_code == 503


def the_upload() -> Any:
    store = file_store()
    assert isinstance(store, S3Store)
    [(key, upload_id)] = store.objects.uploads("")
    return {"Key": key, "UploadId": upload_id}
