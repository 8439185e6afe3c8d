"""Asks Stripe how a customer stands now, in our own terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from billing.standing import LIVE_STATUSES, Seen
from billing.stripe_client import client

INVOICES_SHOWN = 12
# A dispute in one of these leaves us the money: https://docs.stripe.com/api/disputes/object#dispute_object-status
HARMLESS_DISPUTES = frozenset({"won", "warning_needs_response", "warning_under_review", "warning_closed", "prevented"})


@dataclass(frozen=True)
class Bill:
    """One invoice as Stripe says it is now."""

    id: str
    number: str
    status: str
    total: int
    currency: str
    created: datetime
    url: str


@dataclass(frozen=True)
class Picture:
    """Everything about a customer that decides their plan, and what their page shows."""

    subscriptions: tuple[Seen, ...]
    bills: tuple[Bill, ...]


def picture_of(customer_id: str) -> Picture:
    """Fetch a customer's subscriptions and invoices afresh. Raises stripe.StripeError."""
    api = client().v1
    found = api.subscriptions.list({"customer": customer_id, "status": "all", "limit": 100})
    subscriptions = [item.to_dict() for item in found.auto_paging_iter()]
    invoices = api.invoices.list({"customer": customer_id, "limit": INVOICES_SHOWN, "expand": ["data.payments"]})
    bills = [item.to_dict() for item in invoices.data]
    return Picture(tuple(_seen(item, bills) for item in subscriptions), tuple(_bill(item) for item in bills))


def _seen(item: Mapping[str, Any], bills: list[dict[str, Any]]) -> Seen:
    ends = [line["current_period_end"] for line in item["items"]["data"]]
    taken_back = _taken_back(item, bills) if item["status"] in LIVE_STATUSES | {"canceled"} else (False, False)
    return Seen(
        id=item["id"],
        status=item["status"],
        created=_moment(item["created"]),
        period_end=_moment(max(ends)) if ends else None,
        cancel_at=_moment(item["cancel_at"]) if item.get("cancel_at") else _end_of_period(item, ends),
        ended_at=_moment(item["ended_at"]) if item.get("ended_at") else None,
        refunded=taken_back[0],
        disputed=taken_back[1],
    )


def _end_of_period(item: Mapping[str, Any], ends: list[int]) -> datetime | None:
    return _moment(max(ends)) if item.get("cancel_at_period_end") and ends else None


def _taken_back(item: Mapping[str, Any], bills: list[dict[str, Any]]) -> tuple[bool, bool]:
    """Say whether the last payment for the subscription was refunded in full, and whether it is disputed."""
    own = (bill for bill in bills if _subscription_of(bill) == item["id"] and bill["status"] == "paid")
    last = max(own, key=lambda bill: int(bill["created"]), default=None)
    payments = last["payments"]["data"] if last and last.get("payments") else []
    charges = [_charge(payment["payment"]) for payment in payments if payment["status"] == "paid"]
    paid = [charge for charge in charges if charge]
    refunded = bool(paid) and all(charge["refunded"] for charge in paid)
    return refunded, any(charge["disputed"] and _is_lost(charge["id"]) for charge in paid)


def _subscription_of(bill: Mapping[str, Any]) -> str | None:
    details = (bill.get("parent") or {}).get("subscription_details") or {}
    found: str | None = details.get("subscription")
    return found


def _charge(payment: Mapping[str, Any]) -> dict[str, Any] | None:
    if payment["type"] == "charge":
        return client().v1.charges.retrieve(payment["charge"]).to_dict()
    if payment["type"] != "payment_intent":
        return None  # paid outside Stripe, which staff noted there
    intent = client().v1.payment_intents.retrieve(payment["payment_intent"], {"expand": ["latest_charge"]}).to_dict()
    charge: dict[str, Any] | None = intent.get("latest_charge")
    return charge


def _is_lost(charge_id: str) -> bool:
    """Say whether the bank holds the money of a disputed charge, for now or for good."""
    disputes = client().v1.disputes.list({"charge": charge_id, "limit": 10})
    return any(dispute.status not in HARMLESS_DISPUTES for dispute in disputes.data)


def _bill(item: Mapping[str, Any]) -> Bill:
    return Bill(
        id=item["id"],
        number=item.get("number") or "",
        status=item.get("status") or "",
        total=item["total"],
        currency=item["currency"],
        created=_moment(item["created"]),
        url=item.get("hosted_invoice_url") or "",
    )


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
