"""Puts right what lost messages and webhooks that never came leave behind. Safe to run twice at once."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from billing import events
from billing.models import Customer, StripeEvent
from gas_site.queues import send_after_commit

# Stripe renews within an hour of the period's end, and tells us; when it did not, we ask.
# https://docs.stripe.com/billing/invoices/subscription#subscription-lifecycle
OVERDUE = timedelta(hours=2)
BATCH = 200


def sweep() -> None:
    """Wake a worker for events nobody handled, and for customers of whom something was missed.

    They may have paid, their period ended unheard, or they are charged on the plan that costs nothing.
    """
    from billing.actors import stop_charging, sync_customer  # noqa: PLC0415 (the actors import the domain)

    if not settings.STRIPE.key:
        return
    now = timezone.now()
    waiting = StripeEvent.objects.waiting_since(now - StripeEvent.PATIENCE).order_by("received_at")
    for event_id in waiting.values_list("pk", flat=True)[:BATCH]:
        events.wake(event_id)
    for customers in (Customer.objects.overdue(now - OVERDUE), Customer.objects.unheard_payers(now)):
        for pk in customers.values_list("pk", flat=True)[:BATCH]:
            send_after_commit(sync_customer, str(pk))
    for pk in Customer.objects.charged_on_free().values_list("pk", flat=True)[:BATCH]:
        send_after_commit(stop_charging, str(pk))
