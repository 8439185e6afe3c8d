"""Payers whom staff move to Free are charged no more."""

from __future__ import annotations

from accounts.models import Plan
from accounts.plans import set_plan
from billing.standing import Standing
from billing.sweep import sweep
from tests.billing.buying import Shop
from tests.site.factories import make_user, signed_in


def test_whom_staff_moves_to_free_is_charged_no_more_and_staff_is_told(shop: Shop, inline: list[str]) -> None:
    shop.subscribe()
    staff = make_user("staff@example.org", is_staff=True, is_superuser=True)
    act = {"action": "make_free", "_selected_action": shop.user.pk, "reason": "left the institute"}
    page = signed_in(staff).post("/admin/accounts/user/", act, follow=True).content.decode()
    assert "1 moved to Free." in page
    assert f"The subscription of {shop.user} is being cancelled at Stripe, and nothing more is charged." in page
    assert (shop.plan, shop.customer.standing) == (Plan.FREE, Standing.ENDED)
    assert [one["status"] for one in shop.sandbox.store.every("subscription", customer=shop.customer.stripe_id)] == [
        "canceled"
    ]
    assert inline.count("stop_charging") == 1
    sweep()
    assert inline.count("stop_charging") == 1


def test_a_lost_message_about_whom_staff_moved_is_sent_again_by_the_sweep(shop: Shop, inline: list[str]) -> None:
    shop.subscribe()
    set_plan(shop.user, Plan.objects.get(pk=Plan.FREE), reason="by hand, and the message was lost")
    sweep()
    assert inline.count("stop_charging") == 1
    assert (shop.plan, shop.customer.standing) == (Plan.FREE, Standing.ENDED)


def test_who_pays_nothing_is_moved_without_a_word_about_money(shop: Shop, inline: list[str]) -> None:
    staff = make_user("staff@example.org", is_staff=True, is_superuser=True)
    act = {"action": "make_premium", "_selected_action": shop.user.pk, "reason": "a guest"}
    browser = signed_in(staff)
    assert "1 moved to Premium." in browser.post("/admin/accounts/user/", act, follow=True).content.decode()
    page = browser.post("/admin/accounts/user/", {**act, "action": "make_free"}, follow=True).content.decode()
    assert "1 moved to Free." in page
    assert "being cancelled at Stripe" not in page
    assert "stop_charging" not in inline
