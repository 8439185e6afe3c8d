"""Staff decide how small a result may be to go cold, and in which tiers it comes back, beside what that costs."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import Plan
from archive import retention
from archive.models import Deed, DeedKind, HoldingState, Policy
from archive.month import this_month
from archive.policy import tiers
from tests.archive.world import MINUTE, SECOND, World, change_plan, complete, free_user, fresh, job_of, state
from tests.site.factories import make_user, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(world: World) -> Client:
    return signed_in(make_user("staff@example.org", is_staff=True, is_superuser=True))


def size_of(kind: str) -> int:
    """Three files of 1,000 bytes go cold; the log stays."""
    return 1_000


def big(kind: str) -> bytes:
    return b"x" * size_of(kind)


def test_a_result_below_the_smallest_stays_and_shows_no_countdown(world: World) -> None:
    Policy.objects.create(smallest=3_001)
    user = free_user()
    small = complete(user, big)
    world.later(6 * MINUTE)
    assert (state(small), fresh(small).due_at) == (HoldingState.AVAILABLE, None)
    page = signed_in(user).get(job_of(small).get_absolute_url()).content.decode()
    assert "moves to cold storage at" not in page
    assert "Download the VCF" in page


def test_a_result_of_just_the_smallest_size_goes_cold(world: World) -> None:
    Policy.objects.create(smallest=3_000)
    just = complete(free_user(), big)
    world.later(5 * MINUTE)
    assert state(just) == HoldingState.ARCHIVED


def test_the_policy_is_read_again_when_the_time_has_come(world: World) -> None:
    holding = complete(free_user(), big)
    assert fresh(holding).due_at
    Policy.objects.create(smallest=3_001)
    world.later(5 * MINUTE)
    assert (state(holding), fresh(holding).due_at) == (HoldingState.AVAILABLE, None)
    assert not Deed.objects.exists()


def test_after_a_downgrade_only_the_large_ones_get_a_time(world: World) -> None:
    Policy.objects.create(smallest=2_000)
    user = make_user("downgraded@example.org", plan=Plan.PREMIUM)
    large, small = complete(user, big), complete(user, lambda kind: b"x" * 600)
    change_plan(user, Plan.FREE)
    assert [bool(fresh(holding).due_at) for holding in (large, small)] == [True, False]


def test_a_small_result_that_was_restored_stays(world: World) -> None:
    user = free_user()
    holding = complete(user, big)
    world.later(5 * MINUTE)
    assert state(holding) == HoldingState.ARCHIVED
    Policy.objects.create(smallest=3_001)
    change_plan(user, Plan.PREMIUM)
    change_plan(user, Plan.FREE)
    world.later(10 * SECOND)
    assert (state(holding), fresh(holding).due_at) == (HoldingState.AVAILABLE, None)


def test_staff_cannot_send_a_small_one_away(world: World) -> None:
    Policy.objects.create(smallest=3_001)
    holding = complete(free_user(), big)
    assert not retention.archive_now(fresh(holding))


def test_the_tiers_of_the_policy_come_before_the_settings(world: World) -> None:
    assert tiers() == ["expedited", "standard"]
    Policy.objects.create(tiers="standard, bulk")
    assert tiers() == ["standard", "bulk"]
    assert tiers("expedited") == ["expedited", "standard", "bulk"]
    user = free_user()
    holding = complete(user)
    world.later(5 * MINUTE)
    change_plan(user, Plan.PREMIUM)
    world.work()
    assert fresh(holding).tier == "standard"


def test_the_month_adds_up_what_was_archived_and_asked_back(world: World) -> None:
    user = free_user()
    complete(user, big)
    world.later(5 * MINUTE)
    change_plan(user, Plan.PREMIUM)
    world.later(10 * SECOND)
    found = [(row.label, row.files, row.size, row.cost) for row in this_month().rows]
    assert found == [("Archived", 3, 3_000, None), ("Retrieved, expedited", 3, 3_000, None)]
    Deed.objects.update(at=this_month().since - SECOND)
    assert this_month().rows == []


def test_the_form_takes_tiers_only_and_says_which_is_none(staff: Client) -> None:
    first = staff.get(reverse("admin:archive_policy_changelist"), follow=True)
    url = first.redirect_chain[-1][0]
    page = staff.post(url, {"smallest": 5_000_000, "tiers": "standard, slow"}).content.decode()
    assert "&#x27;slow&#x27; is no tier. Take some of expedited, standard, bulk." in page
    staff.post(url, {"smallest": 5_000_000, "tiers": "standard,standard, bulk"})
    assert Policy.objects.values_list("smallest", "tiers").get() == (5_000_000, "standard, bulk")
    staff.get(reverse("admin:archive_policy_changelist"))
    assert Policy.objects.count() == 1


def test_the_page_says_that_five_megabytes_for_a_week_cost_hundreds_of_times_as_much(staff: Client) -> None:
    page = staff.get(reverse("admin:archive_policy_changelist"), follow=True).content.decode()
    text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "Nothing that is cold for 7 days saves money, whatever its size." in text
    assert "5.0 MB 0.000026" in text
    five = text.split("5.0 MB")[1]
    assert "0.030307 (1,157 times) 0.000" in five, "three expedited requests of a cent each"


def test_the_page_answers_for_another_size_age_and_class(staff: Client) -> None:
    url = staff.get(reverse("admin:archive_policy_changelist"), follow=True).redirect_chain[-1][0]
    page = staff.get(url, {"size": "2048", "days": "360", "place": "deep"}).content.decode()
    assert "S3 Glacier Deep Archive is paid for at least" in page
    assert "2.0\xa0GB" in page
    assert "and back, expedited" not in page
    assert staff.get(url, {"size": "<b>", "days": "-1", "place": "attic"}).status_code == 200


def test_the_first_page_of_the_admin_has_the_months_figures(world: World, staff: Client) -> None:
    Deed.objects.create(kind=DeedKind.RETRIEVED, tier="expedited", size=2_048)
    page = staff.get(reverse("admin:index")).content.decode()
    assert "This month: retrieved, expedited" in page
    assert "1 file, 2.0\xa0KB" in page


def test_who_may_only_look_finds_no_form(world: World) -> None:
    viewer = make_user("viewer@example.org", is_staff=True)
    Policy.objects.create(smallest=7)
    client = signed_in(viewer)
    assert client.get(reverse("admin:archive_policy_changelist")).status_code == 403
    viewer.user_permissions.add(Permission.objects.get(codename="view_policy"))
    page = client.get(reverse("admin:archive_policy_changelist"), follow=True).content.decode()
    assert "What archiving costs" in page
    assert 'name="smallest"' not in page


S3 = {"bucket": "cold", "prefix": "gas", "days": 3}


@pytest.mark.parametrize(
    ("vault", "archived", "expedited"),
    [
        # A write a file, and the least duration of 32 KB at the cold rate and 8 KB (none in a vault) at the hot one.
        (("s3_glacier.S3GlacierVault", {**S3, "storage_class": "GLACIER"}), 0.03087, 30.015),
        (("s3_glacier.S3GlacierVault", {**S3, "storage_class": "DEEP_ARCHIVE"}), 0.05124, 0),
        (("glacier.GlacierVault", {"region": "eu-west-1", "vault": "gas"}), 0.03034, 30.015),
    ],
)
def test_at_amazon_the_months_figures_are_dollars(
    settings: Settings, staff: Client, vault: tuple[str, dict[str, Any]], archived: float, expedited: float
) -> None:
    settings.VAULT = {"BACKEND": f"archive.vaults.{vault[0]}", "OPTIONS": {**vault[1], "delays": {}}}
    deeds = [Deed(kind=DeedKind.ARCHIVED, size=1_000) for _ in range(1_000)]
    deeds += [Deed(kind=DeedKind.RETRIEVED, tier="expedited", size=1_000) for _ in range(3_000)]
    Deed.objects.bulk_create(deeds)
    month = this_month()
    costs = [row.cost for row in month.rows]
    assert costs == [pytest.approx(archived, rel=0.001), pytest.approx(expedited, rel=0.001)]
    assert month.cost == pytest.approx(archived + expedited, rel=0.001)
    page = staff.get(reverse("admin:index")).content.decode()
    assert f"about ${costs[0]:.4f}" in page
