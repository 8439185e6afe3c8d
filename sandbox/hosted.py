"""What the hosted pages do: each takes a path and the form's fields and answers a page or a redirect."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox import pages
from sandbox.rules import DAY, Refused, Rules, period_end
from sandbox.store import Obj, Store


@dataclass(frozen=True)
class Answer:
    """A page (``html``) or, with ``location``, a redirect."""

    html: str = ""
    location: str = ""
    status: int = 200


class Hosted:
    """Checkout, 3-D Secure, portal, invoices and the overview."""

    def __init__(self, store: Store, rules: Rules) -> None:
        self.store, self.rules = store, rules

    def show(self, path: str, query: dict[str, str]) -> Answer:
        """Answer a GET. Raises KeyError for what is not there."""
        place, _, identifier = path.strip("/").partition("/")
        if not place:
            shown = pages.overview(self.store.now(), self.store.every("subscription"), self.store.every("event"))
            return Answer(shown)
        if place == "pay":
            return self._checkout(identifier, declined="declined" in query)
        if place == "secure":
            return Answer(pages.secure(self.store.need("checkout.session", identifier)))
        if place == "portal":
            return self._portal(identifier)
        if place == "invoice":
            return Answer(pages.invoice(self.store.need("invoice", identifier)))
        raise KeyError(path)

    def act(self, path: str, given: dict[str, str]) -> Answer:
        """Answer a POST. Raises KeyError for what is not there."""
        place, _, identifier = path.strip("/").partition("/")
        try:
            if place == "pay":
                return self._pay(identifier, given)
            if place == "secure":
                outcome = self.rules.confirm(identifier, passed=given.get("act") == "pass")
                return self._after(identifier, outcome)
            if place == "portal":
                return self._change(identifier, given)
        except Refused as error:
            session = self.store.get("checkout.session", identifier)
            back = str(session["success_url"]) if session else None
            return Answer(pages.closed(str(error), back), status=409)
        raise KeyError(path)

    def _checkout(self, identifier: str, *, declined: bool) -> Answer:
        session = self.store.need("checkout.session", identifier)
        if session["status"] == "complete":  # the page was reloaded after the payment
            return Answer(location=_success(session))
        if session["status"] != "open":
            return Answer(pages.closed("This payment page is too old.", session["cancel_url"]), status=410)
        buyer = self.store.need("customer", session["customer"])
        return Answer(pages.checkout(session, buyer["email"] or "you", declined=declined))

    def _pay(self, identifier: str, given: dict[str, str]) -> Answer:
        session = self.store.need("checkout.session", identifier)
        if given.get("act") == "back":
            return Answer(location=session["cancel_url"] or session["success_url"])
        if session["status"] == "complete":  # the button was pressed twice, or the reply was lost
            return Answer(location=_success(session))
        return self._after(identifier, self.rules.pay(identifier, given.get("card", "4242")))

    def _after(self, identifier: str, outcome: str) -> Answer:
        if outcome == "confirm":
            return Answer(location=f"/secure/{identifier}")
        if outcome == "declined":
            return Answer(location=f"/pay/{identifier}?declined=1")
        return Answer(location=_success(self.store.need("checkout.session", identifier)))

    def _portal(self, identifier: str) -> Answer:
        session = self.store.need("billing_portal.session", identifier)
        buyer = self.store.need("customer", session["customer"])
        bought = self.store.every("subscription", customer=buyer["id"])
        bills = self.store.every("invoice", customer=buyer["id"])
        return Answer(pages.portal(session, bought, bills, buyer["card"]))

    def _change(self, identifier: str, given: dict[str, str]) -> Answer:
        session = self.store.need("billing_portal.session", identifier)
        act, chosen = given.get("act", ""), given.get("subscription", "")
        if act == "card":
            self.rules.change_card(session["customer"], given.get("card", "4242"))
        elif act in {"cancel", "resume"}:
            self.rules.cancel_at_period_end(chosen, wanted=act == "cancel")
        elif act == "cancel_now":
            self.rules.cancel_now(chosen)
        elif act == "pay":
            self.rules.pay_open_invoice(chosen)
        elif act == "advance":
            self.rules.move_to(self._next(self.store.need("subscription", chosen)))
        return Answer(location=f"/portal/{identifier}")

    def _next(self, bought: Obj) -> int:
        """Return when something happens to the subscription next."""
        bill = self.store.get("invoice", bought["latest_invoice"] or "")
        if bought["status"] == "past_due" and bill and bill["next_payment_attempt"]:
            return int(bill["next_payment_attempt"])
        return max(period_end(bought), self.store.now() + DAY if bought["status"] == "past_due" else 0)


def _success(session: Obj) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])
