"""The way to Stripe's customer portal: card, invoices, cancel, resume."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.urls import reverse

from billing.models import Customer
from billing.standing import LIVE_STATUSES
from billing.stripe_client import client

if TYPE_CHECKING:
    from stripe.params.billing_portal import SessionCreateParams


def portal_url(customer: Customer, act: str = "") -> str:
    """Return the address of the customer's portal, opened at the cancellation or the card when ``act`` says so.

    Raises stripe.StripeError. A portal session changes nothing by itself and lives for minutes, so it has no
    idempotency key: the same key a day later would give an address that no longer works.
    """
    given: SessionCreateParams = {
        "customer": customer.stripe_id,
        "return_url": settings.SITE_URL + reverse("billing_return"),
    }
    live = customer.subscriptions.filter(status__in=LIVE_STATUSES).first()
    if act == "cancel" and live:
        given["flow_data"] = {"type": "subscription_cancel", "subscription_cancel": {"subscription": live.stripe_id}}
    elif act == "card":
        given["flow_data"] = {"type": "payment_method_update"}
    return client().v1.billing_portal.sessions.create(given).url
