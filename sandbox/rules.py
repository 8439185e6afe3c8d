"""What happens to money in the sandbox: pay, renew, fail, cancel, refund. Each deed sends its events."""

from __future__ import annotations

import json
from typing import Any

from sandbox import objects
from sandbox.store import Obj, Store

API_VERSION = "2026-10-28.endive"
DAY = 24 * 3600
INCOMPLETE_LIFE = 23 * 3600  # seconds until an unpaid first invoice expires its subscription, as at Stripe
RETRY_DAYS = (
    3,
    5,
    7,
)  # after each failed renewal, as Stripe's default schedule has it; then the subscription is unpaid
ENDED = frozenset({"canceled", "incomplete_expired"})


class Refused(Exception):
    """The sandbox will not do this now, in a person's words."""


class Rules:
    """The sandbox's own Stripe. Every public method is one transaction."""

    def __init__(self, store: Store, base_url: str) -> None:
        self.store = store
        self.base_url = base_url
        with store.transaction():
            if not store.get("price", objects.PRICE):
                store.put(objects.product(store.now()))
                store.put(objects.price(store.now()))

    def tell(self, kind: str, about: Obj) -> None:
        """Keep an event and have it delivered."""
        owner = about["id"] if about["object"] == "customer" else about.get("customer") or ""
        if about["object"] == "dispute":
            owner = self.store.need("charge", about["charge"])["customer"]
        happened = self.store.put(objects.event(self.store.now(), kind, about, API_VERSION), owner)
        self.store.queue_delivery(json.dumps(happened))

    # Checkout -------------------------------------------------------------------------------------------
    def pay(self, session_id: str, card: str) -> str:
        """Pay a checkout session with a card. Return "paid", "declined" or "confirm" (3-D Secure).

        Raises Refused when the session is not open: a page that was reloaded pays nothing.
        """
        with self.store.transaction():
            session = self._open_session(session_id)
            if card == "0002":
                intent = self.store.put(objects.payment_intent(self.store.now(), session["customer"]))
                self._charge(intent, paid=False)
                return "declined"
            bought = self._subscribe(session)
            owner = self.store.need("customer", session["customer"])
            self.store.put(owner | {"card": card})
            if card == "3155":
                self._ask_for_action(bought)
                return "confirm"
            self._complete(session, bought)
            return "paid"

    def confirm(self, session_id: str, *, passed: bool) -> str:
        """End 3-D Secure. Return "paid" or "declined"."""
        with self.store.transaction():
            session = self._open_session(session_id)
            bought = self.store.get("subscription", session["subscription"] or "")
            if bought is None:
                raise Refused("No payment of this page waits for a confirmation.")
            if not passed:
                self._charge(self._intent(bought), paid=False)
                return "declined"
            self._complete(session, bought)
            return "paid"

    def expire_session(self, session_id: str) -> Obj:
        """Close an open checkout session. Raises Refused when it is not open."""
        with self.store.transaction():
            session = self.store.put(self._open_session(session_id) | {"status": "expired", "url": None})
            self.tell("checkout.session.expired", session)
            return session

    def _open_session(self, session_id: str) -> Obj:
        session = self.store.need("checkout.session", session_id)
        if session["status"] != "open":
            raise Refused("This payment page is closed: it was paid, or it is too old.")
        return session

    def _subscribe(self, session: Obj) -> Obj:
        """Return the session's subscription with its first invoice, made on the first try."""
        bought = self.store.get("subscription", session["subscription"] or "")
        if bought is not None and bought["status"] == "incomplete":
            return bought
        now = self.store.now()
        bought = objects.subscription(now, session["customer"], session["subscription_metadata"])
        self.store.put(session | {"subscription": bought["id"]})
        session["subscription"] = bought["id"]
        return self._bill(bought, "subscription_create", event="customer.subscription.created")

    def _complete(self, session: Obj, bought: Obj) -> None:
        self._settle(bought, "active")
        paid = {"status": "complete", "payment_status": "paid", "url": None, "invoice": bought["latest_invoice"]}
        self.tell("checkout.session.completed", self.store.put(session | paid))

    # Invoices and charges -----------------------------------------------------------------------------------
    def _bill(self, bought: Obj, reason: str, *, event: str) -> Obj:
        """Write an open invoice for the current period, with its payment."""
        now = self.store.now()
        intent = self.store.put(objects.payment_intent(now, bought["customer"]))
        number = len(self.store.every("invoice")) + 1
        bill = objects.invoice(now, bought, reason, number, self.base_url) | {"payment_intent_id": intent["id"]}
        self.store.put(bill)
        bought = self.store.put(bought | {"latest_invoice": bill["id"]})
        self.tell(event, bought)
        self.tell("invoice.created", bill)
        self.tell("invoice.finalized", bill)
        return bought

    def _intent(self, bought: Obj) -> Obj:
        bill = self.store.need("invoice", bought["latest_invoice"])
        return self.store.need("payment_intent", bill["payment_intent_id"])

    def _charge(self, intent: Obj, *, paid: bool) -> Obj:
        taken = self.store.put(objects.charge(self.store.now(), intent, paid=paid))
        status = "succeeded" if paid else "requires_payment_method"
        intent = self.store.put(intent | {"status": status, "latest_charge": taken["id"]})
        self.tell("charge.succeeded" if paid else "charge.failed", taken)
        self.tell("payment_intent.succeeded" if paid else "payment_intent.payment_failed", intent)
        return taken

    def _settle(self, bought: Obj, status: str) -> Obj:
        """Take the money for the latest invoice."""
        bill = self.store.need("invoice", bought["latest_invoice"])
        if bill["status"] == "paid":
            raise Refused("This invoice is paid.")
        self._charge(self._intent(bought), paid=True)
        paid = {"status": "paid", "amount_paid": bill["total"], "amount_remaining": 0, "next_payment_attempt": None}
        bill = self.store.put(bill | paid)
        bought = self.change(bought, status=status)
        self.tell("invoice.paid", bill)
        self.tell("invoice.payment_succeeded", bill)
        return bought

    def _ask_for_action(self, bought: Obj) -> None:
        intent = self.store.put(self._intent(bought) | {"status": "requires_action"})
        self.tell("payment_intent.requires_action", intent)
        self.tell("invoice.payment_action_required", self.store.need("invoice", bought["latest_invoice"]))

    def _fail(self, bought: Obj) -> Obj:
        """Note that the latest invoice could not be paid, and when it is tried again."""
        bill = self.store.need("invoice", bought["latest_invoice"])
        self._charge(self._intent(bought), paid=False)
        tried = bill["attempt_count"] + 1
        retry = self.store.now() + RETRY_DAYS[tried - 1] * DAY if tried <= len(RETRY_DAYS) else None
        bill = self.store.put(bill | {"attempt_count": tried, "next_payment_attempt": retry})
        bought = self.change(bought, status="past_due" if retry else "unpaid")
        self.tell("invoice.payment_failed", bill)
        return bought

    # Subscriptions ----------------------------------------------------------------------------------------------
    def change(self, bought: Obj, **fields: Any) -> Obj:
        """Change a subscription and say so."""
        with self.store.transaction():
            bought = self.store.put(bought | fields)
            self.tell("customer.subscription.updated", bought)
            return bought

    def cancel_at_period_end(self, subscription_id: str, *, wanted: bool) -> Obj:
        """Have a subscription end with its period, or go on after all. Raises Refused when it has ended."""
        with self.store.transaction():
            bought = self._going(subscription_id)
            end = period_end(bought) if wanted else None
            asked = self.store.now() if wanted else None
            return self.change(bought, cancel_at_period_end=wanted, cancel_at=end, canceled_at=asked)

    def cancel_now(self, subscription_id: str) -> Obj:
        """End a subscription. Raises Refused when it has ended."""
        with self.store.transaction():
            return self._end(self._going(subscription_id), "canceled")

    def _going(self, subscription_id: str) -> Obj:
        bought = self.store.need("subscription", subscription_id)
        if bought["status"] in ENDED:
            raise Refused(f"No such subscription: '{subscription_id}'")  # Stripe's words for one that has ended
        return bought

    def _end(self, bought: Obj, status: str) -> Obj:
        now = self.store.now()
        bought = self.store.put(bought | {"status": status, "ended_at": now, "canceled_at": now})
        bill = self.store.get("invoice", bought["latest_invoice"] or "")
        if bill and bill["status"] == "open":
            self.store.put(bill | {"status": "void", "next_payment_attempt": None})
        ended = "customer.subscription.deleted" if status == "canceled" else "customer.subscription.updated"
        self.tell(ended, bought)
        return bought

    def change_card(self, customer_id: str, card: str) -> None:
        """Keep another card for the next payments."""
        with self.store.transaction():
            owner = self.store.put(self.store.need("customer", customer_id) | {"card": card})
            self.tell("customer.updated", owner)

    def pay_open_invoice(self, subscription_id: str) -> bool:
        """Try the outstanding invoice with the customer's card; return whether it was paid."""
        with self.store.transaction():
            bought = self._going(subscription_id)
            if self._card_works(bought):
                self._settle(bought, "active")
                return True
            self._charge(self._intent(bought), paid=False)
            return False

    def _card_works(self, bought: Obj) -> bool:
        return self.store.need("customer", bought["customer"])["card"] in {"4242", "3155"}

    # Refunds and disputes --------------------------------------------------------------------------------------
    def refund(self, charge_id: str, amount: int | None = None) -> Obj:
        """Give money back, all that is left of the charge or a part. Raises Refused when it was all given back."""
        with self.store.transaction():
            taken = self.store.need("charge", charge_id)
            left = taken["amount"] - taken["amount_refunded"]
            given = left if amount is None else amount
            if not 0 < given <= left:
                raise Refused("Charge has already been refunded.")
            total = taken["amount_refunded"] + given
            taken = self.store.put(taken | {"amount_refunded": total, "refunded": total == taken["amount"]})
            made = self.store.put(objects.refund(self.store.now(), taken, given))
            self.tell("charge.refunded", taken)
            return made

    def dispute(self, charge_id: str) -> Obj:
        """Have the bank take the money back for now."""
        with self.store.transaction():
            taken = self.store.put(self.store.need("charge", charge_id) | {"disputed": True})
            made = self.store.put(objects.dispute(self.store.now(), taken))
            self.tell("charge.dispute.created", made)
            return made

    def close_dispute(self, dispute_id: str, status: str) -> Obj:
        """Let the bank decide: "won" or "lost"."""
        with self.store.transaction():
            made = self.store.put(self.store.need("dispute", dispute_id) | {"status": status})
            self.tell("charge.dispute.closed", made)
            return made

    # Time ------------------------------------------------------------------------------------------------------------
    def move_to(self, moment: int) -> None:
        """Move time forward to ``moment`` (Unix seconds); what falls due on the way happens, in its order."""
        with self.store.transaction():
            while due := self._next_due(moment):
                at, bought = due
                self.store.move_clock(at)
                self._fall_due(bought)
            self.store.move_clock(moment)

    def _next_due(self, until: int) -> tuple[int, Obj] | None:
        waiting = [(at, bought) for bought in self.store.every("subscription") if (at := self._due_at(bought))]
        due = [pair for pair in waiting if pair[0] <= until]
        return min(due, key=lambda pair: pair[0]) if due else None

    def _due_at(self, bought: Obj) -> int | None:
        if bought["status"] == "incomplete":
            return int(bought["created"]) + INCOMPLETE_LIFE
        if bought["status"] in {"active", "trialing"}:
            return period_end(bought)
        if bought["status"] == "past_due":
            retry = self.store.need("invoice", bought["latest_invoice"])["next_payment_attempt"]
            return None if retry is None else int(retry)
        return None

    def _fall_due(self, bought: Obj) -> None:
        if bought["status"] == "incomplete":
            self._end(bought, "incomplete_expired")
        elif bought["status"] == "past_due":
            self._settle(bought, "active") if self._card_works(bought) else self._fail(bought)
        elif bought["cancel_at_period_end"]:
            self._end(bought, "canceled")
        else:
            self._renew(bought)

    def _renew(self, bought: Obj) -> None:
        item = bought["items"]["data"][0]
        start = item["current_period_end"]
        item |= {"current_period_start": start, "current_period_end": objects.month_after(start)}
        bought = self._bill(bought, "subscription_cycle", event="customer.subscription.updated")
        if self._card_works(bought):
            self._settle(bought, "active")
        else:
            self._fail(bought)


def period_end(bought: Obj) -> int:
    """Return when the subscription's current period ends, in Unix seconds."""
    return int(bought["items"]["data"][0]["current_period_end"])
