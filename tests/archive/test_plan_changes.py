"""A change of plan in every state of a holding: premium keeps everything, free lets it go after a full retention."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.models import Notification, Plan, User
from archive.models import Holding, HoldingState, RestoreRequest
from archive.tending import tend
from tests.archive.world import (
    MINUTE,
    SECOND,
    World,
    change_plan,
    complete,
    events,
    free_user,
    fresh,
    good_hot,
    premium_user,
    state,
)

pytestmark = pytest.mark.django_db


def test_an_upgrade_calls_pending_archives_off(world: World) -> None:
    user = free_user()
    holding = complete(user)
    world.later(4 * MINUTE + 59 * SECOND)
    assert change_plan(user, Plan.PREMIUM)
    assert fresh(holding).due_at is None
    world.later(10 * MINUTE)
    assert (state(holding), events(holding), fresh(holding).wake_at) == (HoldingState.AVAILABLE, [], None)
    assert not RestoreRequest.objects.exists()


def test_an_upgrade_in_the_very_moment_of_the_claim_wins(world: World) -> None:
    holding = complete(free_user())
    world.clock.advance(5 * MINUTE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("archive.tending.reach", upgrade_at("claim.taken", holding.owner))
        world.work()
    assert (state(holding), fresh(holding).due_at, events(holding)) == (HoldingState.AVAILABLE, None, [])


@pytest.mark.parametrize("step", ["archive.started", "archive.stored", "archive.noted", "archive.verified"])
def test_an_upgrade_while_archiving_lets_the_archive_finish_and_the_restore_follow(world: World, step: str) -> None:
    holding = complete(free_user())
    world.clock.advance(5 * MINUTE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("archive.archiving.reach", upgrade_at(step, holding.owner))
        world.work()
    world.later(10 * SECOND)
    assert events(holding) == ["archiving", "archived", "restoring", "available"]
    assert all(good_hot(file) for file in holding.files.all())
    [request] = RestoreRequest.objects.all()
    assert (request.total, request.restored) == (1, 1)


@pytest.mark.parametrize("step", ["archive.published", "archive.removed", "archive.tidied"])
def test_an_upgrade_right_after_the_archive_restores_it(world: World, step: str) -> None:
    holding = complete(free_user())
    world.clock.advance(5 * MINUTE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("archive.archiving.reach", upgrade_at(step, holding.owner))
        world.work()
    assert state(holding) == HoldingState.RESTORING
    world.later(10 * SECOND)
    assert events(holding) == ["archiving", "archived", "restoring", "available"]
    assert world.stored() == ["index", "log", "table", "vcf"]
    assert world.archives() == []


def upgrade_at(wanted: str, user: User) -> Callable[[str], None]:
    """Return a stand-in for reach() that upgrades the user at one step."""
    return lambda step: step == wanted and change_plan(user, Plan.PREMIUM)  # type: ignore[return-value]


def test_a_downgrade_gives_available_results_a_full_retention_and_tells_the_user(world: World) -> None:
    user = premium_user()
    holdings = [complete(user) for _ in range(2)]
    world.later(60 * MINUTE)
    change_plan(user, Plan.FREE)
    assert {fresh(holding).due_at for holding in holdings} == {world.clock.now + 5 * MINUTE}
    [mail] = Notification.objects.filter(kind="results_go_cold")
    assert mail.user == user
    assert mail.context == {"length": "5 minutes", "count": 2, "path": "/annotations/"}
    world.later(5 * MINUTE)
    assert [state(holding) for holding in holdings] == [HoldingState.ARCHIVED] * 2


def test_a_downgrade_without_results_tells_the_user_all_the_same(world: World) -> None:
    user = premium_user()
    change_plan(user, Plan.FREE)
    assert Notification.objects.get(kind="results_go_cold").context["count"] == 0


def test_each_downgrade_is_told_once(world: World) -> None:
    user = premium_user()
    for _ in range(2):
        change_plan(user, Plan.FREE)
        change_plan(user, Plan.FREE)
        change_plan(user, Plan.PREMIUM)
    assert Notification.objects.filter(kind="results_go_cold").count() == 2


def test_a_downgrade_while_restoring_lets_the_restore_finish_and_then_starts_the_retention(world: World) -> None:
    user = free_user()
    holding = complete(user)
    world.later(5 * MINUTE)
    change_plan(user, Plan.PREMIUM)
    world.work()
    change_plan(user, Plan.FREE)
    world.later(2 * SECOND)
    back = world.clock.now
    assert (state(holding), fresh(holding).due_at) == (HoldingState.AVAILABLE, back + 5 * MINUTE)
    world.later(5 * MINUTE)
    assert state(holding) == HoldingState.ARCHIVED
    [mail] = Notification.objects.filter(kind="results_restored")
    assert mail.context["stay"] is False


def test_a_downgrade_while_archiving_stays_archived_and_mails_nothing(world: World) -> None:
    """Up and down again before the archive is done: nothing was restored, so nothing is told."""
    user = free_user()
    holding = complete(user)
    world.clock.advance(5 * MINUTE)

    def up_and_down(step: str) -> None:
        if step == "archive.started":
            change_plan(user, Plan.PREMIUM)
            change_plan(user, Plan.FREE)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("archive.archiving.reach", up_and_down)
        world.work()
    assert events(holding) == ["archiving", "archived"]
    world.clock.advance(2 * MINUTE)
    world.sweep()
    [request] = RestoreRequest.objects.all()
    assert (request.finished_at, request.restored) == (world.clock.now, 0)
    assert not Notification.objects.filter(kind="results_restored").exists()


def test_a_downgrade_of_an_archived_result_changes_nothing(world: World) -> None:
    user = free_user()
    holding = complete(user)
    world.later(5 * MINUTE)
    Plan.objects.create(slug="lab", name="Lab", retention=30 * MINUTE)
    change_plan(user, "lab")
    world.later(MINUTE)
    assert state(holding) == HoldingState.ARCHIVED
    assert not Notification.objects.filter(kind="results_go_cold").exists(), "longer than before is no bad news"


def test_what_is_restored_is_the_upgraded_users_alone(world: World) -> None:
    mine, theirs = complete(free_user()), complete(free_user())
    world.later(5 * MINUTE)
    change_plan(mine.owner, Plan.PREMIUM)
    world.later(2 * SECOND)
    assert (state(mine), state(theirs)) == (HoldingState.AVAILABLE, HoldingState.ARCHIVED)


def test_a_second_upgrade_asks_for_what_went_cold_in_between(world: World) -> None:
    user = free_user()
    holding = complete(user)
    world.later(5 * MINUTE)
    for _ in range(2):
        change_plan(user, Plan.PREMIUM)
        world.later(2 * SECOND)
        assert state(holding) == HoldingState.AVAILABLE
        change_plan(user, Plan.FREE)
        world.later(5 * MINUTE)
        assert state(holding) == HoldingState.ARCHIVED
    assert list(RestoreRequest.objects.order_by("pk").values_list("total", "restored")) == [(1, 1), (1, 1)]
    assert Notification.objects.filter(kind="results_restored").count() == 2


def test_a_downgrade_while_the_archives_are_being_removed_starts_the_retention(world: World) -> None:
    user = free_user()
    holding = complete(user)
    world.later(5 * MINUTE)
    change_plan(user, Plan.PREMIUM)
    world.work()
    world.clock.advance(2 * SECOND)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "archive.restoring.reach", lambda step: step == "restore.removed" and change_plan(user, Plan.FREE)
        )
        tend(holding.pk)
    assert fresh(holding).due_at == world.clock.now + 5 * MINUTE
    world.later(5 * MINUTE)
    assert state(holding) == HoldingState.ARCHIVED
    assert Holding.objects.get().untidy is False
