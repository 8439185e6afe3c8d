"""Archived results come back: asked for in the first tier with room, waited for, compared, published, tidied."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import Settings

from accounts.models import Notification, Plan
from archive.actors import retrieval_completed
from archive.models import Holding, HoldingState, RestoreRequest
from archive.requests import ask_back, restore_progress
from archive.tending import tend
from archive.vaults import vault
from gas_site.storage import file_store
from tests.archive.faults import FaultyVault, ReadVault
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
    state,
    vault_setting,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def archived(world: World) -> Holding:
    """Give an archived holding of a free user."""
    holding = complete(free_user())
    world.later(5 * MINUTE)
    assert state(holding) == HoldingState.ARCHIVED
    return fresh(holding)


def test_an_upgrade_brings_a_result_back_byte_for_byte_and_empties_the_vault(world: World, archived: Holding) -> None:
    change_plan(archived.owner, Plan.PREMIUM)
    asked = fresh(archived)
    assert (asked.state, asked.since) == (HoldingState.RESTORING, world.clock.now)
    world.work()
    waiting = fresh(archived)
    assert (waiting.tier, waiting.expected_at) == ("expedited", world.clock.now + 2 * SECOND)
    assert world.stored() == ["log"], "nothing is there before the vault has it"
    world.later(2 * SECOND)
    row = fresh(archived)
    assert (row.state, row.due_at, row.untidy, row.tier, row.expected_at) == ("available", None, False, "", None)
    assert events(archived) == ["archiving", "archived", "restoring", "available"]
    assert all(good_hot(file) for file in archived.files.all())
    assert world.archives() == []
    assert not list((world.vault_directory / "retrievals").rglob("*.json"))
    assert set(archived.files.values_list("archive_id", "retrieval")) == {("", "")}


def test_without_expedited_capacity_the_standard_tier_is_asked(world: World, archived: Holding) -> None:
    world.faults.full_tiers = {"expedited"}
    change_plan(archived.owner, Plan.PREMIUM)
    world.work()
    row = fresh(archived)
    assert (row.tier, row.expected_at, row.last_error) == ("standard", world.clock.now + 5 * SECOND, "")
    world.later(4 * SECOND)
    assert state(archived) == HoldingState.RESTORING
    world.later(SECOND)
    assert state(archived) == HoldingState.AVAILABLE


def test_without_any_capacity_the_row_says_so_and_it_is_tried_again(world: World, archived: Holding) -> None:
    world.faults.full_tiers = {"expedited", "standard"}
    change_plan(archived.owner, Plan.PREMIUM)
    world.work()
    row = fresh(archived)
    assert (row.state, row.last_error, row.attempts) == (HoldingState.RESTORING, "no standard capacity", 1)
    world.faults.heal()
    world.later(MINUTE)
    assert state(archived) == HoldingState.AVAILABLE


def test_the_tiers_are_a_setting(world: World, archived: Holding, settings: Settings) -> None:
    settings.RESTORE_TIERS = ["standard"]
    change_plan(archived.owner, Plan.PREMIUM)
    world.work()
    assert fresh(archived).tier == "standard"


def test_the_notification_alone_brings_it_back(world: World, archived: Holding) -> None:
    change_plan(archived.owner, Plan.PREMIUM)
    world.work()
    world.lose_messages()
    world.clock.advance(2 * SECOND)
    for archive_id in archived.files.values_list("archive_id", flat=True):
        retrieval_completed.fn(archive_id)
    assert state(archived) == HoldingState.AVAILABLE


def test_polling_alone_brings_it_back(world: World, archived: Holding) -> None:
    """No message survives and no notification comes: the sweep finds that the expected time is over."""
    change_plan(archived.owner, Plan.PREMIUM)
    world.work()
    world.lose_messages()
    world.clock.advance(33 * SECOND)
    world.sweep()
    world.work()
    assert state(archived) == HoldingState.AVAILABLE


def test_a_notification_that_comes_too_early_changes_nothing(world: World, archived: Holding) -> None:
    change_plan(archived.owner, Plan.PREMIUM)
    world.work()
    retrieval_completed.fn(archived.files.all()[0].archive_id)
    assert state(archived) == HoldingState.RESTORING
    assert fresh(archived).expected_at == world.clock.now + 2 * SECOND
    retrieval_completed.fn("of/nobody")
    world.later(2 * SECOND)
    assert state(archived) == HoldingState.AVAILABLE


def test_a_vault_that_is_late_is_asked_every_minute(world: World, archived: Holding) -> None:
    change_plan(archived.owner, Plan.PREMIUM)
    world.work()
    settings_delays = vault().delays  # type: ignore[attr-defined]
    for path in (world.vault_directory / "retrievals").rglob("*.json"):
        path.unlink()
    settings_delays["expedited"] = timedelta(minutes=3)
    world.later(2 * SECOND)
    assert fresh(archived).expected_at == world.clock.now + 3 * MINUTE, "forgotten by the vault, so asked again"
    world.later(3 * MINUTE)
    assert state(archived) == HoldingState.AVAILABLE


def restored_with_a_rotten_read(world: World, archived: Holding) -> Holding:
    """Have the owner pay, and the vault give the first file back wrong."""
    change_plan(archived.owner, Plan.PREMIUM)
    world.work()
    world.faults.rotten_reads = 1
    world.clock.advance(2 * SECOND)
    world.work()
    return fresh(archived)


def test_what_is_copied_back_wrong_is_never_published_and_does_not_stay(world: World, archived: Holding) -> None:
    row = restored_with_a_rotten_read(world, archived)
    assert (row.state, row.attempts) == (HoldingState.RESTORING, 1)
    assert row.last_error == "the thawed copy of the vcf differs from what the job made"
    assert "vcf" not in world.stored()
    assert all(good_cold(file) for file in archived.files.all())
    world.later(5 * SECOND)
    assert state(archived) == HoldingState.AVAILABLE


def test_what_comes_back_wrong_is_never_published(
    world: World, archived: Holding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FaultyVault, "thaw_into", ReadVault.thaw_into)
    row = restored_with_a_rotten_read(world, archived)
    assert (row.state, row.attempts) == (HoldingState.RESTORING, 1)
    assert row.last_error == "what the vault gave back for the vcf differs from what the job made"
    assert world.stored() == ["log"]
    assert all(good_cold(file) for file in archived.files.all())
    world.later(5 * SECOND)
    assert state(archived) == HoldingState.AVAILABLE


def test_a_retrieval_that_was_asked_for_twice_is_one(world: World, archived: Holding) -> None:
    change_plan(archived.owner, Plan.PREMIUM)
    world.work()
    archived.files.update(retrieval="")
    Holding.objects.filter(pk=archived.pk).update(expected_at=None)
    world.clock.advance(SECOND)
    tend(archived.pk)
    assert fresh(archived).expected_at == world.clock.now + SECOND
    assert len(list((world.vault_directory / "retrievals").rglob("*.json"))) == 3


def test_files_that_are_still_in_the_store_are_not_asked_for(world: World) -> None:
    """The upgrade came while the archive was being made; the vault's copies are not needed."""
    holding = complete(free_user())
    world.clock.advance(5 * MINUTE)

    def upgrade(step: str) -> None:
        if step == "archive.noted":
            change_plan(holding.owner, Plan.PREMIUM)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("archive.archiving.reach", upgrade)
        world.deliver(next(message for message in world.due() if message.actor == "tend_holding"))
    assert events(holding) == ["archiving", "archived", "restoring"]
    assert fresh(holding).request is not None
    world.work()
    assert state(holding) == HoldingState.AVAILABLE
    assert world.faults.calls["request"] == 0
    assert world.archives() == []
    assert restore_progress(holding.owner) is None
    assert Notification.objects.filter(kind="results_restored").count() == 1


