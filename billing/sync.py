"""Brings a user's plan to what Stripe says now. Safe to run at any time, in any order, any number of times.

Two fetches may overlap and end in another order than they began. Each takes a number when it begins, and one is
written only where no later number is. What changes at Stripe after a fetch read it sends an event, and that event's
own fetch begins later still: so the last word is always the newest.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import Plan
from accounts.notifications import notify
from accounts.plans import set_plan
from billing.ending import cancel
from billing.fetch import Picture, picture_of
from billing.models import Customer, Invoice, Subscription
from billing.standing import LIVE_STATUSES, Standing, gives_premium, governing, standing_of, until_of, words

logger = logging.getLogger(__name__)

# A change to one of these is told by mail as well; the others stand on the page the person is on at that moment.
TOLD_BY_MAIL = frozenset(
    {
        Standing.ACTIVE,
        Standing.ENDING,
        Standing.PAST_DUE,
        Standing.UNPAID,
        Standing.ENDED,
        Standing.PAUSED,
        Standing.REFUNDED,
        Standing.DISPUTED,
    }
)


def sync(customer: Customer) -> Customer:
    """Fetch the customer afresh and write what follows; return the row as it is then. Raises stripe.StripeError."""
    if not customer.stripe_id:
        return customer
    number, began = _begin(customer)
    picture = picture_of(customer.stripe_id)
    if _apply(customer, number, began, picture):
        _stop_charging_after_refund(picture)
    customer.refresh_from_db()
    return customer


def _begin(customer: Customer) -> tuple[int, datetime]:
    with transaction.atomic():
        locked = Customer.objects.select_for_update().get(pk=customer.pk)
        locked.fetches_begun += 1
        locked.save(update_fields=["fetches_begun"])
    return locked.fetches_begun, timezone.now()


def _apply(customer: Customer, number: int, began: datetime, picture: Picture) -> bool:
    """Write the picture unless a later one was; the plan moves in the same transaction."""
    seen = governing(picture.subscriptions)
    after = standing_of(seen)
    with transaction.atomic():
        locked = Customer.objects.select_for_update(of=("self",)).select_related("user").get(pk=customer.pk)
        if locked.fetch_applied >= number:
            return False
        before = locked.standing
        locked.standing, locked.until = after, until_of(seen)
        locked.fetch_applied, locked.fetched_at = number, began
        locked.save(update_fields=["standing", "until", "fetch_applied", "fetched_at"])
        _mirror(locked, picture)
        _move_plan(locked, before)
    return True


def _move_plan(customer: Customer, before: str) -> None:
    """Move the plan when the standing's plan changed. Otherwise it stays: staff may have set it by hand."""
    if before == customer.standing:
        return
    standing = Standing(customer.standing)
    if gives_premium(before) != gives_premium(standing):
        slug = Plan.PREMIUM if gives_premium(standing) else Plan.FREE
        set_plan(customer.user, Plan.objects.get(pk=slug), reason=f"Stripe: {standing.label}")
    if standing in TOLD_BY_MAIL:
        until = customer.until.astimezone(customer.user.zone) if customer.until else None
        title, text = words(standing, date_format(until, "j F Y") if until else "")
        about = f"{customer.token.hex}-{customer.fetch_applied}"
        notify(customer.user, "plan_news", about, {"title": title, "text": text})


def _mirror(customer: Customer, picture: Picture) -> None:
    """Write what is shown: two statements, whatever the number of rows."""
    subscriptions = [
        Subscription(
            customer=customer,
            stripe_id=seen.id,
            status=seen.status,
            created_at=seen.created,
            period_end=seen.period_end,
            cancel_at=seen.cancel_at,
            ended_at=seen.ended_at,
            refunded=seen.refunded,
            disputed=seen.disputed,
        )
        for seen in picture.subscriptions
    ]
    changing = ["status", "period_end", "cancel_at", "ended_at", "refunded", "disputed"]
    Subscription.objects.bulk_create(
        subscriptions, update_conflicts=True, unique_fields=["stripe_id"], update_fields=changing
    )
    invoices = [
        Invoice(
            customer=customer,
            stripe_id=bill.id,
            number=bill.number,
            status=bill.status,
            total=bill.total,
            currency=bill.currency,
            created_at=bill.created,
            url=bill.url,
        )
        for bill in picture.bills
    ]
    Invoice.objects.bulk_create(
        invoices, update_conflicts=True, unique_fields=["stripe_id"], update_fields=["number", "status", "total", "url"]
    )


def _stop_charging_after_refund(picture: Picture) -> None:
    """End what was refunded in full: Stripe would charge it again at the next renewal, for a plan that is off.

    The cancellation sends an event of its own, which writes the new state.
    """
    for seen in picture.subscriptions:
        if seen.refunded and seen.status in LIVE_STATUSES:
            cancel(seen.id)
            logger.info("subscription %s cancelled after its refund", seen.id)
