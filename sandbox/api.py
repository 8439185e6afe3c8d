"""The part of Stripe's HTTP API that GAS uses: routes, errors, idempotency keys, expansion.

https://docs.stripe.com/api/idempotent_requests, https://docs.stripe.com/api/errors, https://docs.stripe.com/api/expanding_objects
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox import objects
from sandbox.forms import truth
from sandbox.rules import Refused, Rules
from sandbox.store import Obj, Store, new_id


@dataclass(frozen=True)
class Call:
    """One request to the API: its method, path, parameters and idempotency key."""

    method: str
    path: str
    given: dict[str, Any]
    key: str = ""


@dataclass(frozen=True)
class Reply:
    """What goes back: status, JSON, headers."""

    status: int
    body: str
    headers: dict[str, str]


class Wrong(Exception):
    """A request that Stripe would answer with an error."""

    def __init__(self, status: int, message: str, code: str = "", kind: str = "invalid_request_error") -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.kind = status, message, code, kind


class Api:
    """Answers calls; one is one transaction, so that a kept reply and its effects stand or fall together."""

    def __init__(self, store: Store, rules: Rules) -> None:
        self.store = store
        self.rules = rules

    def answer(self, call: Call) -> Reply:
        """Return the reply to a call; the same idempotency key gets the same reply and does nothing again."""
        headers = {"Request-Id": new_id("req")}
        try:
            with self.store.transaction():
                kept = self._kept(call)
                if kept:
                    return Reply(*kept, headers | {"Idempotent-Replayed": "true"})
                status, body = 200, json.dumps(self._do(call), indent=2)
                self._keep(call, status, body)
                return Reply(status, body, headers)
        except Wrong as error:
            described = {"type": error.kind, "message": error.message}
            if error.code:
                described["code"] = error.code
            return Reply(error.status, json.dumps({"error": described}), headers)

    def _kept(self, call: Call) -> tuple[int, str] | None:
        kept = self.store.reply_to(call.key) if call.key and call.method == "POST" else None
        if not kept:
            return None
        if kept[0] != _fingerprint(call):
            message = (
                "Keys for idempotent requests can only be used with the same parameters they were first used with."
            )
            raise Wrong(400, message, kind="idempotency_error")
        return kept[1], kept[2]

    def _keep(self, call: Call, status: int, body: str) -> None:
        if call.key and call.method == "POST":
            self.store.keep_reply(call.key, _fingerprint(call), status, body)

    def _do(self, call: Call) -> Obj:
        for method, pattern, name in ROUTES:
            match = re.fullmatch(pattern, call.path)
            if match and method == call.method:
                verb: Callable[..., Obj] = getattr(self, name)
                try:
                    result = verb(call.given, *match.groups())
                except KeyError as error:
                    raise Wrong(404, f"No such object: {error}", "resource_missing") from error
                except Refused as error:
                    raise Wrong(400, str(error)) from error
                return self._expanded(result, call.given.get("expand") or [])
        raise Wrong(404, f"Unrecognized request URL ({call.method}: {call.path}).")

    # Verbs ------------------------------------------------------------------------------------------------
    def make_customer(self, given: Obj) -> Obj:
        """POST /v1/customers."""
        made = self.store.put(objects.customer(self.store.now(), given))
        self.rules.tell("customer.created", made)
        return made

    def change_customer(self, given: Obj, identifier: str) -> Obj:
        """POST /v1/customers/ID."""
        changed = {name: given[name] for name in ("email", "name", "metadata") if name in given}
        changed_customer = self.store.put(self.store.need("customer", identifier) | changed)
        self.rules.tell("customer.updated", changed_customer)
        return changed_customer

    def make_checkout_session(self, given: Obj) -> Obj:
        """POST /v1/checkout/sessions."""
        for name in ("mode", "customer", "line_items", "success_url"):
            if not given.get(name):
                raise Wrong(400, f"Missing required param: {name}.", "parameter_missing")
        if given["mode"] != "subscription" or given["line_items"][0].get("price") != objects.PRICE:
            raise Wrong(400, "No such price, or a mode the sandbox does not have.", "resource_missing")
        self.store.need("customer", given["customer"])
        return self.store.put(objects.checkout_session(self.store.now(), given, self.rules.base_url))

    def expire_checkout_session(self, given: Obj, identifier: str) -> Obj:
        """POST /v1/checkout/sessions/ID/expire."""
        return self.rules.expire_session(identifier)

    def make_portal_session(self, given: Obj) -> Obj:
        """POST /v1/billing_portal/sessions."""
        self.store.need("customer", given.get("customer", ""))
        return self.store.put(objects.portal_session(self.store.now(), given, self.rules.base_url))

    def change_subscription(self, given: Obj, identifier: str) -> Obj:
        """POST /v1/subscriptions/ID."""
        if "cancel_at_period_end" not in given:
            return self.store.need("subscription", identifier)
        return self.rules.cancel_at_period_end(identifier, wanted=truth(given["cancel_at_period_end"]))

    def cancel_subscription(self, given: Obj, identifier: str) -> Obj:
        """DELETE /v1/subscriptions/ID."""
        return self.rules.cancel_now(identifier)

    def make_refund(self, given: Obj) -> Obj:
        """POST /v1/refunds."""
        amount = given.get("amount")
        return self.rules.refund(given["charge"], int(amount) if amount else None)

    def list_of(self, given: Obj, collection: str) -> Obj:
        """GET a list: newest first, by customer, charge, subscription or status, a page at a time."""
        names = ["customer", "charge", "type"] + (["status"] if collection != "subscriptions" else [])
        wanted = {name: given[name] for name in names if name in given}
        found = self.store.every(LISTS[collection], **wanted)
        if collection == "subscriptions" and given.get("status") != "all":
            found = [item for item in found if item["status"] == given.get("status", item["status"]) != "canceled"]
        after = given.get("starting_after")
        ids = [item["id"] for item in found]
        found = found[ids.index(after) + 1 :] if after in ids else found
        limit = min(int(given.get("limit", 10)), 100)
        return objects.listing(found[:limit], f"/v1/{collection}", more=len(found) > limit)

    def one_of(self, given: Obj, collection: str, identifier: str) -> Obj:
        """GET one object."""
        found = self.store.need(LISTS[collection], identifier)
        if collection == "checkout/sessions" and found["status"] == "open" and found["expires_at"] <= self.store.now():
            return self.rules.expire_session(identifier)
        return found

    # Expansion ------------------------------------------------------------------------------------------------
    def _expanded(self, result: Obj, paths: list[str]) -> Obj:
        for path in paths:
            self._expand(result, path.split("."))
        shown: Obj = _without_private(result)
        return shown

    def _expand(self, item: Any, path: list[str]) -> None:
        if not path or not isinstance(item, dict):
            return
        name, rest = path[0], path[1:]
        if name == "payments" and item.get("object") == "invoice":
            item["payments"] = self._payments(item)
        elif name in EXPANDS and isinstance(item.get(name), str):
            item[name] = self.store.need(EXPANDS[name], item[name])
        inner = item.get(name)
        for each in inner if isinstance(inner, list) else [inner]:
            self._expand(each, rest)

    def _payments(self, bill: Obj) -> Obj:
        payment = {"type": "payment_intent", "payment_intent": bill["payment_intent_id"]}
        status = "paid" if bill["status"] == "paid" else "open"
        made = {"id": f"inpay_{bill['id']}", "object": "invoice_payment", "invoice": bill["id"], "is_default": True}
        return objects.listing([made | {"status": status, "payment": payment}], "/v1/invoice_payments")


def _fingerprint(call: Call) -> str:
    return hashlib.sha256(json.dumps([call.method, call.path, call.given], sort_keys=True).encode()).hexdigest()


def _without_private(item: Any) -> Any:
    """Leave out what the sandbox notes for itself and Stripe's API does not have."""
    if isinstance(item, list):
        return [_without_private(each) for each in item]
    if not isinstance(item, dict):
        return item
    return {name: _without_private(value) for name, value in item.items() if name not in PRIVATE}


