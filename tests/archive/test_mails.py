"""The archive's mails: plain text, one each, no file name in them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from django.core import mail

from accounts.models import Plan, User
from tests.archive.world import (
    MINUTE,
    SECOND,
    World,
    change_plan,
    complete,
    free_user,
    fresh,
    job_of,
    premium_user,
)
from tests.site.factories import signed_in

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
    assert f"can be downloaded until {holding.due_at:%H:%M} (UTC)" in message.body


def test_times_in_mails_and_in_sentences_are_the_persons_own(world: World) -> None:
    user = free_user()
    User.objects.filter(pk=user.pk).update(time_zone="Asia/Kolkata")
    holding = complete(User.objects.get(pk=user.pk))
    world.work()
    assert holding.due_at is not None
    due_at = holding.due_at.astimezone(ZoneInfo("Asia/Kolkata"))
    assert f"until {due_at:%H:%M} (Asia/Kolkata) on {due_at.day} {due_at:%B}" in mail.outbox[-1].body

    world.later(5 * MINUTE)
    world.faults.failing["request"] = 1
    change_plan(user, Plan.PREMIUM)
    world.work()
    again = fresh(holding).retry_at
    assert again is not None
    page = signed_in(user).get(job_of(holding).get_absolute_url()).content.decode()
    assert f"The next try is at {again.astimezone(ZoneInfo('Asia/Kolkata')):%H:%M} (Asia/Kolkata)." in page
