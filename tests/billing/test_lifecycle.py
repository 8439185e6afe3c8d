"""After the purchase: renewal, cancelling and resuming, failing payments, refunds, disputes, the end of the account."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta

import pytest
import stripe
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from stripe._api_version import _ApiVersion

from accounts.export import export
from accounts.models import Plan, PlanChange, User
from accounts.plans import set_plan
from billing.models import Customer, Invoice
from billing.standing import Standing
from billing.stripe_client import API_VERSION
from billing.sweep import sweep
from billing.sync import sync
from sandbox import faults
from sandbox.rules import API_VERSION as SANDBOX_API_VERSION
from sandbox.rules import RETRY_DAYS
from tests.billing.buying import DAY, Shop


def portal(shop: Shop, act: str = "") -> str:
    """Press a button of the plan panel; return the path of the portal's page."""
    response = shop.browser.post("/billing/portal/", {"act": act})
    page = response.content.decode()
    start = page.index("url=") + len("url=")
    return page[start : page.index('"', start)].removeprefix(shop.sandbox.base_url)


def profile(shop: Shop) -> str:
    """Come back from the portal, and read the profile."""
    return shop.browser.get("/billing/return/", follow=True).content.decode()


def test_the_pinned_version_is_the_library_s_own() -> None:
    assert API_VERSION == _ApiVersion.CURRENT == SANDBOX_API_VERSION


def test_a_renewal_keeps_premium_and_moves_the_date(shop: Shop) -> None:
    shop.subscribe()
    before = shop.customer.until
    shop.move_to_period_end()
    sync(shop.customer)
    after = shop.customer.until
    assert before is not None
    assert after is not None
    assert 27 <= (after - before).days <= 31
    assert (shop.plan, shop.customer.standing) == (Plan.PREMIUM, Standing.ACTIVE)
    assert len(shop.charges) == 2
    assert Invoice.objects.filter(customer=shop.customer, status="paid").count() == 2


def test_cancel_then_resume_then_cancel_and_reach_the_end(shop: Shop) -> None:
    shop.subscribe()
    bought = shop.subscriptions[0]["id"]
    path = portal(shop, "cancel")
    shop.post(path, act="cancel", subscription=bought)
    assert "Premium ends on" in profile(shop)
    assert (shop.plan, shop.customer.standing) == (Plan.PREMIUM, Standing.ENDING)

    shop.post(portal(shop, "resume"), act="resume", subscription=bought)
    assert "It renews on" in profile(shop)
    assert shop.customer.standing == Standing.ACTIVE

    shop.post(portal(shop), act="cancel", subscription=bought)
    shop.post(portal(shop), act="advance", subscription=bought)
    shop.deliver_everything()
    assert (shop.plan, shop.customer.standing) == (Plan.FREE, Standing.ENDED)
    assert len(shop.charges) == 1
    assert "Premium has ended" in profile(shop)

    shop.subscribe()
    assert shop.is_premium()
    assert [item["status"] for item in shop.subscriptions] == ["active", "canceled"]


def test_a_failing_renewal_keeps_premium_while_it_is_tried_again_then_ends_it(shop: Shop) -> None:
    shop.subscribe("0341")
    shop.move_to_period_end()
    sync(shop.customer)
    assert (shop.plan, shop.customer.standing) == (Plan.PREMIUM, Standing.PAST_DUE)
    for days in RETRY_DAYS:
        shop.sandbox.rules.move_to(shop.sandbox.store.now() + days * DAY)
    sync(shop.customer)
    assert (shop.plan, shop.customer.standing) == (Plan.FREE, Standing.UNPAID)
    assert "Pay the open invoice" in profile(shop)
    assert shop.press_subscribe() == ""  # a second subscription beside it would be charged too

    path = portal(shop, "card")
    shop.post(path, act="card", card="4242")
    shop.post(path, act="pay", subscription=shop.subscriptions[0]["id"])
    profile(shop)
    assert (shop.plan, shop.customer.standing) == (Plan.PREMIUM, Standing.ACTIVE)
    assert len(shop.charges) == 2


