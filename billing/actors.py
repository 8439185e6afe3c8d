"""Messages about money: an id in, call the domain."""

from __future__ import annotations

import dramatiq

from billing import events
from billing.customers import tell_address
from billing.ending import cancel_everything
from billing.models import Customer
from billing.sync import sync


@dramatiq.actor(queue_name="default", time_limit=120_000)
def handle_stripe_event(event_id: str) -> None:
    """Act on one event of Stripe's."""
    events.handle(event_id)


@dramatiq.actor(queue_name="default", time_limit=120_000)
def sync_customer(pk: str) -> None:
    """Bring one customer's plan up to date."""
    sync(Customer.objects.get(pk=int(pk)))


@dramatiq.actor(queue_name="default", time_limit=120_000)
def tell_stripe_address(pk: str) -> None:
    """Tell Stripe a customer's new address."""
    tell_address(Customer.objects.select_related("user").get(pk=int(pk)))


@dramatiq.actor(queue_name="default", time_limit=120_000)
def stop_charging(pk: str) -> None:
    """Cancel what a customer pays for and note it."""
    customer = Customer.objects.get(pk=int(pk))
    cancel_everything(customer.stripe_id)
    sync(customer)


@dramatiq.actor(queue_name="default", time_limit=120_000)
def cancel_customer(stripe_customer_id: str) -> None:
    """Cancel what a removed user's customer still pays for."""
    cancel_everything(stripe_customer_id)
