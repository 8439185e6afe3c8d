"""The webhook: what is not Stripe's is refused, what comes again changes nothing, and order does not matter."""

from __future__ import annotations

import json
import random
import time
from datetime import timedelta
from typing import Any

import pytest
import stripe
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Plan, PlanChange, User
from billing import events, fetch
from billing.models import Customer, StripeEvent
from billing.standing import Standing
from billing.sweep import sweep
from billing.sync import sync
from gas_site.setting_services import Payments
from sandbox import faults
from sandbox.delivery import signature
from tests.billing.buying import DAY, SECRET, WEBHOOK, Shop, deliver
from tests.site.factories import make_user, signed_in

pytestmark = pytest.mark.usefixtures("sandbox")


def an_event(**changes: Any) -> dict[str, Any]:
    """Return an event about nobody."""
    return {
        "id": "evt_1",
        "object": "event",
        "type": "customer.updated",
        "created": int(time.time()),
        "livemode": False,
        "data": {"object": {"object": "customer", "id": "cus_of_nobody"}},
        **changes,
    }


def test_a_signed_event_is_stored() -> None:
    assert deliver(Client(), json.dumps(an_event())) == 200
    stored = StripeEvent.objects.get()
    assert (stored.id, stored.kind, stored.customer_id) == ("evt_1", "customer.updated", "cus_of_nobody")


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "t=1,v1=00",
        "nonsense",
        "t=notanumber,v1=00",
        "v1=00",
    ],
)
def test_a_body_without_a_fitting_signature_is_refused(header: str | None) -> None:
    headers = {} if header is None else {"stripe-signature": header}
    response = Client().post(WEBHOOK, json.dumps(an_event()), content_type="application/json", headers=headers)
    assert response.status_code == 400
    assert not StripeEvent.objects.exists()


def test_a_signature_made_with_another_secret_is_refused() -> None:
    assert deliver(Client(), json.dumps(an_event()), secret="whsec_of_somebody") == 400
    assert not StripeEvent.objects.exists()


def test_a_body_changed_after_it_was_signed_is_refused() -> None:
    body = json.dumps(an_event())
    header = signature(body, SECRET, int(time.time()))
    changed = body.replace("cus_of_nobody", "cus_of_mallory")
    response = Client().post(WEBHOOK, changed, content_type="application/json", headers={"stripe-signature": header})
    assert response.status_code == 400
    assert not StripeEvent.objects.exists()


@pytest.mark.parametrize(("age", "status"), [(0, 200), (290, 200), (310, 400), (3 * DAY, 400)])
def test_a_stale_signature_is_a_replay_and_refused(age: int, status: int) -> None:
    assert deliver(Client(), json.dumps(an_event()), at=int(time.time()) - age) == status
    assert StripeEvent.objects.count() == (status == 200)


def test_an_event_three_days_old_with_a_new_signature_is_taken() -> None:
    assert deliver(Client(), json.dumps(an_event(created=int(time.time()) - 3 * DAY))) == 200


@pytest.mark.parametrize("body", ["", "[]", "{}", "null", '"text"', '{"id": "evt_2"}', "{not json"])
def test_what_is_signed_and_is_no_event_is_refused(body: str) -> None:
    assert deliver(Client(), body) == 400
    assert not StripeEvent.objects.exists()


def test_the_webhook_takes_no_get() -> None:
    assert Client().get(WEBHOOK).status_code == 405


def test_without_a_secret_nothing_is_believed(settings: Any) -> None:
    settings.STRIPE = Payments("", "", "", "")
    assert deliver(Client(), json.dumps(an_event()), secret="") == 400


def test_an_event_that_comes_again_is_stored_and_handled_once(shop: Shop, inline: list[str]) -> None:
    shop.pay(shop.press_subscribe())
    event = shop.events()[-1]
    inline.clear()
    assert [shop.deliver(event) for _ in range(5)] == [200] * 5
    assert StripeEvent.objects.filter(pk=event["id"]).count() == 1
    assert inline.count("handle_stripe_event") == 1
    assert PlanChange.objects.filter(user=shop.user).count() == 1


def test_an_event_about_somebody_unknown_changes_nobody(shop: Shop) -> None:
    assert deliver(Client(), json.dumps(an_event())) == 200
    assert StripeEvent.objects.get(pk="evt_1").note == "not about a customer of ours"
    assert not PlanChange.objects.exists()


def test_an_event_is_a_wake_up_call_and_not_believed(shop: Shop) -> None:
    """Signed or not: what counts is what Stripe says when asked."""
    shop.subscribe()
    lie = an_event(
        type="customer.subscription.deleted",
        data={"object": {"object": "subscription", "id": "sub_x", "customer": shop.customer.stripe_id}},
    )
    assert shop.deliver(lie) == 200
    assert shop.is_premium()


