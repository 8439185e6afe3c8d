"""Stripe's events: stored once, then taken as a wake-up call to fetch the customer afresh."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from billing.models import Customer, StripeEvent
from billing.stripe_client import client
from billing.sync import sync
from gas_site.queues import send_after_commit

logger = logging.getLogger(__name__)

# The web process notes when an event came, the worker when its fetch began: their clocks may differ by this much.
CLOCK_SKEW = timedelta(seconds=1)


def store(event: Mapping[str, Any]) -> bool:
    """Keep an event and wake a worker for it; return False when its id was here before."""
    about = event["data"]["object"]
    fields = {
        "kind": event["type"],
        "object_id": about.get("id") or "",
        "customer_id": _customer_id(about),
        "charge_id": about.get("charge") or "" if about.get("object") == "dispute" else "",
        "live": event["livemode"],
        "happened_at": datetime.fromtimestamp(event["created"], UTC),
    }
    with transaction.atomic():
        row, created = StripeEvent.objects.get_or_create(id=event["id"], defaults=fields)
        if created:
            wake(row.id)
    return created


def wake(event_id: str) -> None:
    """Send the message that makes a worker handle the event."""
    from billing.actors import handle_stripe_event  # noqa: PLC0415 (the actors import the domain)

    send_after_commit(handle_stripe_event, event_id)


def handle(event_id: str) -> None:
    """Fetch the event's customer afresh, unless that has happened since. Raises stripe.StripeError to be retried."""
    event = StripeEvent.objects.get(pk=event_id)
    if event.handled_at:
        return
    StripeEvent.objects.filter(pk=event_id).update(attempts=F("attempts") + 1, tried_at=timezone.now())
    customer_id = event.customer_id or _customer_of_charge(event.charge_id)
    customer = Customer.objects.filter(stripe_id=customer_id).first() if customer_id else None
    if customer is None:
        note = "not about a customer of ours"
    elif _has_seen(customer, event):
        note = "fetched since"
    else:
        note = sync(customer).get_standing_display()
    StripeEvent.objects.filter(pk=event_id).update(handled_at=timezone.now(), note=note, customer_id=customer_id)


def _has_seen(customer: Customer, event: StripeEvent) -> bool:
    """Say whether a fetch began after the event arrived, and nothing of what it saw is left to be done."""
    since = event.received_at + CLOCK_SKEW
    return bool(customer.fetched_at and customer.fetched_at > since) and not customer.is_charged_after_refund


def _customer_id(about: Mapping[str, Any]) -> str:
    found = about.get("id") if about.get("object") == "customer" else about.get("customer")
    return found if isinstance(found, str) else ""


def _customer_of_charge(charge_id: str) -> str:
    if not charge_id:
        return ""
    found = client().v1.charges.retrieve(charge_id).to_dict().get("customer")
    return found if isinstance(found, str) else ""