PRIVATE = frozenset({"card", "payment_intent_id", "subscription_metadata"})
EXPANDS = {
    "latest_invoice": "invoice",
    "latest_charge": "charge",
    "payment_intent": "payment_intent",
    "customer": "customer",
    "subscription": "subscription",
}
LISTS = {
    "customers": "customer",
    "prices": "price",
    "products": "product",
    "checkout/sessions": "checkout.session",
    "subscriptions": "subscription",
    "invoices": "invoice",
    "payment_intents": "payment_intent",
    "charges": "charge",
    "disputes": "dispute",
    "refunds": "refund",
    "events": "event",
}
ROUTES = (
    ("POST", r"/v1/customers", "make_customer"),
    ("POST", r"/v1/customers/([^/]+)", "change_customer"),
    ("POST", r"/v1/checkout/sessions", "make_checkout_session"),
    ("POST", r"/v1/checkout/sessions/([^/]+)/expire", "expire_checkout_session"),
    ("POST", r"/v1/billing_portal/sessions", "make_portal_session"),
    ("POST", r"/v1/subscriptions/([^/]+)", "change_subscription"),
    ("DELETE", r"/v1/subscriptions/([^/]+)", "cancel_subscription"),
    ("POST", r"/v1/refunds", "make_refund"),
    ("GET", rf"/v1/({'|'.join(LISTS)})", "list_of"),
    ("GET", rf"/v1/({'|'.join(LISTS)})/([^/]+)", "one_of"),
)