def test_while_stripe_is_away_the_event_waits_and_the_sweep_sends_it_again(
    shop: Shop, queued: list[tuple[str, tuple[str, ...]]]
) -> None:
    shop.pay(shop.press_subscribe())
    event = shop.events()[-1]
    assert shop.deliver(event) == 200
    assert queued == [("handle_stripe_event", (event["id"],))]

    shop.sandbox.faults.order(faults.DROP, "GET /v1/subscriptions", times=3)
    with pytest.raises(Exception, match="communicating with Stripe"):
        events.handle(event["id"])
    waiting = StripeEvent.objects.get(pk=event["id"])
    assert (waiting.handled_at, waiting.attempts) == (None, 1)

    queued.clear()
    sweep()
    assert queued == [], "it has only just been tried"
    StripeEvent.objects.update(received_at=waiting.received_at - StripeEvent.PATIENCE)
    StripeEvent.objects.update(tried_at=waiting.received_at - StripeEvent.PAUSE)
    Customer.objects.update(fetched_at=waiting.received_at - 2 * StripeEvent.PATIENCE)
    sweep()
    assert queued == [("handle_stripe_event", (event["id"],))]
    events.handle(event["id"])
    assert shop.is_premium()


def test_an_event_outlasts_any_outage(shop: Shop, queued: list[tuple[str, tuple[str, ...]]]) -> None:
    """Counting attempts, an hour without Stripe would be enough to forget what somebody paid."""
    shop.pay(shop.press_subscribe())
    event = shop.events()[-1]
    shop.deliver(event)
    queued.clear()
    three_days_ago = timezone.now() - timedelta(days=3)
    StripeEvent.objects.update(received_at=three_days_ago, tried_at=timezone.now() - StripeEvent.PAUSE, attempts=5_000)
    sweep()
    assert queued == [("handle_stripe_event", (event["id"],))]


def test_a_cancellation_that_failed_after_a_refund_is_tried_again_by_the_event(
    shop: Shop, api: stripe.StripeClient, queued: list[object]
) -> None:
    """The page on which somebody comes back may fetch, and fail to cancel, before the worker has the event."""
    shop.subscribe()
    api.v1.refunds.create({"charge": shop.charges[0]["id"]}, {"idempotency_key": "refund-3"})
    event = shop.events()[-1]
    assert (event["type"], shop.deliver(event)) == ("charge.refunded", 200)
    StripeEvent.objects.update(received_at=timezone.now() - timedelta(seconds=10))
    shop.sandbox.faults.order(faults.ERROR, "DELETE /v1/subscriptions", times=3)
    shop.browser.get("/billing/return/")
    assert shop.subscriptions[0]["status"] == "active"

    events.handle(event["id"])
    assert shop.subscriptions[0]["status"] == "canceled"


def test_a_dispute_finds_its_customer_by_the_charge(shop: Shop) -> None:
    shop.subscribe()
    shop.sandbox.rules.dispute(shop.charges[0]["id"])
    dispute = shop.events()[-1]
    assert dispute["type"] == "charge.dispute.created"
    assert shop.deliver(dispute) == 200
    assert (shop.plan, shop.customer.standing) == (Plan.FREE, Standing.DISPUTED)


# Any order -----------------------------------------------------------------------------------------------


def a_long_story(shop: Shop) -> list[dict[str, Any]]:
    """Let a hundred events happen at the sandbox: months, a failing card, cancelling, resuming, coming back."""
    rules = shop.sandbox.rules
    shop.pay(shop.press_subscribe())
    customer, bought = shop.customer.stripe_id, shop.subscriptions[0]["id"]
    while len(shop.events()) < 90:
        shop.move_to_period_end()
        rules.change_card(customer, "0341")
        shop.move_to_period_end()  # fails
        rules.change_card(customer, "4242")
        rules.pay_open_invoice(bought)
        rules.cancel_at_period_end(bought, wanted=True)
        rules.cancel_at_period_end(bought, wanted=False)
    rules.cancel_at_period_end(bought, wanted=True)
    return shop.events()


@pytest.fixture
def story(shop: Shop, queued: list[Any]) -> list[dict[str, Any]]:
    """Give a hundred events of which the site has heard none."""
    told = a_long_story(shop)
    assert len(told) >= 100
    return told[:99] + told[-1:]


def start_over(shop: Shop) -> None:
    """Forget everything but the customer's id."""
    User.objects.filter(pk=shop.user.pk).update(plan_id=Plan.FREE)
    PlanChange.objects.all().delete()
    StripeEvent.objects.all().delete()
    Customer.objects.update(standing=Standing.NONE, until=None, fetches_begun=0, fetch_applied=0, fetched_at=None)


