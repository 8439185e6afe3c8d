"""Files and vault in S3, which for a while answers with 500, slowly, with cut bodies, or not at all: nothing is lost.

The requests go through a proxy that spoils every third one, until the trouble is over.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import Plan
from archive.models import Holding, HoldingState
from archive.vaults import vault
from gas_site import resuming
from gas_site.storage import file_store
from tests.archive.world import MINUTE, World, change_plan, complete, free_user, fresh, state
from tests.cloud.buckets import contents
from tests.cloud.proxy import Proxy, proxy_before
from tests.cloud.vaults import BUCKET, move_to_s3

pytestmark = pytest.mark.django_db
FAULTS = ["500", "cut", "lost", "500", "slow", "cut", "500"]


@pytest.fixture
def trouble(world: World, settings: Settings, amazon: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """Put files and vault into S3, with a proxy before both."""
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    monkeypatch.setattr(resuming, "FIRST_PAUSE_SECONDS", 0)
    with proxy_before(amazon) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.address)
        move_to_s3(settings)
        yield proxy
    vault.cache_clear()


def begin(proxy: Proxy, well: int) -> None:
    """Let a request go wrong after every ``well`` that go well, in one way after another."""
    faults, numbers = itertools.cycle(FAULTS), itertools.count()
    proxy.plan = lambda method, path: "" if next(numbers) % (well + 1) else next(faults)


def until_state(world: World, holding: Holding, wanted: HoldingState) -> int:
    """Work and let time pass until the holding is there; return how many rounds that took."""
    for number in range(60):
        world.work()
        if state(holding) == wanted and not fresh(holding).untidy:
            return number
        world.clock.advance(timedelta(minutes=2))
        world.sweep()
    raise AssertionError(f"{state(holding)}: {fresh(holding).last_error}")


def content_of(holding: Holding) -> dict[str, bytes]:
    found: dict[str, Any] = {}
    for file in holding.files.all():
        with file_store().read(file.key) as source:
            found[file.kind] = source.read()
    return found


def test_trouble_of_every_kind_delays_a_result_and_loses_nothing(world: World, trouble: Proxy) -> None:
    holding = complete(free_user(), lambda kind: kind.encode() * 40_000)
    before = content_of(holding)
    world.clock.advance(5 * MINUTE)
    begin(trouble, well=2)
    until_state(world, holding, HoldingState.ARCHIVED)
    assert len(trouble.done) > 10
    trouble.plan = lambda method, path: ""
    left = [key for key in contents("gas") if "/results/" in key]
    assert [key.rsplit(".")[-1] for key in left] == ["log"], "the hot copies are gone, the log stays"
    assert len(contents(BUCKET)) == 6, "three archives with their manifests, and no strays"
    begin(trouble, well=2)
    change_plan(holding.owner, Plan.PREMIUM)
    until_state(world, holding, HoldingState.AVAILABLE)
    trouble.plan = lambda method, path: ""
    assert content_of(holding) == before
    assert contents(BUCKET) == {}


def test_a_minute_without_any_answer_is_waited_for(world: World, trouble: Proxy) -> None:
    holding = complete(free_user())
    trouble.plan = lambda method, path: "500"
    world.later(6 * MINUTE)
    assert state(holding) == HoldingState.ARCHIVING
    assert "S3 answered InternalError" in fresh(holding).last_error
    trouble.plan = lambda method, path: ""
    assert until_state(world, holding, HoldingState.ARCHIVED) >= 0
    assert fresh(holding).last_error == ""
