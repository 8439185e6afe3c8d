"""Threads that really race, each on a connection of its own: one wins, every time."""

from __future__ import annotations

import threading

import pytest

from accounts.models import Plan
from accounts.signals import plan_changed
from annotations import deleting, moves
from annotations.deleting import purge
from annotations.models import DeletionReceipt, JobStatus
from archive import claims, sweep
from archive.models import Holding, HoldingState
from archive.tending import tend
from tests.archive.world import (
    MINUTE,
    SECOND,
    World,
    change_plan,
    complete,
    events,
    free_user,
    good_hot,
    job_of,
    premium_user,
    state,
)
from tests.site.factories import make_job
from tests.site.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_six_workers_one_claims_the_holding(world: World) -> None:
    holding = complete(free_user())
    world.clock.advance(5 * MINUTE)
    won = at_once(*[lambda: claims.take(holding.pk)] * 6)
    assert sum(isinstance(claim, claims.Claim) for claim in won) == 1
    assert won.count(None) == 5


def test_of_four_workers_with_the_same_message_one_archives(world: World) -> None:
    holding = complete(free_user())
    world.clock.advance(5 * MINUTE)
    assert at_once(*[lambda: tend(holding.pk)] * 4) == [None] * 4
    assert events(holding) == ["archiving", "archived"]
    assert world.faults.calls["store"] == 3


@pytest.mark.parametrize("attempt", range(5))
def test_an_upgrade_beside_an_archive_ends_with_the_result_in_the_store(world: World, attempt: int) -> None:
    user = free_user()
    holding = complete(user)
    world.clock.advance(5 * MINUTE)
    at_once(lambda: tend(holding.pk), lambda: change_plan(user, Plan.PREMIUM))
    world.later(10 * SECOND)
    assert state(holding) == HoldingState.AVAILABLE
    assert all(good_hot(file) for file in holding.files.all())
    assert world.archives() == []


def test_a_completion_beside_a_downgrade_never_stays_for_good(world: World) -> None:
    user = free_user()
    change_plan(user, Plan.PREMIUM)
    at_once(lambda: complete(user), lambda: change_plan(user, Plan.FREE))
    assert Holding.objects.get().due_at == world.clock.now + 5 * MINUTE


def test_two_sweeps_at_once_send_one_message(world: World) -> None:
    complete(free_user())
    world.lose_messages()
    world.clock.advance(6 * MINUTE)
    at_once(sweep.sweep, sweep.sweep, sweep.sweep)
    assert [message.actor for message in world.messages] == ["tend_holding"]


def test_two_purges_at_once_leave_one_receipt(world: World) -> None:
    holding = complete(free_user())
    world.later(5 * MINUTE)
    job = job_of(holding)
    deleting.delete(job)
    results = at_once(lambda: purge(job.pk), lambda: purge(job.pk), lambda: purge(job.pk))
    assert True in results
    assert all(isinstance(result, bool) for result in results), results
    assert DeletionReceipt.objects.get().details["archives"] == 3
    assert world.archives() == []


@pytest.mark.parametrize(("before", "after"), [(Plan.FREE, Plan.PREMIUM), (Plan.PREMIUM, Plan.FREE)])
def test_a_completion_that_waits_for_a_change_of_plan_goes_by_the_new_plan(
    world: World, before: str, after: str
) -> None:
    """PostgreSQL looks at a row again once it has waited for it, and must still find it beside another plan."""
    user = free_user() if before == Plan.FREE else premium_user()
    job = make_job(user, JobStatus.RUNNING)
    ended: list[object] = []
    worker = threading.Thread(target=lambda: ended.extend(at_once(lambda: moves.complete(job, {"total": 1}))))

    def complete_meanwhile(**_: object) -> None:
        worker.start()
        worker.join(0.3)
        assert worker.is_alive(), "it waits for the owner's row"

    plan_changed.connect(complete_meanwhile)
    try:
        change_plan(user, after)
    finally:
        plan_changed.disconnect(complete_meanwhile)
    worker.join(20)
    assert ended == [True]
    assert Holding.objects.get().due_at == (world.clock.now + 5 * MINUTE if after == Plan.FREE else None)
