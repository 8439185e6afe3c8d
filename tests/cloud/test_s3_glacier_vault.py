"""The vault in S3's cold classes: class, tiers and days, what S3 vouches for, refusals, and the copy back inside S3."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from archive.vaults.base import (
    ArchiveDamaged,
    ArchiveMissing,
    InsufficientCapacity,
    NotRetrieved,
    Readiness,
    VaultFault,
)
from archive.vaults.s3_glacier import S3GlacierVault
from gas_site import s3_writing, setting_urls
from gas_site.environment import BadSetting
from gas_site.s3_store import S3Store
from gas_site.storage import DiskStore
from tests.archive.world import Clock
from tests.cloud.buckets import REGION, contents, make_bucket
from tests.cloud.vaults import make_places, s3_glacier, tell_time

LABEL = "7f3a21c8-0000-4000-8000-000000000001"
MIB = 1024 * 1024


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(timezone, "now", clock)
    return clock


@pytest.fixture
def vault(amazon: str, clock: Clock) -> S3GlacierVault:
    vault = s3_glacier("site/vault")
    make_places(vault)
    return vault


def refuse(vault: S3GlacierVault, operation: str, status: int, code: str) -> None:
    """Let S3 answer one operation with an error, which moto cannot."""
    answer: Any = (
        SimpleNamespace(status_code=status),
        {"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {}},
    )
    vault.objects.client.meta.events.register(f"before-call.s3.{operation}", lambda **_: answer)


def calls_of(vault: S3GlacierVault) -> list[tuple[str, dict[str, Any]]]:
    calls: list[tuple[str, dict[str, Any]]] = []

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        calls.append((model.name, dict(params)))

    vault.objects.client.meta.events.register("provide-client-params.s3.*", note)
    return calls


@pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE"])
def test_the_content_lies_in_the_cold_class_and_its_manifest_does_not(amazon: str, storage_class: str) -> None:
    vault = s3_glacier("site/vault", storage_class)
    make_places(vault)
    archive_id = vault.store(LABEL, iter([b"MT\t263\n"])).archive_id
    found = contents("cold")
    data, manifest = (found[f"site/vault/archives/{archive_id}{end}"] for end in (".data", ".json"))
    assert data["StorageClass"] == storage_class
    assert "StorageClass" not in manifest, "S3 says nothing of STANDARD"
    assert {data["ServerSideEncryption"], manifest["ServerSideEncryption"]} == {"AES256"}


def test_a_restore_is_asked_for_in_the_tier_and_for_the_days(vault: S3GlacierVault, clock: Clock) -> None:
    archive_id = vault.store(LABEL, iter([b"x"])).archive_id
    calls = calls_of(vault)
    retrieval = vault.request(archive_id, "bulk")
    [(_, arguments)] = [call for call in calls if call[0] == "RestoreObject"]
    assert arguments["RestoreRequest"] == {"Days": 2, "GlacierJobParameters": {"Tier": "Bulk"}}
    assert (retrieval.tier, retrieval.expected_at) == ("bulk", clock.now + timedelta(seconds=10))
    assert vault.standing(archive_id, retrieval.retrieval_id).expected_at == retrieval.expected_at


def test_a_faster_tier_makes_a_restore_faster_and_a_slower_one_changes_nothing(
    vault: S3GlacierVault, clock: Clock
) -> None:
    archive_id = vault.store(LABEL, iter([b"x"])).archive_id
    for tier in ("bulk", "expedited", "standard"):
        retrieval = vault.request(archive_id, tier)
    clock.advance(timedelta(seconds=2))
    assert vault.standing(archive_id, retrieval.retrieval_id).readiness is Readiness.READY


def test_a_copy_that_is_there_already_is_not_waited_for_again(vault: S3GlacierVault, clock: Clock) -> None:
    archive_id = vault.store(LABEL, iter([b"x"])).archive_id
    assert vault.request(archive_id, "standard").expected_at == clock.now + timedelta(seconds=5)
    assert vault.request(archive_id, "standard").expected_at == clock.now + timedelta(seconds=5), "on its way"
    clock.advance(timedelta(seconds=5))
    assert vault.request(archive_id, "bulk").expected_at == clock.now, "a worker died before it noted the first"
    clock.advance(timedelta(days=3))
    assert vault.request(archive_id, "bulk").expected_at == clock.now + timedelta(seconds=10), "it has expired"


def test_a_tier_without_room_is_told_from_other_refusals(vault: S3GlacierVault) -> None:
    archive_id = vault.store(LABEL, iter([b"x"])).archive_id
    refuse(vault, "RestoreObject", 503, "GlacierExpeditedRetrievalNotAvailable")
    with pytest.raises(InsufficientCapacity, match="no expedited capacity at the moment"):
        vault.request(archive_id, "expedited")


def test_deep_archive_has_no_expedited_tier_so_another_one_is_tried(amazon: str) -> None:
    with pytest.raises(InsufficientCapacity, match="DEEP_ARCHIVE has no tier expedited; it has standard, bulk"):
        s3_glacier("site/vault", "DEEP_ARCHIVE").request(f"{LABEL}/{'0' * 32}", "expedited")


def test_an_object_that_is_not_cold_is_a_fault_that_says_so(vault: S3GlacierVault) -> None:
    archive_id = vault.store(LABEL, iter([b"x"])).archive_id
    client = vault.objects.client
    client.put_object(Bucket="cold", Key=f"site/vault/archives/{archive_id}.data", Body=b"x")
    with pytest.raises(VaultFault, match="not in a cold class"):
        vault.request(archive_id, "standard")


def test_what_s3_does_not_vouch_for_any_more_is_damaged(vault: S3GlacierVault) -> None:
    archive_id = vault.store(LABEL, iter([b"genome"])).archive_id
    key = f"site/vault/archives/{archive_id}.data"
    for body in (b"Genome", b"genomes"):
        vault.objects.client.put_object(Bucket="cold", Key=key, Body=body, ChecksumAlgorithm="SHA256")
        with pytest.raises(ArchiveDamaged):
            vault.checksum(archive_id)


def test_a_long_archive_is_vouched_for_by_the_checksum_of_its_parts(
    vault: S3GlacierVault, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_writing, "PART_BYTES", 5 * MIB)
    content = bytes(range(256)) * 4096 * 11
    stored = vault.store(LABEL, (content[at : at + MIB] for at in range(0, len(content), MIB)))
    assert (stored.content.size, vault.checksum(stored.archive_id)) == (11 * MIB, stored.content)
    vault.request(stored.archive_id, "expedited")
    clock.advance(timedelta(seconds=2))
    assert b"".join(vault.read(stored.archive_id, "x")) == content


def test_a_crash_between_content_and_manifest_leaves_no_archive_but_something_to_remove(vault: S3GlacierVault) -> None:
    archive_id = vault.store(LABEL, iter([b"x"])).archive_id
    vault.objects.remove(f"site/vault/archives/{archive_id}.json")
    vault.objects.client.create_multipart_upload(Bucket="cold", Key=f"site/vault/archives/{LABEL}/{'0' * 32}.data")
    with pytest.raises(ArchiveMissing):
        vault.checksum(archive_id)
    left = vault.labelled(LABEL)
    assert sorted(left) == sorted([archive_id, f"{LABEL}/{'0' * 32}"])
    for each in left:
        vault.remove(each)
    assert (vault.labelled(LABEL), contents("cold")) == ([], {})


def test_an_archive_goes_back_inside_s3_and_no_byte_of_it_passes_here(
    vault: S3GlacierVault, clock: Clock, tmp_path: Path
) -> None:
    make_bucket("gas")
    store = S3Store("gas", "site/files", REGION)
    tell_time(store.objects.client)
    archive_id = vault.store(LABEL, iter([b"genome"])).archive_id
    with pytest.raises(NotRetrieved):
        vault.thaw_into(archive_id, "", store, "results/1/a")
    vault.request(archive_id, "expedited")
    clock.advance(timedelta(seconds=2))
    calls = calls_of(vault)
    assert vault.thaw_into(archive_id, "", store, "results/1/a")
    assert "GetObject" not in [name for name, _ in calls]
    with store.read("results/1/a") as file:
        assert file.read() == b"genome"
    head = contents("gas")["site/files/results/1/a"]
    assert (head.get("StorageClass"), head["ServerSideEncryption"]) == (None, "AES256")
    assert not vault.thaw_into(archive_id, "", DiskStore(str(tmp_path)), "a"), "a disk is no bucket"


@pytest.mark.parametrize(
    ("event", "ours"),
    [
        (lambda key: ("cold", f"site/vault/archives/{key}.data"), True),
        (lambda key: ("cold", f"site/vault/archives/{key}.json"), False),
        (lambda key: ("another", f"site/vault/archives/{key}.data"), False),
        (lambda key: ("cold", f"site/vault2/archives/{key}.data"), False),
        (lambda key: ("cold", f"site/vault/archives/../{key}.data"), False),
    ],
)
def test_an_event_is_about_an_archive_of_ours_or_about_nothing(
    event: Callable[[str], tuple[str, str]], ours: bool
) -> None:
    archive_id = f"{LABEL}/{'0' * 32}"
    assert s3_glacier("site/vault").archive_of(*event(archive_id)) == (archive_id if ours else None)


def test_the_setting_names_bucket_class_days_and_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_URL", "s3-glacier://cold/site/vault?class=DEEP_ARCHIVE&days=7&region=eu-west-1&bulk=60h")
    made = setting_urls.vault(Path("/data"))
    assert made["BACKEND"] == "archive.vaults.s3_glacier.S3GlacierVault"
    assert made["OPTIONS"] == {
        "bucket": "cold",
        "prefix": "site/vault",
        "storage_class": "DEEP_ARCHIVE",
        "delays": {"standard": timedelta(hours=12), "bulk": timedelta(hours=60)},
        "days": 7,
        "region": "eu-west-1",
        "kms": "",
    }


@pytest.mark.parametrize(
    "value",
    ["s3-glacier://cold", "s3-glacier://cold/x?class=GLACIER_IR", "s3-glacier://cold/x?days=0",
     "s3-glacier://cold/x?days=two", "s3-glacier://cold/x?class=DEEP_ARCHIVE&expedited=5m", "s3-glacier://cold/x?acl=x"],
)  # fmt: skip
def test_a_setting_that_cannot_be_used_stops_the_start(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("VAULT_URL", value)
    with pytest.raises(BadSetting, match="s3-glacier://BUCKET/PREFIX"):
        setting_urls.vault(Path("/data"))
