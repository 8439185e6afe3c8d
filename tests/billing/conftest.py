"""Fixtures of the tests about money: a sandbox of their own over real HTTP, and a user who buys there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import stripe
from django.core.cache import cache
from django.test import Client
from dramatiq import Actor
from pytest_django import Settings

from accounts.models import Plan, User
from billing.stripe_client import client
from gas_site.setting_services import SANDBOX_PRICE, Payments
from sandbox.payments import Sandbox
from tests.billing.buying import SECRET, Shop
from tests.site.factories import make_user, signed_in


@pytest.fixture(autouse=True)
def quick_passwords(settings: Settings) -> None:
    """Hash passwords fast."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the library wait no time between its retries."""
    monkeypatch.setattr(stripe.HTTPClient, "_sleep_time_seconds", lambda *_: 0.0)


@pytest.fixture(scope="session")
def running_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Run one sandbox for all tests; each test has customers of its own. It delivers nothing by itself."""
    sandbox = Sandbox(Path(tmp_path_factory.mktemp("sandbox")), "sk_test_sandbox")
    sandbox.start()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def real_transactions(transactional_db: None) -> None:
    """Let commits be commits, as messages that follow them want."""
    make_plans()


def make_plans() -> None:
    """Put the two plans where a test with real transactions has emptied their table."""
    limits = {"max_upload_bytes": 150 * 1024, "retention": timedelta(minutes=5)}
    Plan.objects.get_or_create(slug=Plan.FREE, defaults={"name": "Free", **limits})
    Plan.objects.get_or_create(slug=Plan.PREMIUM, defaults={"name": "Premium"})


@pytest.fixture
def sandbox(running_sandbox: Sandbox, settings: Settings, real_transactions: None) -> Iterator[Sandbox]:
    """Give the sandbox, with the site's settings pointing at it."""
    settings.STRIPE = Payments(running_sandbox.key, SECRET, SANDBOX_PRICE, running_sandbox.base_url)
    cache.clear()
    yield running_sandbox
    running_sandbox.faults.clear()


@pytest.fixture
def inline(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Run actors where they are sent from, after the commit; return the names of those that ran."""
    ran: list[str] = []

    def run(self: Actor[Any, Any], args: tuple[str, ...] = (), **options: Any) -> None:
        ran.append(self.actor_name)
        self.fn(*args)

    monkeypatch.setattr(Actor, "send_with_options", run)
    return ran


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[str, ...]]]:
    """Collect messages in place of sending them."""
    messages: list[tuple[str, tuple[str, ...]]] = []

    def collect(self: Actor[Any, Any], args: tuple[str, ...] = (), **options: Any) -> None:
        messages.append((self.actor_name, tuple(args)))

    monkeypatch.setattr(Actor, "send_with_options", collect)
    return messages


@pytest.fixture
def ada(real_transactions: None) -> User:
    """Give a free user."""
    return make_user("ada@example.org")


@pytest.fixture
def adas(ada: User) -> Client:
    """Give Ada's browser."""
    return signed_in(ada)


@pytest.fixture
def shop(sandbox: Sandbox, ada: User, adas: Client, inline: list[str]) -> Shop:
    """Give Ada with her browser before the site and the sandbox's pages; messages run at once."""
    return Shop(sandbox, ada, adas)


@pytest.fixture
def other_shop(shop: Shop) -> Callable[[str], Shop]:
    """Give what makes somebody else who buys at the same sandbox."""

    def make(email: str) -> Shop:
        user = make_user(email)
        return Shop(shop.sandbox, user, signed_in(user))

    return make


@pytest.fixture
def api(sandbox: Sandbox) -> stripe.StripeClient:
    """Give the product's own client of Stripe."""
    return client()
