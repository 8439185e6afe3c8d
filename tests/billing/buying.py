"""What a person does with money, over real HTTP: the site's form, the hosted page, the webhook."""

from __future__ import annotations

import http.client
import json
import re
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.test import Client

from accounts.models import Plan, User
from billing.models import Customer
from sandbox.delivery import signature
from sandbox.payments import Sandbox

SECRET = "whsec_for_tests"
WEBHOOK = "/billing/webhook/"
DAY = 24 * 3600


@dataclass
class Shop:
    """A user with a browser, and the sandbox they pay at."""

    sandbox: Sandbox
    user: User
    browser: Client

    # The site ---------------------------------------------------------------------------------------
    def press_subscribe(self, **given: str) -> str:
        """Press "Go to payment"; return the address of the payment page, or "" when there is none."""
        response = self.browser.post("/subscribe/", given)
        found = re.search(r'url=([^"]+)"', response.content.decode())
        return found[1].replace("&amp;", "&") if found else ""

    def come_back(self) -> str:
        """Open the page that the payment page leads back to; return its text."""
        return self.browser.get("/subscribe/done/").content.decode()

    @property
    def plan(self) -> str:
        """Return the user's plan as the database has it."""
        return str(User.objects.get(pk=self.user.pk).plan_id)

    @property
    def customer(self) -> Customer:
        """Return the user's customer as the database has it."""
        return Customer.objects.get(user=self.user)

    def is_premium(self) -> bool:
        """Say whether the user is on Premium."""
        return self.plan == Plan.PREMIUM

    # The hosted pages ---------------------------------------------------------------------------------
    def pay(self, url: str, card: str = "4242") -> str:
        """Press the payment page's button; return where it leads."""
        return self.post(urlsplit(url).path, act="pay", card=card)

    def subscribe(self, card: str = "4242") -> None:
        """Buy Premium the whole way, and come back."""
        self.pay(self.press_subscribe(), card)
        self.come_back()

    def post(self, path: str, **given: str) -> str:
        """Send a form of the sandbox's pages; return where it leads."""
        status, headers, _ = self.ask("POST", path, urlencode(given))
        assert status == 303, status
        return headers["location"]

    def ask(self, method: str, path: str, body: str = "") -> tuple[int, dict[str, str], str]:
        """Ask the sandbox over HTTP; return status, headers and text."""
        connection = http.client.HTTPConnection("127.0.0.1", self.sandbox.server.server_port, timeout=10)
        try:
            connection.request(method, path, body, {"Content-Type": "application/x-www-form-urlencoded"})
            response = connection.getresponse()
            text = response.read().decode()
            return response.status, {name.lower(): value for name, value in response.getheaders()}, text
        finally:
            connection.close()

    # What is at Stripe ---------------------------------------------------------------------------------------
    @property
    def subscriptions(self) -> list[dict[str, Any]]:
        """Return the user's subscriptions at Stripe, newest first."""
        return self.sandbox.store.every("subscription", customer=self.customer.stripe_id)

    @property
    def charges(self) -> list[dict[str, Any]]:
        """Return what the user was charged."""
        return self.sandbox.store.every("charge", customer=self.customer.stripe_id, paid=True)

    def move_to_period_end(self) -> None:
        """Move the sandbox's time to the end of the newest subscription's period."""
        end = self.subscriptions[0]["items"]["data"][0]["current_period_end"]
        self.sandbox.rules.move_to(end)

    def events(self) -> list[dict[str, Any]]:
        """Return every event about the user, oldest first."""
        return self.sandbox.store.every("event", self.customer.stripe_id)[::-1]

    # The webhook -----------------------------------------------------------------------------------------
    def deliver(self, event: dict[str, Any]) -> int:
        """Deliver an event to the site as Stripe would; return the answer's status."""
        return deliver(self.browser, json.dumps(event))

    def deliver_everything(self) -> None:
        """Deliver every event there is, in order."""
        for event in self.events():
            assert self.deliver(event) == 200


def deliver(browser: Client, body: str, *, secret: str = SECRET, at: int | None = None) -> int:
    """Send a signed body to the webhook; return the status."""
    header = signature(body, secret, int(time.time()) if at is None else at)
    response = browser.post(WEBHOOK, body, content_type="application/json", headers={"stripe-signature": header})
    return response.status_code
