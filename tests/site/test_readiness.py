"""`/readyz`: what the work needs, each asked; what is away is named, and nothing else is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from gas_site import readiness

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def a_fresh_answer(settings: Settings, tmp_path: Path) -> None:
    """Ask anew, of a vault of this test's own; no Redis runs here, so the queue is away."""
    settings.VAULT = {**settings.VAULT, "OPTIONS": {**settings.VAULT["OPTIONS"], "location": str(tmp_path / "vault")}}
    readiness.forget()


def test_a_queue_that_is_away_is_named_and_the_rest_is_ready(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"database": "ok", "queue": "away", "store": "ok", "vault": "ok"}


def test_a_vault_that_cannot_be_read_is_away(client: Client, tmp_path: Path) -> None:
    (tmp_path / "vault").write_text("no directory")
    assert client.get("/readyz").json()["vault"] == "away"


def test_one_answer_serves_all_who_ask_within_five_seconds(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000.0
    monkeypatch.setattr("gas_site.readiness.time.monotonic", lambda: now)
    assert client.get("/readyz").json()["vault"] == "ok"
    (tmp_path / "vault").write_text("no directory")
    now += 5.0
    assert client.get("/readyz").json()["vault"] == "ok"
    now += 0.1
    assert client.get("/readyz").json()["vault"] == "away"


def test_it_takes_no_other_method(client: Client) -> None:
    assert client.post("/readyz").status_code == 405