def test_an_unconfirmed_first_payment_expires(shop: Shop) -> None:
    shop.pay(shop.press_subscribe(), "3155")
    shop.come_back()
    shop.sandbox.rules.move_to(shop.sandbox.store.now() + DAY)
    sync(shop.customer)
    assert (shop.plan, shop.customer.standing) == (Plan.FREE, Standing.EXPIRED)
    assert shop.charges == []


def test_a_full_refund_ends_premium_and_stops_charging(shop: Shop, api: stripe.StripeClient) -> None:
    shop.subscribe()
    api.v1.refunds.create({"charge": shop.charges[0]["id"]}, {"idempotency_key": "refund-1"})
    shop.deliver_everything()
    assert (shop.plan, shop.customer.standing) == (Plan.FREE, Standing.REFUNDED)
    assert shop.subscriptions[0]["status"] == "canceled"


def test_a_refund_of_a_part_leaves_premium(shop: Shop, api: stripe.StripeClient) -> None:
    shop.subscribe()
    api.v1.refunds.create({"charge": shop.charges[0]["id"], "amount": 300}, {"idempotency_key": "refund-2"})
    shop.deliver_everything()
    assert (shop.plan, shop.customer.standing) == (Plan.PREMIUM, Standing.ACTIVE)


def test_a_dispute_turns_premium_off_and_winning_it_turns_it_on(shop: Shop) -> None:
    shop.subscribe()
    dispute = shop.sandbox.rules.dispute(shop.charges[0]["id"])
    sync(shop.customer)
    assert (shop.plan, shop.customer.standing) == (Plan.FREE, Standing.DISPUTED)
    shop.sandbox.rules.close_dispute(dispute["id"], "won")
    sync(shop.customer)
    assert (shop.plan, shop.customer.standing) == (Plan.PREMIUM, Standing.ACTIVE)


def test_a_plan_set_by_hand_is_left_alone_until_the_standing_changes(shop: Shop) -> None:
    premium = Plan.objects.get(pk=Plan.PREMIUM)
    shop.press_subscribe()  # a customer who has bought nothing
    set_plan(shop.user, premium, reason="staff@example.org: for the workshop")
    sync(shop.customer)
    assert shop.is_premium()
    assert PlanChange.objects.filter(user=shop.user).count() == 1


def test_losing_premium_is_told_by_mail(shop: Shop) -> None:
    shop.subscribe()
    shop.sandbox.rules.cancel_now(shop.subscriptions[0]["id"])
    sync(shop.customer)
    subjects = [message.subject for message in mail.outbox if "Premium" in message.subject]
    assert subjects == ["GAS: Premium is on", "GAS: Premium has ended"]


def test_sync_subscriptions_puts_right_what_no_webhook_told(shop: Shop) -> None:
    shop.subscribe()
    shop.sandbox.rules.cancel_now(shop.subscriptions[0]["id"])
    out = io.StringIO()
    call_command("sync_subscriptions", stdout=out, stderr=io.StringIO())
    assert f"{shop.customer.stripe_id}: Active -> Ended\n" in out.getvalue()
    assert "1 customers, 0 could not be fetched.\n" in out.getvalue()
    assert shop.plan == Plan.FREE


def test_sync_subscriptions_fails_loudly_when_stripe_is_away(shop: Shop) -> None:
    shop.subscribe()
    shop.sandbox.faults.order(faults.ERROR, "GET /v1/subscriptions", times=3)
    with pytest.raises(CommandError, match="Run it again"):
        call_command("sync_subscriptions", email=shop.user.email, stdout=io.StringIO(), stderr=io.StringIO())
    assert shop.is_premium()


