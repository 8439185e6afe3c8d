"""Messages are wake-up calls: lost, doubled, late and reordered ones change nothing, and long waits hop."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import Plan
from archive import claims, sweep
from archive.claims import LostClaim
from archive.models import Holding, HoldingState
from archive.tending import tend
from tests.archive.world import MINUTE, SECOND, World, complete, events, free_user, fresh, run, state

pytestmark = pytest.mark.django_db


def tends(world: World) -> list[object]:
    return [message.at for message in world.messages if message.actor == "tend_holding"]


def test_a_retention_longer_than_a_queues_longest_delay_is_hopped(world: World) -> None:
    Plan.objects.filter(pk=Plan.FREE).update(retention=timedelta(minutes=40))
    holding = complete(free_user())
    start = world.clock.now
    seen = []
    for _ in range(3):
        [at] = tends(world)
        seen.append(at)
        world.later(at - world.clock.now)  # type: ignore[operator]
    assert seen == [start + minutes * MINUTE for minutes in (15, 30, 40)]
    assert state(holding) == HoldingState.ARCHIVED
    assert tends(world) == []


def test_of_doubled_messages_one_hops(world: World) -> None:
    Plan.objects.filter(pk=Plan.FREE).update(retention=timedelta(days=7))
    complete(free_user())
    [message] = [message for message in world.messages if message.actor == "tend_holding"]
    world.messages += [message] * 5
    world.later(timedelta(hours=2))
    assert len(tends(world)) == 1


def test_a_message_a_millisecond_early_still_hops(world: World) -> None:
    holding = complete(free_user())
    [message] = [message for message in world.messages if message.actor == "tend_holding"]
    world.clock.advance(5 * MINUTE - timedelta(milliseconds=1))
    world.deliver(message)
    assert state(holding) == HoldingState.AVAILABLE
    assert tends(world) == [holding.due_at]


def test_the_sweep_finds_what_was_due_and_not_done(world: World) -> None:
    holding = complete(free_user())
    world.lose_messages()
    world.clock.advance(5 * MINUTE + 29 * SECOND)
    world.sweep()
    assert tends(world) == [], "the message may only be late"
    world.clock.advance(2 * SECOND)
    world.sweep()
    world.work()
    assert state(holding) == HoldingState.ARCHIVED


def test_of_two_sweeps_at_once_one_sends(world: World) -> None:
    complete(free_user())
    world.lose_messages()
    world.clock.advance(6 * MINUTE)
    first, second = sweep.overlooked(), sweep.overlooked()
    assert len(first) == 1
    sweep.wake(first)
    sweep.wake(second)
    assert len(tends(world)) == 1


def test_a_swept_message_that_is_lost_is_sent_again(world: World) -> None:
    holding = complete(free_user())
    for _ in range(3):
        world.lose_messages()
        world.clock.advance(6 * MINUTE)
        world.sweep()
        assert len(tends(world)) == 1
    world.work()
    assert state(holding) == HoldingState.ARCHIVED


def test_the_sweep_goes_through_more_than_a_batch(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "BATCH", 2)
    for _ in range(5):
        complete(free_user())
    world.lose_messages()
    world.clock.advance(6 * MINUTE)
    world.sweep()
    assert len(tends(world)) == 5


def test_a_doubled_message_does_the_deed_once(world: World) -> None:
    holding = complete(free_user())
    [message] = [message for message in world.messages if message.actor == "tend_holding"]
    world.clock.advance(5 * MINUTE)
    for _ in range(3):
        run(message)
    assert events(holding) == ["archiving", "archived"]
    assert world.faults.calls["store"] == 3, "one a file"


def test_a_message_for_a_holding_that_is_gone_changes_nothing(world: World) -> None:
    tend(123_456)


def test_while_one_worker_has_a_claim_another_finds_nothing(world: World) -> None:
    holding = complete(free_user())
    world.clock.advance(5 * MINUTE)
    first = claims.take(holding.pk)
    assert first is not None
    assert (first.fence, claims.take(holding.pk)) == (1, None)
    tend(holding.pk)
    assert state(holding) == HoldingState.AVAILABLE


def test_the_claim_of_a_dead_worker_ends_with_its_lease_and_the_sweep_wakes_another(world: World) -> None:
    holding = complete(free_user())
    world.clock.advance(5 * MINUTE)
    dead = claims.take(holding.pk)
    assert dead is not None
    world.lose_messages()
    world.clock.advance(59 * SECOND)
    world.sweep()
    assert tends(world) == []
    world.clock.advance(32 * SECOND)
    world.sweep()
    world.work()
    assert state(holding) == HoldingState.ARCHIVED
    with pytest.raises(LostClaim):
        dead.renew()
    with pytest.raises(LostClaim):
        dead.holding()


def test_a_copy_that_takes_long_renews_the_lease(world: World) -> None:
    holding = complete(free_user())
    world.clock.advance(5 * MINUTE)
    claim = claims.take(holding.pk)
    assert claim is not None
    claimed_at = world.clock.now
    world.clock.advance(14 * SECOND)
    claim._renewed -= 14  # a quarter of the lease is 15 s
    claim.beat(1)
    assert fresh(holding).lease_expires_at == claimed_at + 60 * SECOND, "not yet"
    claim._renewed -= 2
    claim.beat(1)
    assert fresh(holding).lease_expires_at == world.clock.now + 60 * SECOND
    Holding.objects.filter(pk=holding.pk).update(fence=7)
    claim._renewed -= 16
    with pytest.raises(LostClaim):
        list(claim.watched([b"", b"", b""]))
