"""Staff see where results are, and act through the same functions as everybody."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import Plan, User
from annotations import deleting
from annotations.models import DeletionReceipt
from archive.models import Holding, HoldingState
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
    state,
)
from tests.site.factories import make_user, signed_in

pytestmark = pytest.mark.django_db

CHANGELIST = reverse("admin:archive_holding_changelist")


@pytest.fixture
def staff(world: World) -> Client:
    return signed_in(make_user("staff@example.org", is_staff=True, is_superuser=True))


def act(client: Client, action: str, *holdings: Holding) -> str:
    """Run an action of the list on some holdings and return what the page says."""
    data: dict[str, Any] = {"action": action, "_selected_action": [holding.pk for holding in holdings]}
    response = client.post(CHANGELIST, data, follow=True)
    assert response.status_code == 200
    return " ".join(str(message) for message in response.context["messages"])


def listed(client: Client, query: str) -> list[int]:
    return [row.pk for row in client.get(f"{CHANGELIST}?{query}").context["cl"].result_list]


def test_holdings_are_filtered_by_state_age_vault_and_error(world: World, staff: Client) -> None:
    cold = complete(free_user())
    world.later(5 * MINUTE)
    world.later(61 * MINUTE)
    hot = complete(free_user())
    Holding.objects.filter(pk=hot.pk).update(last_error="the vault is away")
    assert listed(staff, "state__exact=archived") == [cold.pk]
    assert listed(staff, "age=hour") == [cold.pk]
    assert listed(staff, f"vault={fresh(cold).vault}") == [cold.pk]
    assert listed(staff, "error=yes") == [hot.pk]
    assert listed(staff, "error=no") == [cold.pk]
    page = staff.get(reverse("admin:archive_holding_change", args=[cold.pk])).content.decode()
    assert "archived" in page
    assert "result.annot.vcf.gz" not in page, "file names are the users' own"


def test_archive_now_takes_free_owners_results_only(world: World, staff: Client) -> None:
    free, premium = complete(free_user()), complete(premium_user())
    assert act(staff, "archive_now", free, premium) == "1 go cold now."
    world.work()
    assert (state(free), state(premium)) == (HoldingState.ARCHIVED, HoldingState.AVAILABLE)


def test_restore_now_is_offered_for_each_tier_and_asks_in_it_first(
    world: World, staff: Client, settings: Settings
) -> None:
    holdings = [complete(user) for user in (free_user(), free_user())]
    world.later(5 * MINUTE)
    offered = [name for name, _ in staff.get(CHANGELIST).context["action_form"].fields["action"].choices]
    assert offered == ["", "archive_now", "verify", "call_off", "restore_expedited", "restore_standard"]
    assert act(staff, "restore_standard", *holdings) == "2 asked back (standard)."
    world.work()
    assert [fresh(holding).tier for holding in holdings] == ["standard", "standard"]
    world.later(5 * SECOND)
    assert [state(holding) for holding in holdings] == [HoldingState.AVAILABLE] * 2


def test_verify_says_which_copies_are_bad_and_changes_no_state(world: World, staff: Client) -> None:
    good, bad = complete(free_user()), complete(free_user())
    world.later(5 * MINUTE)
    archive_id = bad.files.get(kind="table").archive_id
    path = world.vault_directory / "archives" / archive_id[:2] / f"{archive_id}.data"
    path.write_bytes(b"rot")
    said = act(staff, "verify", good, bad)
    assert said == "A worker verifies 2. “Verified at” and “last error” will say what was found."
    assert fresh(bad).last_error == "", "no page waits for it"
    world.work()
    assert fresh(bad).last_error == "verification: the table in the vault differs from what the job made"
    assert fresh(good).verified_at == world.clock.now
    path.unlink()
    act(staff, "verify", bad)
    world.work()
    assert fresh(bad).last_error == "verification: the table is not in the vault, or is damaged there"
    assert state(bad) == HoldingState.ARCHIVED


def test_what_was_found_stands_in_the_list(world: World, staff: Client) -> None:
    good, bad = complete(free_user()), complete(free_user())
    (world.files / bad.files.get(kind="vcf").key).write_bytes(b"rot")
    act(staff, "verify", good, bad)
    world.work()
    page = staff.get(CHANGELIST).content.decode()
    assert "verification: the vcf in the file store differs from what the job made" in page
    assert page.count('<td class="field-verified_at nowrap">-</td>') == 1


def test_a_holding_that_went_with_its_job_is_verified_by_nobody(world: World, staff: Client) -> None:
    holding = complete(free_user())
    act(staff, "verify", holding)
    deleting.delete(job_of(holding))
    world.messages.sort(key=lambda message: message.actor)  # purge_job before verify_holding
    world.work()
    assert not Holding.objects.exists()


def test_verify_reads_the_file_store_of_what_is_hot_and_takes_its_own_error_back(world: World, staff: Client) -> None:
    holding = complete(free_user())
    path = world.files / holding.files.get(kind="vcf").key
    content = path.read_bytes()
    path.write_bytes(b"rot")
    act(staff, "verify", holding)
    world.work()
    assert fresh(holding).last_error == "verification: the vcf in the file store differs from what the job made"
    path.write_bytes(content)
    act(staff, "verify", holding)
    world.work()
    assert fresh(holding).last_error == ""


def test_call_off_keeps_what_was_to_go_cold(world: World, staff: Client) -> None:
    holding = complete(free_user())
    assert act(staff, "call_off", holding) == "1 called off."
    world.later(10 * MINUTE)
    assert state(holding) == HoldingState.AVAILABLE


def test_call_off_stops_an_archive_and_a_restore_under_way_and_leaves_nothing_half_done(
    world: World, staff: Client
) -> None:
    holding = complete(free_user())
    world.faults.failing["checksum"] = 1
    world.clock.advance(5 * MINUTE)
    world.work()
    assert state(holding) == HoldingState.ARCHIVING
    act(staff, "call_off", holding)
    world.work()
    assert (state(holding), fresh(holding).untidy, world.archives()) == (HoldingState.AVAILABLE, False, [])
    act(staff, "archive_now", holding)
    world.work()
    change_plan(holding.owner, Plan.PREMIUM)
    world.work()
    assert state(holding) == HoldingState.RESTORING
    act(staff, "call_off", holding)
    world.later(MINUTE)
    assert (state(holding), fresh(holding).tier, world.stored()) == (HoldingState.ARCHIVED, "", ["log"])
    assert act(staff, "call_off", holding) == "0 called off."


def test_the_first_page_has_the_totals(world: World, staff: Client) -> None:
    complete(free_user())
    world.later(5 * MINUTE)
    hot = complete(premium_user())
    late = complete(free_user())
    Holding.objects.filter(pk=late.pk).update(due_at=world.clock.now - MINUTE)
    totals = staff.get(reverse("admin:index")).context["totals"]
    size = sum(hot.files.values_list("size", flat=True))
    assert (totals.hot_bytes, totals.cold_bytes) == (2 * size, size)
    assert (totals.oldest_pending, totals.errors) == (world.clock.now - MINUTE, 0)

    User.objects.filter(is_staff=True).update(time_zone="Asia/Kolkata")
    at = (world.clock.now - MINUTE).astimezone(ZoneInfo("Asia/Kolkata"))
    page = staff.get(reverse("admin:index")).content.decode()
    assert f"since {at.day} {at:%b %Y, %H:%M} (Asia/Kolkata)" in page


def test_staff_without_the_right_see_no_actions(world: World) -> None:
    complete(free_user())
    reader = make_user("reader@example.org", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_holding"))
    page = signed_in(reader).get(CHANGELIST)
    assert page.status_code == 200
    assert page.context["action_form"] is None


def test_deleting_an_account_closes_it_and_leaves_receipts(world: World, staff: Client) -> None:
    user = free_user()
    complete(user)
    assert staff.post(reverse("admin:accounts_user_delete", args=[user.pk]), {"post": "yes"}).status_code == 302
    assert not User.objects.get(pk=user.pk).is_active, "at once"
    world.work()
    assert not User.objects.filter(pk=user.pk).exists()
    assert DeletionReceipt.objects.filter(owner=user.pk).count() == 1