def test_one_mail_when_the_last_of_an_upgrades_restores_is_done(world: World) -> None:
    user = free_user()
    holdings = [complete(user) for _ in range(3)]
    world.later(5 * MINUTE)
    change_plan(user, Plan.PREMIUM)
    progress = restore_progress(user)
    assert progress is not None
    assert (progress.done, progress.total, progress.since) == (0, 3, world.clock.now)
    world.work()
    world.clock.advance(2 * SECOND)
    for number, holding in enumerate(holdings, start=1):
        assert not Notification.objects.filter(kind="results_restored").exists()
        tend(holding.pk)
        progress = restore_progress(user)
        assert (progress.done if progress else 3) == number
    [mail] = Notification.objects.filter(kind="results_restored")
    assert (mail.user, mail.context["count"], mail.context["stay"]) == (user, 3, True)
    [request] = RestoreRequest.objects.all()
    assert (request.total, request.restored, request.finished_at) == (3, 3, world.clock.now)


def test_staff_bring_a_free_users_result_back_and_its_retention_starts_anew(world: World, archived: Holding) -> None:
    request = ask_back(archived.owner, "staff", tier="standard")
    assert request is not None
    assert request.total == 1
    world.work()
    assert fresh(archived).tier == "standard"
    world.later(5 * SECOND)
    assert fresh(archived).due_at == world.clock.now + 5 * MINUTE
    world.later(5 * MINUTE)
    assert state(archived) == HoldingState.ARCHIVED
    assert ask_back(free_user(), "staff") is None


def test_archives_of_a_vault_that_the_setting_no_longer_names_are_an_error_that_says_so(
    world: World, archived: Holding, settings: Settings
) -> None:
    there = settings.VAULT
    settings.VAULT = vault_setting(world.vault_directory.with_name("other"))
    change_plan(archived.owner, Plan.PREMIUM)
    world.work()
    assert fresh(archived).last_error.startswith(f"the archives lie in the vault file:{world.vault_directory}")
    settings.VAULT = there
    world.later(MINUTE)
    assert state(archived) == HoldingState.AVAILABLE


def test_the_archive_stays_where_the_thawed_file_does_not_last(world: World, archived: Holding) -> None:
    """A worker died after it published; before the next one removes the archive, it reads the file again."""
    change_plan(archived.owner, Plan.PREMIUM)
    world.work()
    world.faults.failing["remove"] = 1
    world.clock.advance(2 * SECOND)
    world.work()
    assert (state(archived), fresh(archived).untidy) == (HoldingState.AVAILABLE, True)
    key = archived.files.get(kind="index").key
    file_store().receive(iter([b"rot"]), key)
    world.later(5 * SECOND)
    row = fresh(archived)
    assert row.last_error == "the index in the file store differs from what the job made; the archive is kept"
    assert all(good_cold(file) for file in archived.files.all())


def test_an_error_of_the_last_step_goes_when_the_step_is_done(world: World, archived: Holding) -> None:
    change_plan(archived.owner, Plan.PREMIUM)
    world.work()
    world.faults.failing["remove"] = 1
    world.clock.advance(2 * SECOND)
    world.work()
    assert fresh(archived).last_error == "the vault is away (remove)"
    world.later(5 * SECOND)
    row = fresh(archived)
    assert (row.untidy, row.attempts, row.last_error, row.retry_at) == (False, 0, "", None)
