"""The policies of deploy/iam for files, archives and notices allow what the code asks for, and nothing else.

moto lets everybody do everything, so the calls are recorded as botocore makes them and compared with the policies.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.model import OperationModel
from django.core.management import call_command
from django.test import RequestFactory
from django.utils import timezone
from pytest_django import Settings

from archive.notices import endpoint
from archive.notices.listening import Listener
from archive.vaults import glacier as glacier_module
from archive.vaults.glacier_inventory import newest
from gas_site import aws, s3_writing
from gas_site.s3_store import S3Store
from gas_site.upload_parts import sha256_base64
from tests.archive.world import Clock
from tests.cloud.buckets import REGION, make_bucket, store_setting
from tests.cloud.notices import TOPIC
from tests.cloud.queues import ROOT
from tests.cloud.test_permissions import allowed
from tests.cloud.vaults import glacier, make_places, s3_glacier, tell_time

MIB = 1024 * 1024
LABEL = "7f3a21c8-0000-4000-8000-000000000001"
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html: what a call needs, where that
# is not the action of its own name.
NEEDS = {
    "s3:HeadObject": {"s3:GetObject"},
    "s3:HeadBucket": {"s3:ListBucket"},
    "s3:ListObjectsV2": {"s3:ListBucket"},
    "s3:ListMultipartUploads": {"s3:ListBucketMultipartUploads"},
    "s3:ListParts": {"s3:ListMultipartUploadParts"},
    "s3:CreateMultipartUpload": {"s3:PutObject"},
    "s3:UploadPart": {"s3:PutObject"},
    "s3:CompleteMultipartUpload": {"s3:PutObject"},
    "s3:CopyObject": {"s3:GetObject", "s3:PutObject"},
    "s3:UploadPartCopy": {"s3:GetObject", "s3:PutObject"},
    "s3:DeleteObjects": {"s3:DeleteObject"},
    "s3:PutBucketCors": {"s3:PutBucketCORS"},
    "s3:PutBucketLifecycleConfiguration": {"s3:PutLifecycleConfiguration"},
}

pytestmark = pytest.mark.django_db


@pytest.fixture
def needed(amazon: str, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Give the IAM actions that every call of any client needs from now on."""
    actions: set[str] = set()

    def note(model: OperationModel, **_: Any) -> None:
        name = f"{model.service_model.endpoint_prefix}:{model.name}"
        actions.update(NEEDS.get(name, {name}))

    session = boto3.session.Session()
    session.events.register("before-call", note)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", session)
    monkeypatch.setattr(s3_writing, "PART_BYTES", 5 * MIB)
    return actions


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(timezone, "now", clock)
    return clock


def test_files_user_is_what_website_and_workers_do_with_files(
    needed: set[str], settings: Settings, tmp_path: Path
) -> None:
    make_bucket("gas")
    settings.WORK_DIR = tmp_path
    store = S3Store("gas", "site", REGION)
    needed.clear()
    use_store(store, tmp_path)
    assert needed == allowed("files-user.json")


def use_store(store: S3Store, directory: Path) -> None:
    """Do all that anybody does with a file store, direct uploads included."""
    (directory / "file").write_bytes(os.urandom(6 * MIB))
    store.adopt(directory / "file", "results/1/a")
    store.duplicate("results/1/a", "results/2/a")
    aside = store.aside("results/3/a", "1")
    store.receive(iter([b"x"]), aside)
    store.put_in_place(aside, "results/3/a", 1, hashlib.sha256(b"x").hexdigest())
    store.clear_aside(["results/3/a"])
    with store.local("results/1/a"), store.glimpse("results/2/a"):
        assert store.has("results/1/a")
    assert not store.has("absent")
    store.serve(RequestFactory().get("/"), "results/1/a", "a", "text/plain")
    store.uploads.form("uploads/1/input", 3, sha256_base64(b"abc"))
    store.uploads.begin("uploads/2/input", 3)
    assert store.uploads.part_link("uploads/2/input", 1, 3, sha256_base64(b"abc"))[0]
    assert store.uploads.parts("uploads/2/input") == []
    for tree in ("uploads", "results"):
        store.remove_tree(tree)
    store.remove("absent")