def test_a_hundred_events_in_any_order_and_repeated_end_in_one_right_plan(
    shop: Shop, story: list[dict[str, Any]]
) -> None:
    @settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(seed=st.integers(), repeats=st.integers(0, 40))
    def in_any_order(seed: int, repeats: int) -> None:
        start_over(shop)
        dice = random.Random(seed)
        sent = story + dice.choices(story, k=repeats)
        dice.shuffle(sent)
        for event in sent:
            assert shop.deliver(event) == 200
            events.handle(event["id"])
        assert StripeEvent.objects.filter(handled_at__isnull=False).count() == len(story) == 100
        assert (shop.plan, shop.customer.standing) == (Plan.PREMIUM, Standing.ENDING)
        assert PlanChange.objects.filter(user=shop.user).count() == 1

    in_any_order()


DEEDS = ("renew", "bad card", "good card", "cancel", "resume", "pay", "subscribe", "refund", "cancel now")


def do(shop: Shop, deed: str) -> None:
    """Do one thing at the sandbox, if it can be done now."""
    rules = shop.sandbox.rules
    newest = shop.subscriptions[0]
    try:
        if deed == "renew":
            shop.move_to_period_end()
        elif deed in {"bad card", "good card"}:
            rules.change_card(newest["customer"], "0341" if deed == "bad card" else "4242")
        elif deed in {"cancel", "resume"}:
            rules.cancel_at_period_end(newest["id"], wanted=deed == "cancel")
        elif deed == "pay":
            rules.pay_open_invoice(newest["id"])
        elif deed == "cancel now":
            rules.cancel_now(newest["id"])
        elif deed == "refund":
            rules.refund(shop.charges[0]["id"])
        elif url := shop.press_subscribe():
            shop.pay(url)
    except Exception as error:
        if type(error).__name__ != "Refused":
            raise


def right_plan(shop: Shop) -> str:
    """Say what the plan must be, from the sandbox's own rows."""
    for item in shop.subscriptions:
        bill = shop.sandbox.store.every("invoice", customer=item["customer"], status="paid")
        own = [one for one in bill if one["parent"]["subscription_details"]["subscription"] == item["id"]]
        intent = shop.sandbox.store.need("payment_intent", own[0]["payment_intent_id"]) if own else None
        refunded = intent is not None and shop.sandbox.store.need("charge", intent["latest_charge"])["refunded"]
        if item["status"] in {"active", "past_due"} and not refunded:
            return Plan.PREMIUM
    return Plan.FREE


def test_whatever_happens_and_however_late_it_is_told_the_plan_ends_right(shop: Shop, queued: list[Any]) -> None:
    numbers = iter(range(1000))

    @settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(deeds=st.lists(st.sampled_from(DEEDS), min_size=2, max_size=6), seed=st.integers())
    def late_and_mixed(deeds: list[str], seed: int) -> None:
        user = make_user(f"buyer{next(numbers)}@example.org")
        buyer = Shop(shop.sandbox, user, signed_in(user))
        dice = random.Random(seed)
        buyer.pay(buyer.press_subscribe())
        heard: set[str] = set()
        for deed in deeds:
            do(buyer, deed)
            for event in buyer.events():  # some of them now, the rest when all is over
                if event["id"] not in heard and dice.random() < 0.3:
                    heard.add(event["id"])
                    buyer.deliver(event)
                    events.handle(event["id"])
        rest = [event for event in buyer.events() if event["id"] not in heard]
        while rest:
            dice.shuffle(rest)
            for event in rest:
                heard.add(event["id"])
                buyer.deliver(event)
                events.handle(event["id"])
            rest = [event for event in buyer.events() if event["id"] not in heard]  # of what handling set off
        assert buyer.plan == right_plan(buyer)
        paid_for = [item for item in buyer.subscriptions if item["status"] in {"active", "past_due", "unpaid"}]
        assert len(paid_for) <= 1

    late_and_mixed()


def test_a_fetch_that_began_earlier_and_ends_later_does_not_win(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The slow one has read "active"; meanwhile the subscription ends and another fetch has written that."""
    shop.subscribe()
    real = fetch.picture_of

    def slow(customer_id: str) -> Any:
        picture = real(customer_id)
        monkeypatch.setattr("billing.sync.picture_of", real)
        shop.sandbox.rules.cancel_now(shop.subscriptions[0]["id"])
        sync(shop.customer)
        assert shop.plan == Plan.FREE
        return picture

    monkeypatch.setattr("billing.sync.picture_of", slow)
    sync(shop.customer)
    assert (shop.plan, shop.customer.standing) == (Plan.FREE, Standing.ENDED)
