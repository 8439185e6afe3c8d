"""A worker that sleeps past its lease while it brings a result back: nothing of its copy may count any more."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from django.conf import settings

from archive import retention
from archive.models import Holding, HoldingState
from archive.tending import tend
from gas_site import local_copy
from gas_site.storage import file_store
from tests.archive.faults import FaultyVault, ReadVault
from tests.archive.world import (
    World,
    events,
    fresh,
    good_cold,
    good_hot,
    readable,
    state,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def ready(world: World) -> Holding:
    """Give a holding whose archives can be read."""
    return readable(world)


@pytest.fixture
def meanwhile(world: World, ready: Holding) -> Callable[[], None]:
    """Return what happens while the worker sleeps, once: its lease ends, and another brings everything back."""
    slept: list[bool] = []

    def others_turn() -> None:
        if not slept:
            slept.append(True)
            world.clock.advance(settings.LEASE + timedelta(seconds=5))
            tend(ready.pk)
            assert (state(ready), world.archives()) == (HoldingState.AVAILABLE, [])

    return others_turn


def hidden(world: World) -> list[str]:
    return [path.name for path in world.files.rglob(".*")]


def check_what_counts(world: World, holding: Holding) -> None:
    assert (state(holding), fresh(holding).untidy, fresh(holding).last_error) == (HoldingState.AVAILABLE, False, "")
    assert events(holding) == ["archiving", "archived", "restoring", "available"]
    assert all(good_hot(file) for file in holding.files.all())
    assert hidden(world) == []


def test_a_copy_nobody_has_read_never_takes_the_place_of_the_one_that_counts(
    world: World, ready: Holding, meanwhile: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first worker sleeps in its sync, and its copy has a wrong byte."""
    copy, wrong = local_copy.copy, iter([True])

    def copy_and_sleep(source: BinaryIO, target: BinaryIO, beat: Callable[[int], None]) -> int:
        size = copy(source, target, beat)
        if next(wrong, False):
            os.pwrite(target.fileno(), b"X", 0)
            meanwhile()
        return size

    monkeypatch.setattr(local_copy, "copy", copy_and_sleep)
    tend(ready.pk)
    check_what_counts(world, ready)


def test_what_the_vault_gave_wrong_never_takes_the_place_of_the_one_that_counts(
    world: World, ready: Holding, meanwhile: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    read, wrong = FaultyVault.read, iter([True])

    def read_and_sleep(self: FaultyVault, archive_id: str, retrieval_id: str) -> Iterator[bytes]:
        pieces = read(self, archive_id, retrieval_id)
        if next(wrong, False):
            yield from (b"X" + piece[1:] for piece in pieces)
            meanwhile()
        yield from pieces

    monkeypatch.setattr(FaultyVault, "thaw_into", ReadVault.thaw_into)
    monkeypatch.setattr(FaultyVault, "read", read_and_sleep)
    tend(ready.pk)
    check_what_counts(world, ready)


def test_a_worker_that_sleeps_after_its_last_look_puts_the_same_file_there(
    world: World, ready: Holding, meanwhile: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = type(file_store())
    rename = store.put_in_place
    first = iter([True])

    def sleep_and_rename(self: object, aside: str, key: str, *proof: Any) -> None:
        if next(first, False):
            kept = Path(world.files, aside).read_bytes()
            meanwhile()
            Path(world.files, aside).write_bytes(kept)  # the other one has cleared it away; here it came too early
        rename(self, aside, key, *proof)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "put_in_place", sleep_and_rename)
    tend(ready.pk)
    check_what_counts(world, ready)


def leave_as_if_killed(holding: Holding) -> None:
    """Leave what workers leave that are killed before they compare a copy, and while they write one."""
    for key in holding.files.values_list("key", flat=True):
        folder, _, name = key.rpartition("/")
        file_store().receive(iter([b"half"]), file_store().aside(key, "1"))
        file_store().receive(iter([b"ha"]), f"{folder}/..{name}.aside-1.0123abcd")


def test_what_killed_workers_kept_aside_goes_with_the_next_restore(world: World, ready: Holding) -> None:
    leave_as_if_killed(ready)
    tend(ready.pk)
    check_what_counts(world, ready)


def test_what_killed_workers_kept_aside_goes_when_the_restore_is_called_off(world: World, ready: Holding) -> None:
    leave_as_if_killed(ready)
    assert retention.call_off(ready)
    world.work()
    assert (state(ready), hidden(world)) == (HoldingState.ARCHIVED, [])
    assert all(good_cold(file) for file in ready.files.all())
