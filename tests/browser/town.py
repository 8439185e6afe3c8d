"""A whole site for a real browser: the site, the payment sandbox that delivers to it, a sign-in provider."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from playwright.sync_api import Browser, Page
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from gas_site import setting_services
from sandbox.payments import Sandbox
from tests.billing.buying import SECRET
from tests.people.provider import Provider


@dataclass
class Town:
    """The addresses of everything, and a page to walk in."""

    page: Page
    site: str
    payments: Sandbox
    provider: Provider
    complaints: list[str]

    def go(self, path: str) -> None:
        """Open a page of the site."""
        self.page.goto(self.site + path)

    def press(self, name: str) -> None:
        """Press a button."""
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def deliver(self) -> None:
        """Let every webhook that waits arrive."""
        assert self.payments.deliverer is not None
        while self.payments.deliverer.deliver_one():
            pass

    def reads(self, text: str) -> None:
        """Wait until the page has the text."""
        self.page.get_by_text(text).first.wait_for()


@pytest.fixture
def town(  # noqa: PLR0917 (fixtures are given by name)
    chromium: Browser,
    live_server: LiveServer,
    settings: Settings,
    tmp_path: Path,
    real_transactions: None,
    running_provider: Provider,
    inline: Any,
) -> Iterator[Town]:
    """Give a town of its own to each journey. What the browser complains about (policy, scripts) fails it.

    So does a request that leaves the town.
    """
    hook = f"{live_server.url}/billing/webhook/"
    payments = Sandbox(tmp_path / "payments", "sk_test_town", webhook_url=hook, secret=SECRET)
    settings.STRIPE = setting_services.Payments(payments.key, SECRET, setting_services.SANDBOX_PRICE, payments.base_url)
    settings.SITE_URL = live_server.url
    apps = setting_services.sign_in_providers(True, int(running_provider.url.rpartition(":")[2]))
    settings.SIGN_IN_PROVIDERS = apps
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": apps, "OAUTH_PKCE_ENABLED": True}}
    cache.clear()
    payments.start_server()
    context = chromium.new_context()
    context.set_default_timeout(15_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    inside = (live_server.url, payments.base_url, running_provider.url, "data:", "blob:")
    outside: list[str] = []
    context.on("request", lambda asked: None if asked.url.startswith(inside) else outside.append(asked.url))
    yield Town(page, live_server.url, payments, running_provider, complaints)
    context.close()
    payments.stop()
    assert outside == []
    assert [text for text in complaints if "Content Security Policy" in text] == []