def test_a_status_that_is_new_to_us_breaks_no_page_and_stops_nobody_elses_sync(
    shop: Shop, other_shop: Callable[[str], Shop]
) -> None:
    bob = other_shop("bob@example.org")
    for each in (shop, bob):
        each.subscribe()
    sandbox = shop.sandbox
    sandbox.store.put(shop.subscriptions[0] | {"status": "hibernating"})
    sandbox.rules.cancel_now(bob.subscriptions[0]["id"])
    assert shop.browser.get("/subscribe/done/").status_code == 200
    assert shop.browser.get("/billing/return/").status_code == 302
    assert shop.browser.post("/subscribe/").status_code == 503
    assert shop.is_premium(), "nothing is changed on a guess"

    with pytest.raises(CommandError, match="Run it again"):
        call_command("sync_subscriptions", stdout=io.StringIO(), stderr=io.StringIO())
    assert (shop.plan, bob.plan) == (Plan.PREMIUM, Plan.FREE)


def test_the_sweep_asks_about_a_period_that_ended_unheard(
    shop: Shop, queued: list[tuple[str, tuple[str, ...]]]
) -> None:
    shop.subscribe()
    queued.clear()
    sweep()
    assert queued == []
    past = timezone.now() - timedelta(hours=3)
    Customer.objects.update(until=past, fetched_at=past - timedelta(days=20))
    sweep()
    assert queued == [("sync_customer", (str(shop.customer.pk),))]


def test_the_sweep_asks_about_a_payment_of_which_nobody_told(
    shop: Shop, queued: list[tuple[str, tuple[str, ...]]]
) -> None:
    """The tab was closed after paying, and the webhook's address is wrong."""
    shop.pay(shop.press_subscribe())
    sweep()
    assert queued == [], "the webhook gets half an hour"
    Customer.objects.update(fetched_at=timezone.now() - timedelta(minutes=31))
    sweep()
    assert queued == [("sync_customer", (str(shop.customer.pk),))]
    sync(shop.customer)
    assert shop.is_premium()

    queued.clear()
    Customer.objects.update(fetched_at=timezone.now() - timedelta(minutes=31))
    sweep()
    assert queued == [], "what is known is not asked for"


def test_a_new_address_is_told_to_stripe(shop: Shop) -> None:
    shop.subscribe()
    EmailAddress.objects.create(user=shop.user, email=shop.user.email, verified=True, primary=True)
    EmailAddress.objects.create(user=shop.user, email="ada@new.example", verified=True)
    shop.browser.post("/accounts/email/", {"action_primary": "", "email": "ada@new.example"})
    assert shop.customer.user.email == "ada@new.example"
    assert shop.sandbox.store.need("customer", shop.customer.stripe_id)["email"] == "ada@new.example"


def test_the_export_has_the_subscription_and_the_invoices(shop: Shop) -> None:
    assert "billing.json" not in zipfile.ZipFile(io.BytesIO(b"".join(export(shop.user)))).namelist()
    shop.subscribe()
    exported = zipfile.ZipFile(io.BytesIO(b"".join(export(shop.user))))
    told = json.loads(exported.read("billing.json"))
    assert (told["customer"], told["standing"]) == (shop.customer.stripe_id, "active")
    assert [row["stripe_id"] for row in told["subscriptions"]] == [shop.subscriptions[0]["id"]]
    assert [(row["status"], row["total"], row["currency"]) for row in told["invoices"]] == [("paid", 900, "eur")]


def test_the_portal_of_somebody_without_billing_leads_to_the_plans(ada: User, adas: Client) -> None:
    assert adas.post("/billing/portal/").headers["location"] == "/plans/"


def test_the_portal_says_so_when_stripe_is_away(shop: Shop) -> None:
    shop.subscribe()
    shop.sandbox.faults.order(faults.ERROR, "POST /v1/billing_portal/sessions", times=3)
    response = shop.browser.post("/billing/portal/")
    assert response.status_code == 503
    assert "The payment provider does not answer" in response.content.decode()
