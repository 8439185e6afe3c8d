"""Objects in the shapes of Stripe's API 2026-10-28.endive, with the fields that GAS reads and the obvious rest.

https://docs.stripe.com/api (the period stands on the subscription's items; an invoice's payments are an expandable
list and its subscription stands under ``parent``).
"""

from __future__ import annotations

import calendar
from datetime import UTC, datetime
from typing import Any

from sandbox.store import Obj, new_id

PRICE = "price_sandbox_premium"
PRODUCT = "prod_sandbox_premium"
AMOUNT = 900  # cents a month
CURRENCY = "eur"
SESSION_LIFE = 24 * 3600  # seconds a checkout page stays open, as at Stripe

CARDS = {
    "4242": ("4242 4242 4242 4242", "Works"),
    "0002": ("4000 0000 0000 0002", "Is declined"),
    "3155": ("4000 0025 0000 3155", "Asks for 3-D Secure"),
    "0341": ("4000 0000 0000 0341", "Works today, is declined at the next renewal"),
}


def month_after(moment: int) -> int:
    """Return the same time a calendar month later; the 31st becomes the last day there is."""
    start = datetime.fromtimestamp(moment, UTC)
    year, month = (start.year + 1, 1) if start.month == 12 else (start.year, start.month + 1)
    day = min(start.day, calendar.monthrange(year, month)[1])
    return int(start.replace(year=year, month=month, day=day).timestamp())


def listing(items: list[Obj], url: str, *, more: bool = False) -> Obj:
    """Return a list object."""
    return {"object": "list", "url": url, "has_more": more, "data": items}


def _object(kind: str, prefix: str, now: int, **fields: Any) -> Obj:
    return {"id": new_id(prefix), "object": kind, "created": now, "livemode": False, "metadata": {}, **fields}


def price(now: int) -> Obj:
    """Return the one price of the sandbox."""
    recurring = {"interval": "month", "interval_count": 1, "usage_type": "licensed"}
    return _object("price", "price", now, active=True, product=PRODUCT, recurring=recurring, type="recurring") | {
        "id": PRICE,
        "currency": CURRENCY,
        "unit_amount": AMOUNT,
        "unit_amount_decimal": str(AMOUNT),
    }


def product(now: int) -> Obj:
    """Return the one product of the sandbox."""
    return _object("product", "prod", now, active=True, name="Premium") | {"id": PRODUCT}


def customer(now: int, given: Obj) -> Obj:
    """Return a customer."""
    fields = {name: given.get(name) for name in ("email", "name", "description")}
    return _object("customer", "cus", now, **fields, card=None) | {"metadata": given.get("metadata", {})}


def checkout_session(now: int, given: Obj, base_url: str) -> Obj:
    """Return an open checkout session with its hosted page."""
    session = _object("checkout.session", "cs_test", now, mode="subscription", status="open", payment_status="unpaid")
    return session | {
        "customer": given["customer"],
        "client_reference_id": given.get("client_reference_id"),
        "success_url": given["success_url"],
        "cancel_url": given.get("cancel_url"),
        "metadata": given.get("metadata", {}),
        "subscription_metadata": (given.get("subscription_data") or {}).get("metadata", {}),
        "amount_total": AMOUNT,
        "currency": CURRENCY,
        "expires_at": now + SESSION_LIFE,
        "subscription": None,
        "invoice": None,
        "ui_mode": "hosted_page",
        "url": f"{base_url}/pay/{session['id']}",
    }


def subscription(now: int, customer_id: str, metadata: Obj) -> Obj:
    """Return a subscription whose first payment is outstanding."""
    made = _object("subscription", "sub", now, customer=customer_id, status="incomplete", collection_method="charge")
    item = _object("subscription_item", "si", now, subscription=made["id"], price=price(now), quantity=1)
    item |= {"current_period_start": now, "current_period_end": month_after(now)}
    return made | {
        "metadata": metadata,
        "items": listing([item], f"/v1/subscription_items?subscription={made['id']}"),
        "start_date": now,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "ended_at": None,
        "trial_end": None,
        "latest_invoice": None,
        "currency": CURRENCY,
        "collection_method": "charge_automatically",
    }


def invoice(now: int, bought: Obj, reason: str, number: int, base_url: str) -> Obj:
    """Return an open invoice for the subscription's current period."""
    made = _object("invoice", "in", now, customer=bought["customer"], status="open", billing_reason=reason)
    parent = {"type": "subscription_details", "subscription_details": {"subscription": bought["id"], "metadata": {}}}
    return made | {
        "number": f"SANDBOX-{number:04d}",
        "parent": parent,
        "amount_due": AMOUNT,
        "amount_paid": 0,
        "amount_remaining": AMOUNT,
        "total": AMOUNT,
        "currency": CURRENCY,
        "attempt_count": 0,
        "next_payment_attempt": None,
        "hosted_invoice_url": f"{base_url}/invoice/{made['id']}",
        "invoice_pdf": None,
        "payment_intent_id": None,
    }


def payment_intent(now: int, customer_id: str) -> Obj:
    """Return a payment that nothing was tried for yet."""
    made = _object("payment_intent", "pi", now, customer=customer_id, amount=AMOUNT, currency=CURRENCY)
    return made | {"status": "requires_payment_method", "latest_charge": None}


def charge(now: int, intent: Obj, *, paid: bool) -> Obj:
    """Return a charge, taken or declined."""
    made = _object("charge", "ch", now, customer=intent["customer"], payment_intent=intent["id"], paid=paid)
    return made | {
        "amount": intent["amount"],
        "amount_refunded": 0,
        "refunded": False,
        "disputed": False,
        "currency": CURRENCY,
        "status": "succeeded" if paid else "failed",
        "failure_code": None if paid else "card_declined",
    }


def dispute(now: int, charged: Obj) -> Obj:
    """Return a dispute that a bank has opened over a charge."""
    made = _object("dispute", "du", now, charge=charged["id"], payment_intent=charged["payment_intent"])
    return made | {"amount": charged["amount"], "currency": CURRENCY, "status": "needs_response", "reason": "general"}


def refund(now: int, charged: Obj, amount: int) -> Obj:
    """Return a refund."""
    made = _object("refund", "re", now, charge=charged["id"], payment_intent=charged["payment_intent"])
    return made | {"amount": amount, "currency": CURRENCY, "status": "succeeded"}


def portal_session(now: int, given: Obj, base_url: str) -> Obj:
    """Return a portal session with its hosted page."""
    made = _object("billing_portal.session", "bps", now, customer=given["customer"], return_url=given.get("return_url"))
    return made | {"flow": given.get("flow_data"), "url": f"{base_url}/portal/{made['id']}"}


def event(now: int, kind: str, about: Obj, api_version: str) -> Obj:
    """Return an event with the object as it is now."""
    made = _object("event", "evt", now, type=kind, api_version=api_version, pending_webhooks=1)
    return made | {"data": {"object": about}, "request": {"id": None, "idempotency_key": None}}
