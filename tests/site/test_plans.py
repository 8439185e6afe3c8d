"""A user's plan changes in one place: once, with an audit row and a signal."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from accounts.models import Plan, PlanChange, User
from accounts.plans import set_plan
from accounts.signals import plan_changed
from tests.site.factories import make_user

pytestmark = pytest.mark.django_db


def premium() -> Plan:
    return Plan.objects.get(pk=Plan.PREMIUM)


def test_there_are_two_plans_from_the_start(settings: Settings) -> None:
    free = Plan.objects.get(pk=Plan.FREE)
    assert (free.max_upload_bytes, free.retention) == (settings.FREE_MAX_BYTES, settings.FREE_RETENTION)
    assert (premium().max_upload_bytes, premium().retention) == (None, None)
    assert settings.FREE_MAX_BYTES == 153_600


def test_everybody_starts_on_the_free_plan(alice: User) -> None:
    assert alice.plan_id == "free"
    assert not alice.is_premium


def test_a_change_is_written_down_and_told_inside_the_transaction(alice: User) -> None:
    heard: list[tuple[str, str, str, bool]] = []

    def listen(sender: Any, user: User, before: Plan, after: Plan, **kwargs: Any) -> None:
        heard.append((user.email, before.pk, after.pk, connection.in_atomic_block))

    plan_changed.connect(listen)
    try:
        assert set_plan(alice, premium(), reason="paid")
        assert not set_plan(alice, premium(), reason="paid again")
    finally:
        plan_changed.disconnect(listen)
    assert heard == [("alice@example.org", "free", "premium", True)]
    change = PlanChange.objects.get()
    assert (change.before_id, change.after_id, change.reason) == ("free", "premium", "paid")
    assert alice.is_premium
    assert User.objects.get(pk=alice.pk).plan_id == "premium"


def test_a_stale_user_object_changes_nothing_twice(alice: User) -> None:
    stale = User.objects.get(pk=alice.pk)
    assert set_plan(alice, premium(), reason="paid")
    assert not set_plan(stale, premium(), reason="paid")
    assert PlanChange.objects.count() == 1


def test_a_receiver_that_fails_takes_the_change_back(alice: User) -> None:
    def refuse(**kwargs: Any) -> None:
        raise RuntimeError

    plan_changed.connect(refuse)
    try:
        with pytest.raises(RuntimeError):
            set_plan(alice, premium(), reason="paid")
    finally:
        plan_changed.disconnect(refuse)
    assert User.objects.get(pk=alice.pk).plan_id == "free"
    assert not PlanChange.objects.exists()


def test_a_long_reason_is_cut(alice: User) -> None:
    set_plan(alice, premium(), reason="by hand: " + "x" * 300)
    assert len(PlanChange.objects.get().reason) == 200


def test_an_address_is_kept_in_small_letters() -> None:
    assert make_user("Ada.Lovelace@Example.ORG").email == "ada.lovelace@example.org"


def test_a_user_without_an_address_is_refused() -> None:
    with pytest.raises(ValueError, match=r"A user needs an e-mail address\."):
        User.objects.create_user("")
