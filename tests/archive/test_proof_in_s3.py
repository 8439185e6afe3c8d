"""What comes back inside S3 is proved before it has its key, and nobody else's copy takes the place of what counts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from django.conf import settings as django_settings
from pytest_django import Settings

from archive import retention
from archive.claims import Claim
from archive.models import Holding, HoldingState
from archive.tending import tend
from archive.vaults import vault
from archive.vaults.s3_glacier import S3GlacierVault
from gas_site import s3_copying
from gas_site.s3_store import S3Store
from gas_site.storage import FileStore, file_store
from tests.archive.world import (
    SECOND,
    World,
    fresh,
    good_hot,
    readable,
    state,
)
from tests.cloud.buckets import contents
from tests.cloud.vaults import BUCKET, move_to_s3

pytestmark = pytest.mark.django_db


@pytest.fixture
def ready(world: World, settings: Settings, amazon: str) -> Iterator[Holding]:
    """Give a holding whose archives in S3 can be read."""
    move_to_s3(settings)
    yield readable(world)
    vault.cache_clear()


def check_what_counts(holding: Holding) -> None:
    assert (state(holding), fresh(holding).untidy, fresh(holding).last_error) == (HoldingState.AVAILABLE, False, "")
    assert all(good_hot(file) for file in holding.files.all())
    assert [key for key in contents("gas") if "aside" in key] == []
    assert contents(BUCKET) == {}


def test_a_wrong_copy_of_a_worker_that_slept_never_takes_the_place_of_the_one_that_counts(
    ready: Holding, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first worker sleeps while S3 copies; another brings everything back, and the archives go; then it lands."""
    first, plain = iter([True]), S3GlacierVault.thaw_into

    def land_late_and_wrong(self: S3GlacierVault, archive_id: str, retrieval_id: str, *to: Any) -> bool:
        store, key, _ = to
        if next(first, False):
            world.clock.advance(django_settings.LEASE + timedelta(seconds=5))
            tend(ready.pk)
            assert (state(ready), contents(BUCKET)) == (HoldingState.AVAILABLE, {})
            store.receive(iter([b"something else"]), key)
            return True
        return plain(self, archive_id, retrieval_id, *to)

    monkeypatch.setattr(S3GlacierVault, "thaw_into", land_late_and_wrong)
    tend(ready.pk)
    check_what_counts(ready)


def test_nothing_is_under_the_key_before_it_is_proved(ready: Holding, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, seen = S3GlacierVault.thaw_into, []
    keys = list(ready.files.values_list("key", flat=True))

    def look(self: S3GlacierVault, archive_id: str, retrieval_id: str, store: FileStore, *to: Any) -> bool:
        before = {key for key in keys if store.has(key)}
        copied = plain(self, archive_id, retrieval_id, store, *to)
        seen.append({key for key in keys if store.has(key)} - before)
        return copied

    monkeypatch.setattr(S3GlacierVault, "thaw_into", look)
    tend(ready.pk)
    assert seen == [set()] * len(keys)
    check_what_counts(ready)


def test_another_object_than_was_proved_is_not_published_and_the_archive_stays(ready: Holding, world: World) -> None:
    store, wrong = file_store(), iter([True])
    assert isinstance(store, S3Store)

    def lie(parsed: dict[str, Any], **_: Any) -> None:
        """Let S3 say once of what it puts under a key that it holds something else."""
        if next(wrong, False):
            parsed["CopyObjectResult"]["ChecksumSHA256"] = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="

    def begin(params: dict[str, Any], **_: Any) -> None:
        if "aside" in params["CopySource"]["Key"]:
            store.objects.client.meta.events.register("after-call.s3.CopyObject", lie)

    store.objects.client.meta.events.register("provide-client-params.s3.CopyObject", begin)
    tend(ready.pk)
    assert state(ready) == HoldingState.RESTORING
    assert "another object of a copy than was proved" in fresh(ready).last_error
    assert len(contents(BUCKET)) == 6, "three archives with their manifests"
    world.clock.advance(10 * SECOND)
    world.work()
    check_what_counts(ready)


@pytest.mark.parametrize("answered", [True, False])
def test_a_copy_that_lands_after_its_claim_was_lost_goes_again(
    ready: Holding, world: World, monkeypatch: pytest.MonkeyPatch, *, answered: bool
) -> None:
    """While S3 copies onto a key, the restore is called off and tidied up; then it lands, answered or not."""
    store, plain, put = file_store(), Claim.beat, S3Store.put_in_place
    first, kept = iter([True]), list[tuple[str, bytes]]()
    copying, called_off = threading.Event(), threading.Event()
    assert isinstance(store, S3Store)

    def keep(self: S3Store, aside: str, *proof: Any) -> None:
        with self.read(aside) as file:
            kept.append((aside, file.read()))
        put(self, aside, *proof)

    def land_late(params: dict[str, Any], **_: Any) -> None:
        """Let S3 hold on to what it copies: the tidying has removed it, and here that came too early."""
        if "aside" in params["CopySource"]["Key"] and not copying.is_set():
            copying.set()
            assert called_off.wait(30)
            aside, content = kept[-1]
            store.receive(iter([content]), aside)

    def lose(**_: Any) -> None:
        if called_off.is_set() and not answered:
            raise ReadTimeoutError(endpoint_url="S3")

    def beat(self: Claim, size: int) -> None:
        if not copying.is_set() or not next(first, False):
            plain(self, size)
            return
        assert retention.call_off(ready)
        world.work()
        assert (state(ready), fresh(ready).untidy) == (HoldingState.ARCHIVED, False)
        called_off.set()
        if answered:
            self.renew()

    monkeypatch.setattr(S3Store, "put_in_place", keep)
    monkeypatch.setattr(Claim, "beat", beat)
    monkeypatch.setattr(s3_copying, "BEAT_SECONDS", 0.01)
    store.objects.client.meta.events.register("provide-client-params.s3.CopyObject", land_late)
    store.objects.client.meta.events.register("after-call.s3.CopyObject", lose)
    tend(ready.pk)
    assert called_off.is_set()
    world.work()
    assert (state(ready), fresh(ready).untidy) == (HoldingState.ARCHIVED, False)
    assert [key.rsplit(".")[-1] for key in contents("gas") if "/results/" in key] == ["log"]


def leave_as_if_killed(holding: Holding) -> None:
    """Leave what a worker leaves that is killed before it compares a copy, and while it writes one."""
    store = file_store()
    assert isinstance(store, S3Store)
    for key in holding.files.values_list("key", flat=True):
        store.receive(iter([b"half"]), store.aside(key, "1"))
        store.objects.client.create_multipart_upload(Bucket="gas", Key=store.object_key(store.aside(key, "2")))


def unfinished() -> list[str]:
    store = file_store()
    assert isinstance(store, S3Store)
    return [key for key, _ in store.objects.uploads("")]


def test_what_killed_workers_kept_aside_goes_with_the_next_restore(ready: Holding) -> None:
    leave_as_if_killed(ready)
    tend(ready.pk)
    check_what_counts(ready)
    assert unfinished() == []


def test_what_killed_workers_kept_aside_goes_when_the_restore_is_called_off(ready: Holding, world: World) -> None:
    leave_as_if_killed(ready)
    assert retention.call_off(ready)
    world.work()
    assert (state(ready), fresh(ready).untidy) == (HoldingState.ARCHIVED, False)
    assert [key.rsplit(".")[-1] for key in contents("gas") if "/results/" in key] == ["log"]
    assert unfinished() == []
