"""The archive's mails: plain text, one each, no file name in them."""

from __future__ import annotations

import pytest
from django.core import mail

from accounts.models import Plan
from tests.archive.world import MINUTE, SECOND, World, change_plan, complete, free_user, premium_user

pytestmark = pytest.mark.django_db


def test_the_mail_about_restored_results_counts_them(world: World) -> None:
    user = free_user()
    for _ in range(2):
        complete(user)
    world.later(5 * MINUTE)
    mail.outbox.clear()
    change_plan(user, Plan.PREMIUM)
    world.later(2 * SECOND)
    [message] = mail.outbox
    assert message.subject == "GAS: your 2 results are back"
    assert message.body.startswith("All 2 results that were in cold storage are back and can be downloaded.\n")
    assert "/annotations/" in message.body
    assert "patient" not in message.body


def test_the_mail_about_a_downgrade_says_after_how_long_results_go_cold(world: World) -> None:
    user = premium_user()
    complete(user)
    world.work()
    mail.outbox.clear()
    change_plan(user, Plan.FREE)
    world.work()
    [message] = mail.outbox
    assert message.subject == "GAS: results now go cold after 5 minutes"
    assert "can be downloaded for 5 minutes after it is done" in message.body
    assert "The result that is ready now stays for 5 minutes from this change." in message.body


def test_the_mail_about_a_finished_job_says_until_when_it_can_be_downloaded(world: World) -> None:
    holding = complete(free_user())
    world.work()
    [message] = mail.outbox
    assert holding.due_at is not None
    assert f"can be downloaded until {holding.due_at:%H:%M} UTC" in message.body
