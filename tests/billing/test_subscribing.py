"""Subscribing: the way to the payment page, the payment, and that nobody is charged twice."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connections
from pytest_django import Settings

from accounts.models import Plan, PlanChange
from accounts.signals import plan_news
from billing import checkout
from billing.models import Checkout
from billing.standing import Standing
from sandbox import faults
from tests.billing.buying import Shop


def test_paying_makes_the_user_premium(shop: Shop) -> None:
    url = shop.press_subscribe()
    assert url.startswith(shop.sandbox.base_url + "/pay/cs_test_")
    assert not shop.is_premium()

    assert shop.pay(url) == "http://127.0.0.1:8000/subscribe/done/"
    assert "Premium is on" in shop.come_back()

    assert shop.is_premium()
    assert shop.customer.standing == Standing.ACTIVE
    assert [charge["amount"] for charge in shop.charges] == [900]
    change = PlanChange.objects.get(user=shop.user)
    assert (change.before_id, change.after_id, change.reason) == ("free", "premium", "Stripe: Active")


def test_the_confirmation_says_what_the_other_apps_do_now(shop: Shop) -> None:
    def archive(sender: object, **kwargs: object) -> str:
        return "34 results are on their way back."

    plan_news.connect(archive)
    try:
        shop.pay(shop.press_subscribe())
        page = shop.come_back()
    finally:
        plan_news.disconnect(archive)
    assert "34 results are on their way back." in page


def test_pressing_the_button_again_leads_to_the_same_payment_page(shop: Shop) -> None:
    first = shop.press_subscribe()
    assert [shop.press_subscribe() for _ in range(3)] == [first] * 3
    assert Checkout.objects.filter(customer=shop.customer).count() == 1


def test_pressing_the_button_at_once_from_many_sides_makes_one_customer_and_one_session(shop: Shop) -> None:
    urls: list[str] = []
    ready = threading.Barrier(4)

    def press() -> None:
        ready.wait()
        urls.append(checkout.start(shop.user))
        connections.close_all()

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(urls) == 4
    assert len(set(urls)) == 1
    assert len(shop.sandbox.store.every("customer", email=shop.user.email, id=shop.customer.stripe_id)) == 1


def test_paying_a_page_twice_charges_once(shop: Shop) -> None:
    url = shop.press_subscribe()
    first = shop.pay(url)
    assert shop.pay(url) == first
    assert len(shop.charges) == 1
    assert len(shop.subscriptions) == 1


def test_reloading_the_paid_page_leads_back_and_charges_nothing(shop: Shop) -> None:
    url = shop.press_subscribe()
    done = shop.pay(url)
    status, headers, _ = shop.ask("GET", url.removeprefix(shop.sandbox.base_url))
    assert (status, headers["location"]) == (303, done)
    assert len(shop.charges) == 1


def test_a_subscriber_cannot_subscribe_again(shop: Shop) -> None:
    shop.subscribe()
    assert shop.press_subscribe() == ""
    assert shop.browser.get("/subscribe/").headers["location"] == "/profile/"
    assert len(shop.subscriptions) == 1


def test_a_button_pressed_on_an_old_page_after_paying_elsewhere_buys_nothing(shop: Shop) -> None:
    """The webhook has not come and the person has not come back: only Stripe knows of the payment."""
    shop.pay(shop.press_subscribe())
    assert shop.press_subscribe() == ""
    assert shop.is_premium()
    assert len(shop.subscriptions) == 1


def test_a_declined_card_charges_nothing_and_another_one_can_be_tried(shop: Shop) -> None:
    url = shop.press_subscribe()
    assert shop.pay(url, "0002").endswith("?declined=1")
    assert shop.charges == []
    assert "Waiting for the payment" in shop.come_back()
    assert shop.plan == Plan.FREE

    shop.pay(url)
    shop.come_back()
    assert shop.is_premium()
    assert len(shop.charges) == 1


def test_3d_secure_charges_only_once_it_is_confirmed(shop: Shop) -> None:
    url = shop.press_subscribe()
    secure = shop.pay(url, "3155")
    assert "The payment waits for you" in shop.come_back()
    assert (shop.plan, shop.customer.standing) == (Plan.FREE, Standing.INCOMPLETE)
    assert shop.charges == []

    shop.post(secure, act="pass")
    shop.come_back()
    assert shop.is_premium()
    assert len(shop.charges) == 1
    assert len(shop.subscriptions) == 1


def test_a_failed_3d_secure_can_be_tried_again_without_a_second_subscription(shop: Shop) -> None:
    url = shop.press_subscribe()
    assert shop.post(shop.pay(url, "3155"), act="fail").endswith("?declined=1")
    shop.pay(url)
    shop.come_back()
    assert shop.is_premium()
    assert len(shop.subscriptions) == 1
    assert len(shop.charges) == 1


def test_going_back_leads_to_the_offer_and_buys_nothing(shop: Shop) -> None:
    url = shop.press_subscribe(next="/annotate/")
    back = shop.post(url.removeprefix(shop.sandbox.base_url), act="back")
    assert back == "http://127.0.0.1:8000/subscribe/?next=%2Fannotate%2F"
    assert shop.plan == Plan.FREE
    assert shop.press_subscribe() == url


def test_the_way_back_to_the_form_survives_the_payment(shop: Shop) -> None:
    done = shop.pay(shop.press_subscribe(next="/annotate/"))
    page = shop.browser.get(done.removeprefix("http://127.0.0.1:8000")).content.decode()
    assert '<a class="button button-primary" href="/annotate/">Go on where you were</a>' in page


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_a_way_back_to_another_site_is_dropped(shop: Shop, target: str) -> None:
    done = shop.pay(shop.press_subscribe(next=target))
    assert done == "http://127.0.0.1:8000/subscribe/done/"


def test_after_an_expired_session_a_new_one_is_made(shop: Shop) -> None:
    first = shop.press_subscribe()
    shop.sandbox.rules.expire_session(first.rpartition("/")[2])
    second = shop.press_subscribe()
    assert second
    assert second != first
    shop.pay(second)
    shop.come_back()
    assert len(shop.subscriptions) == 1


def test_an_unconfirmed_first_subscription_is_cancelled_before_another_is_bought(shop: Shop) -> None:
    first = shop.press_subscribe()
    shop.pay(first, "3155")
    shop.come_back()
    shop.sandbox.rules.expire_session(first.rpartition("/")[2])
    shop.pay(shop.press_subscribe())
    shop.come_back()
    assert [item["status"] for item in shop.subscriptions] == ["active", "canceled"]
    assert len(shop.charges) == 1


@pytest.mark.parametrize("kind", [faults.ERROR, faults.DROP])
@pytest.mark.parametrize("path", ["POST /v1/customers$", "POST /v1/checkout/sessions$"])
def test_a_lost_reply_or_an_error_at_a_create_is_retried_into_one(shop: Shop, kind: str, path: str) -> None:
    before = len(shop.sandbox.store.every("customer")), len(shop.sandbox.store.every("checkout.session"))
    shop.sandbox.faults.order(kind, path)
    url = shop.press_subscribe()
    assert url
    made = len(shop.sandbox.store.every("customer")), len(shop.sandbox.store.every("checkout.session"))
    assert made == (before[0] + 1, before[1] + 1)


@pytest.mark.parametrize("kind", [faults.ERROR, faults.DROP])
def test_when_stripe_stays_away_the_page_says_so_and_the_next_press_goes_on(shop: Shop, kind: str) -> None:
    before = len(shop.sandbox.store.every("checkout.session"))
    shop.sandbox.faults.order(kind, "POST /v1/checkout/sessions$", times=3)
    response = shop.browser.post("/subscribe/")
    assert response.status_code == 503
    assert "Nothing was charged" in response.content.decode()

    assert shop.press_subscribe()
    assert len(shop.sandbox.store.every("checkout.session")) == before + 1


def test_a_hanging_stripe_is_given_up_and_the_next_press_finds_the_same_session(shop: Shop, settings: Settings) -> None:
    patience, settings.STRIPE_TIMEOUT = settings.STRIPE_TIMEOUT, timedelta(milliseconds=200)
    before = len(shop.sandbox.store.every("checkout.session"))
    shop.sandbox.faults.order(faults.HANG, "POST /v1/checkout/sessions$", times=3)
    assert shop.browser.post("/subscribe/").status_code == 503
    shop.sandbox.faults.clear()
    settings.STRIPE_TIMEOUT = patience  # which answers in time where the machine is busy
    assert shop.press_subscribe()
    assert len(shop.sandbox.store.every("checkout.session")) == before + 1


@pytest.mark.parametrize("kind", [faults.DROP, faults.ERROR])
def test_a_reply_lost_after_the_charge_leads_to_one_subscription(shop: Shop, kind: str) -> None:
    """The browser loses the answer of the payment page, presses again, and the site presses again too."""
    url = shop.press_subscribe()
    shop.sandbox.faults.order(kind, "POST /pay/")
    with suppress(OSError, AssertionError):  # no reply, or a 500
        shop.pay(url)
    shop.pay(url)
    assert shop.press_subscribe() == ""
    assert len(shop.charges) == 1
    assert len(shop.subscriptions) == 1
    assert shop.is_premium()


def test_the_confirmation_waits_when_stripe_is_away_and_the_webhook_does_the_rest(shop: Shop) -> None:
    shop.pay(shop.press_subscribe())
    shop.sandbox.faults.order(faults.ERROR, "GET /v1/subscriptions", times=3)
    page = shop.come_back()
    assert "Waiting for the payment" in page
    assert '<meta http-equiv="refresh" content="5">' in page
    assert not shop.is_premium()

    shop.deliver_everything()
    assert shop.is_premium()
    assert "Premium is on" in shop.come_back()


def test_becoming_premium_is_told_by_mail_once(shop: Shop) -> None:
    shop.subscribe()
    shop.deliver_everything()
    assert [message.subject for message in mail.outbox] == ["GAS: Premium is on"]
    assert "It renews on" in mail.outbox[0].body
