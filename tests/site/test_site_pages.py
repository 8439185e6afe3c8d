"""The pages that everybody sees: landing, help, privacy, sources, health, and the theme."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import Plan
from annotations.catalogue import installed_references
from annotations.example import example_summary
from tests.site.factories import SUMMARY


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["landing", "help", "privacy", "sources"])
def test_a_page_is_for_everybody_and_to_read(client: Client, alices: Client, name: str) -> None:
    for browser in (client, alices):
        assert browser.get(reverse(name)).status_code == 200
        assert browser.head(reverse(name)).status_code == 200
        assert browser.post(reverse(name)).status_code == 405


@pytest.mark.django_db
def test_the_landing_page_shows_the_plans_as_staff_set_them(client: Client) -> None:
    Plan.objects.filter(pk=Plan.FREE).update(max_upload_bytes=2 * 1024**2)
    page = client.get(reverse("landing")).content.decode()
    assert "2 MB" in page
    assert "Premium" in page
    assert reverse("account_signup") in page


@pytest.mark.django_db
def test_the_landing_page_has_the_examples_figure_once_it_is_made(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    assert example_summary() is None
    without = client.get(reverse("landing")).content.decode()
    (tmp_path / "example").mkdir()
    (tmp_path / "example" / "example.summary.json").write_text(json.dumps(SUMMARY))
    with_figure = client.get(reverse("landing")).content.decode()
    assert len(with_figure) > len(without)
    assert "11778" in with_figure


@pytest.mark.django_db
def test_the_sources_are_named_with_version_and_citation(client: Client) -> None:
    page = client.get(reverse("sources")).content.decode()
    (rcrs,) = [reference for reference in installed_references() if reference.name == "rCRS"]
    assert rcrs.title in page
    assert "mitochondrial" in page
    for source in rcrs.sources:
        assert source.name in page
        assert source.version in page
    assert "Lott" in page


def test_a_broken_reference_is_left_out_and_said_in_the_log(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "Broken").mkdir()
    (tmp_path / "Broken" / "manifest.json").write_text("{")
    settings.REFERENCE_DIRS = [settings.BUNDLED_REFERENCES, tmp_path]
    assert [reference.name for reference in installed_references()] == ["rCRS"]
    assert "left out of the installed references" in caplog.text
    assert "Broken" in caplog.text


def test_health_is_answered_without_a_database(client: Client) -> None:
    response = client.get(reverse("healthz"))
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert reverse("healthz") == "/healthz"
    assert client.post("/healthz").status_code == 405


def test_a_load_balancer_asks_for_health_by_the_address_of_a_task_and_nobody_asks_for_more_by_it(
    client: Client,
) -> None:
    assert client.get("/healthz", headers={"Host": "10.20.16.7:8000"}).status_code == 200
    assert client.get("/readyz", headers={"Host": "10.20.16.7:8000"}).status_code == 400


def shown_theme(browser: Client) -> str | None:
    """Return the theme that a page is bound to."""
    page = browser.get(reverse("help")).content.decode()
    found = re.search(r'<html[^>]*data-theme="(\w+)"', page)
    return found[1] if found else None


@pytest.mark.django_db
@pytest.mark.parametrize("chosen", ["light", "dark"])
def test_a_theme_is_remembered_and_shown(client: Client, chosen: str) -> None:
    for _ in range(2):
        response = client.post(reverse("theme"), {"theme": chosen, "next": reverse("help")})
        assert response.headers["Location"] == reverse("help")
    cookie = client.cookies["theme"]
    assert (cookie.value, cookie["samesite"], bool(cookie["httponly"])) == (chosen, "Lax", True)
    assert shown_theme(client) == chosen


@pytest.mark.django_db
@pytest.mark.parametrize("chosen", ["auto", "pink", ""])
def test_any_other_theme_is_the_systems_own(client: Client, chosen: str) -> None:
    client.post(reverse("theme"), {"theme": "dark"})
    client.post(reverse("theme"), {"theme": chosen})
    assert shown_theme(client) is None


@pytest.mark.django_db
def test_a_forged_theme_cookie_is_ignored(client: Client) -> None:
    client.cookies["theme"] = '"><script>'
    assert shown_theme(client) is None


@pytest.mark.parametrize(
    "target", ["https://evil.example.org/", "//evil.example.org", "javascript:alert(1)", "", "\\\\evil.example.org"]
)
def test_the_theme_leads_back_to_this_site_only(client: Client, target: str) -> None:
    response = client.post(reverse("theme"), {"theme": "dark", "next": target})
    assert response.headers["Location"] == "/"


def test_the_theme_is_not_set_by_a_link(client: Client) -> None:
    assert client.get(reverse("theme"), {"theme": "dark"}).status_code == 405


def test_the_theme_needs_the_forms_token() -> None:
    assert Client(enforce_csrf_checks=True).post(reverse("theme"), {"theme": "dark"}).status_code == 403
