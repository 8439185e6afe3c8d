"""The sandbox itself: what it refuses, how it answers as Stripe does, and its webhooks over real HTTP."""

from __future__ import annotations

import http.client
import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stripe
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from pytest_django.live_server_helper import LiveServer

from billing.models import StripeEvent
from gas_site import setting_services
from sandbox.payments import Sandbox
from tests.billing.buying import SECRET, Shop


def run_sandbox(**environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sandbox.payments"]
    return subprocess.run(
        command,
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


@pytest.mark.parametrize("key", ["sk_live_abc", "sk_test_abc", "rk_live_abc"])
def test_it_does_not_start_beside_a_key_of_stripe(key: str, tmp_path: Path) -> None:
    done = run_sandbox(STRIPE_SECRET_KEY=key, SANDBOX_STRIPE_DIR=str(tmp_path), SANDBOX_STRIPE_PORT="1")
    assert done.returncode == 2
    assert "The sandbox does not start." in done.stderr
    assert not list(tmp_path.iterdir())


def test_the_site_does_not_start_it_beside_a_key_of_stripe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_live_" + "a" * 24)
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", "whsec_abc")
    monkeypatch.setenv("STRIPE_PRICE", "price_abc")
    found = setting_services.payments("secret", True, 9000)
    assert (found.api, found.key) == ("https://api.stripe.com", "sk_live_" + "a" * 24)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"STRIPE_SECRET_KEY": "pk_live_abcdef"}, "STRIPE_SECRET_KEY"),
        ({"STRIPE_WEBHOOK_SECRET": ""}, "STRIPE_WEBHOOK_SECRET"),
        ({"STRIPE_WEBHOOK_SECRET": "secret"}, "STRIPE_WEBHOOK_SECRET"),
        ({"STRIPE_PRICE": ""}, "STRIPE_PRICE"),
    ],
)
def test_half_a_configuration_stops_the_boot_and_quotes_no_key(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], named: str
) -> None:
    whole = {"STRIPE_SECRET_KEY": "sk_live_abc", "STRIPE_WEBHOOK_SECRET": "whsec_abc", "STRIPE_PRICE": "price_abc"}
    for name, value in {**whole, **changes}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=named) as caught:
        setting_services.payments("secret", True, 9000)
    assert "pk_live_abcdef" not in str(caught.value)


@pytest.mark.parametrize(
    ("site", "runs"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://localhost:8000", True),
        ("http://[::1]:8000", True),
        ("https://gas.example.org", False),
        ("http://192.168.1.4:8000", False),
    ],
)
def test_it_runs_by_itself_only_where_the_site_is_this_machine_s(
    monkeypatch: pytest.MonkeyPatch, site: str, runs: bool
) -> None:
    monkeypatch.delenv("SANDBOX", raising=False)
    assert setting_services.sandbox_allowed(site) is runs


def test_it_listens_on_this_machine_only(running_sandbox: Sandbox) -> None:
    assert running_sandbox.server.server_address[0] == "127.0.0.1"


def test_another_address_s_form_and_name_are_refused(shop: Shop) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
        connection = http.client.HTTPConnection("127.0.0.1", shop.sandbox.server.server_port)
        connection.request("POST", "/pay/cs_test_1", "act=pay", headers)
        assert connection.getresponse().status == 403
        connection.close()


def test_a_wrong_key_is_refused(sandbox: Sandbox) -> None:
    stranger = stripe.StripeClient("sk_test_other", base_addresses={"api": sandbox.base_url})
    with pytest.raises(stripe.AuthenticationError):
        stranger.v1.customers.create({"email": "x@example.org"})


def test_an_idempotency_key_gives_the_first_answer_and_refuses_other_parameters(api: stripe.StripeClient) -> None:
    first = api.v1.customers.create({"email": "a@example.org"}, {"idempotency_key": "key-1"})
    again = api.v1.customers.create({"email": "a@example.org"}, {"idempotency_key": "key-1"})
    assert first.id == again.id
    with pytest.raises(stripe.IdempotencyError):
        api.v1.customers.create({"email": "b@example.org"}, {"idempotency_key": "key-1"})


def test_what_is_not_there_is_an_error_of_stripe_s_shape(api: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        api.v1.customers.retrieve("cus_nobody")
    assert (caught.value.http_status, caught.value.code) == (404, "resource_missing")


def test_a_list_comes_in_pages(api: stripe.StripeClient) -> None:
    made = {api.v1.customers.create({"email": f"page{number}@example.org"}).id for number in range(5)}
    found = [each.id for each in api.v1.customers.list({"limit": 2}).auto_paging_iter()]
    assert made <= set(found)
    assert len(found) == len(set(found))


def test_nothing_private_of_the_sandbox_is_told(shop: Shop, api: stripe.StripeClient) -> None:
    shop.subscribe()
    customer = api.v1.customers.retrieve(shop.customer.stripe_id).to_dict()
    assert "card" not in customer


def test_its_state_outlives_it(tmp_path: Path) -> None:
    first = Sandbox(tmp_path, "sk_test_1")
    made = first.store.put({"id": "cus_1", "object": "customer", "email": "a@example.org"})
    first.server.server_close()
    first.store.close()
    second = Sandbox(tmp_path, "sk_test_1")
    assert second.store.need("customer", "cus_1") == made
    second.server.server_close()
    second.store.close()


@pytest.fixture
def delivering(tmp_path: Path, live_server: LiveServer, settings: Any, real_transactions: None) -> Iterator[Sandbox]:
    """Run a sandbox that delivers to the running site."""
    sandbox = Sandbox(tmp_path, "sk_test_live", webhook_url=f"{live_server.url}/billing/webhook/", secret=SECRET)
    settings.STRIPE = setting_services.Payments(sandbox.key, SECRET, setting_services.SANDBOX_PRICE, sandbox.base_url)
    yield sandbox
    sandbox.server.server_close()
    sandbox.store.close()


def test_its_webhooks_reach_the_site_signed(delivering: Sandbox, queued: list[Any]) -> None:
    delivering.rules.tell("customer.updated", {"object": "customer", "id": "cus_x"})
    assert delivering.deliverer is not None
    assert delivering.deliverer.deliver_one()
    assert StripeEvent.objects.get().customer_id == "cus_x"
    assert delivering.store.next_due() is None


def test_a_webhook_that_is_not_taken_comes_again_later(tmp_path: Path) -> None:
    answers = [500, 500, 200]
    bodies: list[str] = []

    class Moody(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(answers.pop(0))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Moody)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/billing/webhook/"
    sandbox = Sandbox(tmp_path, "sk_test_1", webhook_url=url, secret=SECRET)
    assert sandbox.deliverer is not None
    sandbox.rules.tell("customer.updated", {"object": "customer", "id": "cus_x"})
    for _ in range(3):
        assert sandbox.deliverer.deliver_one()
        assert not sandbox.deliverer.deliver_one()  # it waits before the next try
        sandbox.store._run("UPDATE deliveries SET due = 0")
    assert answers == []
    assert {json.loads(body)["data"]["object"]["id"] for body in bodies} == {"cus_x"}
    assert len(set(bodies)) == 1
    server.shutdown()
    server.server_close()
    sandbox.server.server_close()
    sandbox.store.close()
