"""What the job's page, the list, the help and the profile say of a result in each state, and what they offer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Plan, User
from annotations.figures.words import clock, duration
from annotations.models import Job
from archive.models import Holding, HoldingState
from tests.archive.world import MINUTE, SECOND, World, change_plan, complete, free_user, premium_user
from tests.site.factories import SUMMARY, signed_in
from tests.site.markup import faults

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>.vcf"
COLD = ("vcf", "index", "table")
LIST = reverse("annotations:list")


def result(user: User) -> Holding:
    """Complete a job with a whole summary and the worst of names."""
    holding = complete(user)
    Job.objects.filter(pk=holding.job_id).update(file_name=HOSTILE, summary=SUMMARY)
    return holding


def url(name: str, holding: Holding) -> str:
    return reverse(f"annotations:{name}", args=[holding.job_id])


def read(holding: Holding, path: str = "") -> str:
    page = signed_in(User.objects.get(pk=holding.owner_id)).get(path or url("detail", holding)).content.decode()
    assert faults(page) == []
    assert "<img src=x" not in page
    return page


def links(page: str, holding: Holding) -> list[str]:
    """Return the kinds of file that the page links to."""
    job = holding.job_id
    return [kind for kind in (*COLD, "log", "input") if reverse("annotations:download", args=[job, kind]) in page]


def test_an_available_result_counts_down_and_has_every_download(world: World) -> None:
    holding = result(free_user())
    page = read(holding)
    assert links(page, holding) == [*COLD, "log", "input"]
    assert 'data-state="completed"' in page
    assert 'data-countdown="300" hidden' in page
    assert f"{timezone.localtime(holding.due_at):%H:%M:%S}</time> (UTC)" in page
    assert f"{reverse('plans')}?next={url('detail', holding)}" in page
    assert "Keep results with Premium" in page
    assert 'hx-trigger="countdown-over from:body"' in page
    assert "js/countdown" in page


def test_a_result_that_stays_says_nothing_of_cold_storage(world: World) -> None:
    holding = result(premium_user())
    page = read(holding)
    assert links(page, holding) == [*COLD, "log", "input"]
    assert "cold storage" not in page.lower()
    assert "hx-get" not in page
    assert "js/countdown" not in page


def test_a_result_whose_time_is_over_and_that_nobody_has_fetched_yet_can_be_downloaded_and_is_asked_about(
    world: World,
) -> None:
    holding = result(free_user())
    world.lose_messages()
    world.clock.advance(6 * MINUTE)
    page = read(holding)
    assert links(page, holding) == [*COLD, "log", "input"]
    assert "moves to cold storage now" in page
    assert "data-countdown" not in page
    assert 'hx-trigger="every 2s"' in page
    assert "Goes cold now" in read(holding, LIST)


def test_an_archived_result_has_no_link_to_what_is_away_and_the_upgrade_as_its_main_act(world: World) -> None:
    holding = result(free_user())
    world.later(5 * MINUTE)
    page = read(holding)
    assert links(page, holding) == ["log", "input"]
    assert 'class="state" data-state="archived"' in page
    assert 'data-state="completed"' not in page
    assert "In cold storage since" in page
    assert "Upgrade to restore" in page
    assert "data-countdown" not in page
    assert "hx-get" not in page
    assert "3 variants" in page


@pytest.mark.parametrize("plan", [Plan.FREE, Plan.PREMIUM])
def test_a_result_on_its_way_into_cold_storage_has_no_link_either(world: World, plan: str) -> None:
    holding = result(free_user())
    Holding.objects.filter(pk=holding.pk).update(state=HoldingState.ARCHIVING, due_at=None)
    User.objects.filter(pk=holding.owner_id).update(plan=plan)
    page = read(holding)
    assert links(page, holding) == ["log", "input"]
    assert "moving to cold storage" in page
    assert 'hx-trigger="every 2s"' in page
    assert ("come back as soon as this move is done" in page) is (plan == Plan.PREMIUM)
    assert ("Upgrade to" in page) is (plan == Plan.FREE)


def test_who_has_premium_is_not_offered_it_for_a_result_that_stayed_cold(world: World) -> None:
    holding = result(free_user())
    world.later(5 * MINUTE)
    User.objects.filter(pk=holding.owner_id).update(plan=Plan.PREMIUM)
    page, rows = read(holding), read(holding, LIST)
    assert "Upgrade to" not in page + rows
    assert "has not been asked back" in page
    assert "Details" in rows


def test_a_restoring_result_says_since_when_by_which_tier_and_until_when(world: World) -> None:
    holding = result(free_user())
    world.later(5 * MINUTE)
    change_plan(holding.owner, Plan.PREMIUM)
    world.work()
    page = read(holding)
    back = timezone.localtime(world.clock.now + 2 * SECOND)
    assert links(page, holding) == ["log", "input"]
    assert 'class="state" data-state="restoring"' in page
    assert f"{back:%H:%M:%S}</time> (UTC)" in page
    assert "expedited retrieval" in page
    assert "we email you when everything is back" in page
    assert 'hx-trigger="every 2s"' in page
    world.later(2 * SECOND)
    page = read(holding)
    assert links(page, holding) == [*COLD, "log", "input"]
    assert 'class="state" data-state="completed"' in page


def test_a_restore_that_does_not_get_on_says_so_on_the_page_and_in_the_list(world: World) -> None:
    holding = result(free_user())
    world.later(5 * MINUTE)
    world.faults.failing["request"] = 1
    change_plan(holding.owner, Plan.PREMIUM)
    world.work()
    assert "could not be brought back yet" in read(holding)
    assert "could not be brought back yet" in read(holding, LIST)


def test_a_restore_that_is_late_does_not_promise_the_past(world: World) -> None:
    holding = result(free_user())
    world.later(5 * MINUTE)
    change_plan(holding.owner, Plan.PREMIUM)
    world.work()
    Holding.objects.filter(pk=holding.pk).update(expected_at=world.clock.now - MINUTE)
    page, rows = read(holding), read(holding, LIST)
    assert "Back by" not in page + rows
    assert "and takes longer" in page
    assert "On its way back" in rows


def test_the_page_asks_again_and_is_told_to_reload_only_when_something_changed(world: World) -> None:
    holding = result(free_user())
    client = signed_in(holding.owner)
    shown = f"{url('whereabouts', holding)}?shown={client.get(url('detail', holding)).context['availability'].stamp}"
    same = client.get(shown)
    assert (same.status_code, "HX-Refresh" in same, "<html" in same.content.decode()) == (200, False, False)
    assert "no-store" in same["Cache-Control"]
    world.later(5 * MINUTE)
    assert client.get(shown)["HX-Refresh"] == "true"
    assert client.get(url("whereabouts", holding))["HX-Refresh"] == "true"


def test_where_a_result_is_is_told_to_its_owner_alone(world: World, client: Client) -> None:
    holding = result(free_user())
    assert signed_in(free_user()).get(url("whereabouts", holding)).status_code == 404
    assert client.get(url("whereabouts", holding)).status_code == 302
    assert signed_in(holding.owner).post(url("whereabouts", holding)).status_code == 405


def test_the_list_says_each_state_and_offers_what_fits(world: World) -> None:
    user = free_user()
    cold = result(user)
    world.later(5 * MINUTE)
    ready = result(user)
    page = read(ready, LIST)
    assert (links(page, cold), links(page, ready)) == ([], ["vcf"])
    assert "Upgrade to restore" in page
    assert "Figures stay; the file needs Premium" in page
    assert 'data-countdown="300" hidden' in page
    assert 'hx-trigger="countdown-over from:body"' in page
    change_plan(user, Plan.PREMIUM)
    world.work()
    page = read(ready, LIST)
    assert (links(page, cold), links(page, ready)) == ([], ["vcf"])
    assert "Back by" in page
    assert "Asked back at" in page
    assert "Details" in page
    assert 'hx-trigger="every 3s"' in page
    assert "This page refreshes while a result moves." in page
    world.later(2 * SECOND)
    page = read(ready, LIST)
    assert (links(page, cold), links(page, ready)) == (["vcf"], ["vcf"])
    assert "hx-trigger" not in page


def test_the_profile_counts_what_is_back(world: World) -> None:
    user = free_user()
    holdings = [result(user) for _ in range(3)]
    world.later(5 * MINUTE)
    profile = reverse("profile")
    assert "See which are ready" not in read(holdings[0], profile)
    change_plan(user, Plan.PREMIUM)
    assert "3 results are on their way back." in read(holdings[0], profile)
    world.work()
    world.clock.advance(2 * SECOND)
    world.deliver(world.due()[0])
    assert "1 of 3 results are back." in read(holdings[0], profile)
    world.later(MINUTE)
    assert "See which are ready" not in read(holdings[0], profile)


def test_the_help_and_the_form_say_how_long_from_the_plan(world: World) -> None:
    Plan.objects.filter(pk=Plan.FREE).update(retention=timedelta(days=3))
    client = signed_in(free_user())
    assert "can be downloaded for 3 days after the job" in client.get(reverse("help")).content.decode()
    assert "3 days later." in client.get(reverse("annotate")).content.decode()
    premium = signed_in(premium_user()).get(reverse("annotate")).content.decode()
    assert "later.</b>" not in premium


@pytest.mark.parametrize(
    ("seconds", "words", "left"),
    [
        (5, "5 seconds", "0:05"),
        (300, "5 minutes", "5:00"),
        (252, "4 min 12 s", "4:12"),
        (5400, "90 minutes", "1:30:00"),
        (86_400, "1 day", "24:00:00"),
        (3 * 86_400, "3 days", "3 days"),
    ],
)
def test_a_length_of_time_in_words_and_on_the_clock(seconds: int, words: str, left: str) -> None:
    assert (duration(seconds), clock(seconds)) == (words, left)