def test_files_setup_is_what_prepare_bucket_does(needed: set[str], settings: Settings) -> None:
    make_bucket("gas")
    settings.STORAGES = {**settings.STORAGES, "default": store_setting("gas", "site")}
    needed.clear()
    call_command("prepare_bucket")
    assert needed == allowed("files-setup.json")


@pytest.mark.parametrize(("kind", "policy"), [("s3", "vault-s3.json"), ("glacier", "vault-glacier.json")])
def test_a_vaults_policy_is_what_archiving_and_restoring_do(
    needed: set[str], clock: Clock, monkeypatch: pytest.MonkeyPatch, kind: str, policy: str
) -> None:
    monkeypatch.setattr(glacier_module, "PART_BYTES", MIB)
    vault = s3_glacier("site") if kind == "s3" else glacier("cold")
    make_places(vault)
    needed.clear()
    for size in (3, 6 * MIB):
        archive_id = vault.store(LABEL, iter([bytes(size)])).archive_id
        vault.checksum(archive_id)
        retrieval = vault.request(archive_id, "expedited")
        clock.advance(timedelta(seconds=2))
        vault.standing(archive_id, retrieval.retrieval_id)
        assert sum(map(len, vault.read(archive_id, retrieval.retrieval_id))) == size
        assert vault.labelled(LABEL) == [archive_id]
        vault.remove(archive_id)

    def broken() -> Any:
        yield bytes(6 * MIB)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        vault.store(LABEL, broken())
    assert needed == allowed(policy)


def test_a_copy_inside_s3_needs_to_read_the_one_bucket_and_to_write_the_other(needed: set[str], clock: Clock) -> None:
    make_bucket("gas")
    vault, store = s3_glacier("site"), S3Store("gas", "site", REGION)
    make_places(vault)
    tell_time(store.objects.client)
    archive_id = vault.store(LABEL, iter([b"x"])).archive_id
    vault.request(archive_id, "expedited")
    clock.advance(timedelta(seconds=2))
    needed.clear()
    assert vault.thaw_into(archive_id, "", store, "results/1/a")
    assert needed == {"s3:GetObject", "s3:PutObject"} <= allowed("files-user.json") & allowed("vault-s3.json")


def test_the_inventorys_policy_is_what_reading_it_and_removing_an_archive_do(needed: set[str], clock: Clock) -> None:
    vault = glacier("cold")
    make_places(vault)
    needed.clear()
    assert newest(vault) is None
    clock.advance(timedelta(seconds=5))
    assert newest(vault) is not None
    vault.service.delete("x" * 138)
    assert needed == allowed("vault-glacier-inventory.json")


def test_retrievals_is_what_listening_and_confirming_do(needed: set[str]) -> None:
    client = aws.sqs(REGION)
    url = client.create_queue(QueueName="retrievals")["QueueUrl"]
    client.send_message(QueueUrl=url, MessageBody="about nothing")
    needed.clear()
    assert Listener(REGION, "retrievals", []).take(0) == 1
    confirmation = {"Type": "SubscriptionConfirmation", "TopicArn": TOPIC, "Token": "x"}
    with contextlib.suppress(*aws.AWS_ERRORS):  # moto knows no such topic; the call is what counts
        endpoint._take(confirmation, [TOPIC])
    assert needed == allowed("retrievals.json")


@pytest.mark.parametrize(
    "name", ["files-user", "files-setup", "vault-s3", "vault-glacier", "vault-glacier-inventory", "retrievals"]
)
def test_no_policy_reaches_beyond_its_own_bucket_vault_queue_or_topic(name: str) -> None:
    for statement in json.loads((ROOT / "deploy" / "iam" / f"{name}.json").read_text())["Statement"]:
        assert statement["Resource"].split(":", 5)[5].rstrip("*/") not in {"", "vaults"}
        assert not any("*" in action for action in statement["Action"])
