"""A free user's result goes to the vault when its time has come, and not a byte is lost on the way."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import Plan
from archive.models import Holding, HoldingFile, HoldingState
from archive.tending import tend
from archive.vaults import vault
from gas_site.storage import file_store
from tests.archive.world import (
    MINUTE,
    SECOND,
    World,
    change_plan,
    complete,
    events,
    free_user,
    fresh,
    good_cold,
    good_hot,
    premium_user,
    state,
)

pytestmark = pytest.mark.django_db


def test_a_completed_job_of_a_free_user_is_due_after_the_retention(world: World) -> None:
    holding = complete(free_user())
    assert holding.state == HoldingState.AVAILABLE
    assert holding.due_at == world.clock.now + timedelta(minutes=5)
    assert [file.kind for file in holding.files.all()] == ["vcf", "index", "table"]
    [message] = [message for message in world.messages if message.actor == "tend_holding"]
    assert message.at == holding.due_at


def test_a_premium_users_result_has_no_due_time_and_no_message(world: World) -> None:
    holding = complete(premium_user())
    assert (holding.due_at, holding.wake_at) == (None, None)
    world.later(timedelta(days=1))
    assert state(holding) == HoldingState.AVAILABLE


def test_when_due_the_files_are_in_the_vault_and_no_longer_in_the_store(world: World) -> None:
    holding = complete(free_user())
    world.later(5 * MINUTE - SECOND)
    assert state(holding) == HoldingState.AVAILABLE
    assert world.stored() == ["index", "log", "table", "vcf"]
    world.later(SECOND)
    assert events(holding) == ["archiving", "archived"]
    assert world.stored() == ["log"]
    assert world.whole_archives() == 3
    row = fresh(holding)
    assert (row.state, row.untidy, row.due_at, row.lease_expires_at, row.wake_at) == (
        "archived",
        False,
        None,
        None,
        None,
    )
    assert all(good_cold(file) for file in holding.files.all())


def test_a_message_before_the_time_archives_nothing(world: World) -> None:
    holding = complete(free_user())
    tend(holding.pk)
    assert state(holding) == HoldingState.AVAILABLE
    assert world.whole_archives() == 0


def test_the_plan_is_read_again_at_the_moment_of_archiving(world: World) -> None:
    """As if the plan had changed without a word to us: a fixture, a script, a restored backup."""
    holding = complete(free_user())
    type(holding.owner).objects.filter(pk=holding.owner_id).update(plan_id=Plan.PREMIUM)
    world.later(6 * MINUTE)
    assert (state(holding), fresh(holding).due_at) == (HoldingState.AVAILABLE, None)
    assert world.whole_archives() == 0


def test_a_stored_copy_that_differs_is_never_published_and_deletes_nothing(world: World) -> None:
    holding = complete(free_user())
    world.faults.rotten_stores = 1
    world.clock.advance(5 * MINUTE)
    world.work()
    row = fresh(holding)
    assert (row.state, row.attempts) == (HoldingState.ARCHIVING, 1)
    assert row.last_error == "the stored copy of the vcf differs from what the job made"
    assert world.stored() == ["index", "log", "table", "vcf"]
    # What the worker had stored of the other files by then is noted and good.
    noted = {file.kind for file in holding.files.exclude(archive_id="")}
    assert "vcf" not in noted
    assert world.whole_archives() == len(noted)
    world.later(5 * SECOND)
    row = fresh(holding)
    assert (row.state, row.attempts, row.last_error) == (HoldingState.ARCHIVED, 0, "")


def test_a_result_that_has_rotted_in_the_store_stays_there(world: World) -> None:
    holding = complete(free_user())
    file = holding.files.get(kind="table")
    file_store().receive(iter([b"something else"]), file.key)
    world.later(6 * MINUTE)
    row = fresh(holding)
    assert row.state == HoldingState.ARCHIVING
    assert row.last_error == "the stored copy of the table differs from what the job made"
    assert world.stored() == ["index", "log", "table", "vcf"]


@pytest.mark.parametrize("method", ["store", "checksum"])
def test_an_outage_of_the_vault_is_said_in_the_row_and_tried_again_with_growing_pauses(
    world: World, method: str
) -> None:
    holding = complete(free_user())
    world.faults.failing[method] = 3
    world.clock.advance(5 * MINUTE)
    world.work()
    assert fresh(holding).last_error == f"the vault is away ({method})"
    assert fresh(holding).retry_at == world.clock.now + 5 * SECOND
    tend(holding.pk)
    assert world.faults.calls[method] == 1, "a message before retry_at does not hammer the vault"
    world.later(5 * SECOND)
    assert fresh(holding).retry_at == world.clock.now + 10 * SECOND
    world.later(30 * SECOND)
    assert state(holding) == HoldingState.ARCHIVED


def test_an_upgrade_while_the_vault_is_away_calls_the_archive_off(world: World) -> None:
    user = free_user()
    holding = complete(user)
    world.faults.failing["store"] = 1
    world.clock.advance(5 * MINUTE)
    world.work()
    assert state(holding) == HoldingState.ARCHIVING
    change_plan(user, Plan.PREMIUM)
    world.later(MINUTE)
    row = fresh(holding)
    assert (row.state, row.due_at, row.untidy, row.request) == (HoldingState.AVAILABLE, None, False, None)
    assert events(holding) == ["archiving", "available"]
    assert world.archives() == []
    assert all(good_hot(file) for file in holding.files.all())


def test_what_a_dead_worker_stored_without_noting_is_removed(world: World) -> None:
    holding = complete(free_user())
    stray = vault().store(holding.label, iter([b"half a genome"]))
    world.later(5 * MINUTE)
    assert state(holding) == HoldingState.ARCHIVED
    ids = set(HoldingFile.objects.values_list("archive_id", flat=True))
    assert stray.archive_id not in ids
    assert set(vault().labelled(holding.label)) == ids


def test_a_worker_that_lost_its_claim_removes_what_it_stored_and_stops(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    holding = complete(free_user())
    world.clock.advance(5 * MINUTE)
    real = world.faults.meet

    def overtaken(method: str) -> None:
        real(method)
        if method == "store":
            Holding.objects.filter(pk=holding.pk).update(fence=99)

    monkeypatch.setattr(world.faults, "meet", overtaken)
    tend(holding.pk)
    row = fresh(holding)
    assert (row.state, row.fence) == (HoldingState.ARCHIVING, 99)
    assert world.archives() == []
    assert world.stored() == ["index", "log", "table", "vcf"]


def test_an_error_nobody_thought_of_is_kept_in_the_row_and_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    holding = complete(free_user())
    world.clock.advance(5 * MINUTE)
    with monkeypatch.context() as patch:
        patch.setattr("archive.archiving._store", lambda *_: 1 / 0)
        world.work()
    assert fresh(holding).last_error == "unexpected ZeroDivisionError"
    world.later(5 * SECOND)
    assert state(holding) == HoldingState.ARCHIVED


def test_a_file_missing_in_the_store_is_an_error_without_its_name(world: World) -> None:
    holding = complete(free_user())
    file_store().remove(holding.files.get(kind="vcf").key)
    world.later(5 * MINUTE)
    assert fresh(holding).last_error == "FileNotFoundError: No such file or directory"
    assert state(holding) == HoldingState.ARCHIVING
