"""The vault of Glacier's own API: parts and tree hashes, jobs and their end, and what the table remembers.

moto has none of it right (see sandbox/amazon/glacier.py, which stands in and compares what Glacier compares).
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.utils import calculate_tree_hash
from django.utils import timezone

from archive.models import GlacierArchive
from archive.vaults import glacier as glacier_module
from archive.vaults.base import ArchiveDamaged, ArchiveMissing, InsufficientCapacity, Readiness, VaultFault
from archive.vaults.glacier import GlacierVault
from archive.vaults.tree_hash import leaves_of, root_of
from gas_site import resuming, setting_urls
from gas_site.environment import BadSetting
from tests.archive.world import Clock
from tests.cloud.proxy import proxy_before
from tests.cloud.vaults import glacier, make_places, tell_time

LABEL = "7f3a21c8-0000-4000-8000-000000000001"
MIB = 1024 * 1024
TOPIC = "arn:aws:sns:eu-west-1:123456789012:retrievals"

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(timezone, "now", clock)
    return clock


@pytest.fixture
def vault(amazon: str, clock: Clock) -> GlacierVault:
    vault = glacier("cold", topic=TOPIC)
    make_places(vault)
    return vault


def calls_of(vault: GlacierVault) -> list[tuple[str, dict[str, Any]]]:
    calls: list[tuple[str, dict[str, Any]]] = []

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        calls.append((model.name, dict(params)))

    vault.service.client.meta.events.register("provide-client-params.glacier.*", note)
    return calls


def refuse(vault: GlacierVault, operation: str, status: int, code: str) -> None:
    answer: Any = (
        SimpleNamespace(status_code=status),
        {"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {}},
    )
    vault.service.client.meta.events.register(f"before-call.glacier.{operation}", lambda **_: answer)


def botocores(data: bytes) -> str:
    return calculate_tree_hash(io.BytesIO(data))  # type: ignore[arg-type]  # its stub says str


@pytest.mark.parametrize("size", [0, 1, MIB - 1, MIB, MIB + 1, 2 * MIB, 3 * MIB, 7 * MIB + 5])
def test_the_tree_hash_is_the_one_that_botocore_computes(size: int) -> None:
    data = os.urandom(size)
    if size:
        assert root_of(leaves_of(data)) == botocores(data)
    else:
        assert root_of(leaves_of(b"")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_a_short_archive_goes_in_one_call_under_its_label(vault: GlacierVault) -> None:
    calls = calls_of(vault)
    vault.store(LABEL, iter([b"genome"]))
    [(name, arguments)] = calls
    assert (name, arguments["archiveDescription"]) == ("UploadArchive", LABEL)


def test_a_long_archive_goes_in_parts_with_the_tree_hash_of_each_and_of_all(
    vault: GlacierVault, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(glacier_module, "PART_BYTES", 2 * MIB)
    content = os.urandom(7 * MIB + 77)
    calls = calls_of(vault)
    stored = vault.store(LABEL, (content[at : at + 100_000] for at in range(0, len(content), 100_000)))
    parts = [arguments for name, arguments in calls if name == "UploadMultipartPart"]
    assert [part["range"] for part in parts][-1] == f"bytes {6 * MIB}-{7 * MIB + 76}/*"
    [end] = [arguments for name, arguments in calls if name == "CompleteMultipartUpload"]
    assert end["checksum"] == botocores(content)
    assert (end["archiveSize"], stored.content.size) == (str(len(content)), len(content))
    job = vault.request(stored.archive_id, "expedited").retrieval_id
    clock.advance(timedelta(seconds=2))
    assert b"".join(vault.read(stored.archive_id, job)) == content


def test_two_archives_of_the_same_bytes_are_two(vault: GlacierVault) -> None:
    first, second = vault.store(LABEL, iter([b"same"])), vault.store(LABEL, iter([b"same"]))
    assert first.archive_id != second.archive_id
    vault.remove(first.archive_id)
    assert vault.request(second.archive_id, "standard").retrieval_id


def test_a_stream_that_breaks_in_a_later_part_leaves_no_upload(
    vault: GlacierVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(glacier_module, "PART_BYTES", MIB)

    def broken() -> Iterator[bytes]:
        yield bytes(3 * MIB)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        vault.store(LABEL, broken())
    assert (vault.labelled(LABEL), GlacierArchive.objects.count()) == ([], 0)


def test_an_upload_that_a_dead_worker_left_is_found_by_its_label_and_ended(vault: GlacierVault) -> None:
    vault.service.client.initiate_multipart_upload(**vault.service.place, archiveDescription=LABEL, partSize=str(MIB))
    [left] = vault.labelled(LABEL)
    with pytest.raises(ArchiveMissing):
        vault.checksum(left)
    vault.remove(left)
    vault.remove(left)
    assert vault.labelled(LABEL) == []


def test_another_tree_hash_than_ours_is_refused_and_what_was_stored_goes(vault: GlacierVault) -> None:
    def lie(parsed: dict[str, Any], **_: Any) -> None:
        parsed["checksum"] = "0" * 64

    calls = calls_of(vault)
    vault.service.client.meta.events.register("after-call.glacier.UploadArchive", lie)
    with pytest.raises(ArchiveDamaged, match="something else than it was sent"):
        vault.store(LABEL, iter([b"genome"]))
    assert [name for name, _ in calls] == ["UploadArchive", "DeleteArchive"]
    assert vault.labelled(LABEL) == []


def test_an_upload_that_was_changed_on_its_way_is_refused_by_glacier(vault: GlacierVault) -> None:
    def change(request: Any, **_: Any) -> None:
        request.body = b"Genome"

    vault.service.client.meta.events.register("before-send.glacier.UploadArchive", change)
    with pytest.raises(VaultFault, match="InvalidParameterValueException"):
        vault.store(LABEL, iter([b"genome"]))


def test_a_job_is_asked_for_with_its_tier_and_the_topic(vault: GlacierVault) -> None:
    archive_id = vault.store(LABEL, iter([b"x"])).archive_id
    calls = calls_of(vault)
    vault.request(archive_id, "expedited")
    [(_, arguments)] = [call for call in calls if call[0] == "InitiateJob"]
    wanted = {"Type": "archive-retrieval", "ArchiveId": archive_id, "Tier": "Expedited", "SNSTopic": TOPIC}
    assert arguments["jobParameters"] == wanted


def test_a_second_request_starts_no_second_job_unless_it_is_faster(vault: GlacierVault) -> None:
    archive_id = vault.store(LABEL, iter([b"x"])).archive_id
    calls = calls_of(vault)
    slow = [vault.request(archive_id, "standard").retrieval_id for _ in range(2)]
    fast = [vault.request(archive_id, tier).retrieval_id for tier in ("expedited", "standard")]
    assert slow[0] == slow[1] != fast[0] == fast[1]
    assert [name for name, _ in calls].count("InitiateJob") == 2


def test_a_job_that_glacier_has_forgotten_is_asked_for_again(vault: GlacierVault, clock: Clock) -> None:
    archive_id = vault.store(LABEL, iter([b"x"])).archive_id
    GlacierArchive.objects.update(job="forgotten", job_tier="expedited", job_due_at=clock.now)
    assert vault.standing(archive_id, "forgotten").readiness is Readiness.ABSENT
    assert vault.request(archive_id, "standard").retrieval_id != "forgotten"


def test_a_tier_without_room_is_told_from_other_refusals(vault: GlacierVault) -> None:
    archive_id = vault.store(LABEL, iter([b"x"])).archive_id
    refuse(vault, "InitiateJob", 503, "InsufficientCapacityException")
    with pytest.raises(InsufficientCapacity, match="no expedited capacity at the moment"):
        vault.request(archive_id, "expedited")


def test_an_archive_that_somebody_deleted_is_missing_not_a_fault_of_another_kind(vault: GlacierVault) -> None:
    archive_id = vault.store(LABEL, iter([b"x"])).archive_id
    vault.service.delete(archive_id)
    with pytest.raises(ArchiveMissing):
        vault.request(archive_id, "standard")


def test_an_output_that_is_cut_off_is_read_on(
    vault: GlacierVault, amazon: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resuming, "FIRST_PAUSE_SECONDS", 0)
    content = os.urandom(300_000)
    archive_id = vault.store(LABEL, iter([content])).archive_id
    job = vault.request(archive_id, "expedited").retrieval_id
    clock.advance(timedelta(seconds=2))
    with proxy_before(amazon) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.address)
        again = glacier("cold")
        tell_time(again.service.client)
        proxy.times("cut", 2, "GET", "/output")
        assert b"".join(again.read(archive_id, job)) == content
        assert [fault for _, fault in proxy.done].count("cut") == 2


@pytest.mark.parametrize(
    ("arn", "ours"),
    [
        ("arn:aws:glacier:eu-west-1:123456789012:vaults/cold", True),
        ("arn:aws:glacier:eu-west-1:123456789012:vaults/colder", False),
        ("arn:aws:glacier:us-east-1:123456789012:vaults/cold", False),
        ("arn:aws:s3:eu-west-1:123456789012:vaults/cold", False),
        ("", False),
    ],
)
def test_a_notification_is_about_an_archive_of_ours_or_about_nothing(vault: GlacierVault, arn: str, ours: bool) -> None:
    archive_id = vault.store(LABEL, iter([b"x"])).archive_id
    assert vault.archive_of(arn, archive_id) == (archive_id if ours else None)
    assert vault.archive_of(arn, "unknown") is None


def test_the_setting_names_region_vault_topic_and_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_URL", f"glacier://eu-west-1/cold?topic={TOPIC}&expedited=10m")
    made = setting_urls.vault(Path("/data"))
    assert made["BACKEND"] == "archive.vaults.glacier.GlacierVault"
    assert (made["OPTIONS"]["region"], made["OPTIONS"]["vault"]) == ("eu-west-1", "cold")
    assert made["OPTIONS"]["topic"] == TOPIC
    assert made["OPTIONS"]["delays"] == {
        "expedited": timedelta(minutes=10),
        "standard": timedelta(hours=5),
        "bulk": timedelta(hours=12),
    }


@pytest.mark.parametrize(
    "value", ["glacier://cold", "glacier://eu-west-1/", "glacier://eu-west-1/a/b", "glacier://eu-west-1/a?topic=mine"]
)
def test_a_setting_that_cannot_be_used_stops_the_start(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("VAULT_URL", value)
    with pytest.raises(BadSetting, match="glacier://REGION/VAULT"):
        setting_urls.vault(Path("/data"))
