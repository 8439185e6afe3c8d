"""The way to the payment page, such that nobody is charged twice.

A customer has one open checkout at most (a unique row), a checkout has one session at Stripe (an idempotency key), a
session is paid at most once (Stripe), and none is made while a subscription is there that may still charge.
"""

from __future__ import annotations

from urllib.parse import urlencode

import stripe
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from billing.customers import customer_for
from billing.ending import cancel
from billing.models import Checkout, Customer
from billing.stripe_client import client
from billing.sync import sync

ROUNDS = 3  # a session that turns out closed is followed by a new one; more often than this something else is wrong


class AlreadySubscribed(Exception):
    """There is a subscription that may still charge, or one was just paid for."""


def start(user: User, next_path: str = "") -> str:
    """Return the address of the payment page. Raises AlreadySubscribed, stripe.StripeError, PaymentsClosed."""
    customer = sync(customer_for(user))
    for _ in range(ROUNDS):
        if customer.has_live_subscription:
            raise AlreadySubscribed
        checkout = _open_checkout(customer, next_path)
        try:
            session = _session(checkout)
        except stripe.IdempotencyError:  # our own address or the price has changed since the key was first used
            _close(checkout)
            continue
        if session.status == "open" and session.url:
            return session.url
        _close(checkout)
        customer = sync(customer)
    raise AlreadySubscribed


def finish(user: User) -> Customer | None:
    """Bring the plan up to date after the person came back from the payment page; None if they never went."""
    customer = Customer.objects.filter(user=user).first()
    if customer is None:
        return None
    customer = sync(customer)
    if customer.has_live_subscription:
        customer.checkouts.filter(closed_at=None).update(closed_at=timezone.now())
    return customer


def _open_checkout(customer: Customer, next_path: str) -> Checkout:
    checkout, created = Checkout.objects.get_or_create(
        customer=customer, closed_at=None, defaults={"next_path": next_path}
    )
    if created:
        # An earlier session left a subscription whose first payment was never confirmed. It could still be paid from
        # Stripe's mail, beside the one that is bought now.
        for left in customer.subscriptions.filter(status="incomplete"):
            cancel(left.stripe_id)
    return checkout


def _session(checkout: Checkout) -> stripe.checkout.Session:
    """Return the checkout's session as it is now, made on first use."""
    sessions = client().v1.checkout.sessions
    if checkout.session_id:
        return sessions.retrieve(checkout.session_id)
    back = {"next": checkout.next_path} if checkout.next_path else {}
    query = f"?{urlencode(back)}" if back else ""
    done, given_up = (f"{settings.SITE_URL}{reverse(name)}{query}" for name in ("subscribed", "subscribe"))
    session = sessions.create(
        {
            "mode": "subscription",
            "customer": checkout.customer.stripe_id,
            "line_items": [{"price": settings.STRIPE.price, "quantity": 1}],
            "client_reference_id": str(checkout.customer.user_id),
            "subscription_data": {"metadata": {"gas_user": str(checkout.customer.user_id)}},
            "success_url": done,
            "cancel_url": given_up,
        },
        {"idempotency_key": f"gas-checkout-{checkout.token}"},
    )
    Checkout.objects.filter(pk=checkout.pk).update(session_id=session.id)
    return session


def _close(checkout: Checkout) -> None:
    Checkout.objects.filter(pk=checkout.pk, closed_at=None).update(closed_at=timezone.now())
