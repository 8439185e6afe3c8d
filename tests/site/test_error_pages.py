"""An error is a page like the others, that says what happened and what to do."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from accounts.models import User
from annotations import views
from gas_site.storage import StoreAway
from tests.site.factories import make_job, make_user, signed_in

CSP = "default-src 'self'"


def page_of(response: object, status: int) -> str:
    """Return the page's text after checking what every error page has."""
    assert response.status_code == status  # type: ignore[attr-defined]
    page: str = response.content.decode()  # type: ignore[attr-defined]
    assert page.startswith("<!doctype html>")
    assert "css/base.css" in page
    assert f">{status}<" in page
    assert CSP in response["Content-Security-Policy"]  # type: ignore[index]
    return page


def test_an_unknown_host_gets_the_400_page(client: Client) -> None:
    page = page_of(client.get("/", headers={"Host": "evil.example.org"}), 400)
    assert "This request could not be read" in page


@pytest.mark.django_db
def test_what_is_not_allowed_gets_the_403_page(alices: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise PermissionDenied

    monkeypatch.setattr(views, "list_context", refuse)
    page_of(alices.get(reverse("annotations:list")), 403)


@pytest.mark.django_db
def test_staff_without_the_right_get_the_403_page() -> None:
    staff = signed_in(make_user(is_staff=True))
    page_of(staff.get(reverse("admin:annotations_job_changelist")), 403)


def test_a_form_without_its_token_gets_a_403_page_that_explains_it() -> None:
    response = Client(enforce_csrf_checks=True).post(reverse("theme"))
    assert response.status_code == 403
    page = response.content.decode()
    assert "css/base.css" in page
    assert "form" in page.lower()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/nowhere/", "/annotations/not-a-uuid/", "/annotate/x/", "/static/nothing.css"])
def test_what_is_not_there_gets_the_404_page(client: Client, path: str) -> None:
    response = client.get(path)
    if path.startswith("/static/"):
        assert response.status_code == 404
    else:
        page_of(response, 404)


@pytest.mark.django_db
def test_the_404_page_of_a_signed_in_reader_keeps_the_header(alices: Client) -> None:
    page = page_of(alices.get("/nowhere/"), 404)
    assert reverse("annotations:list") in page


@pytest.mark.django_db
def test_a_wrong_method_gets_the_405_page_with_its_whole_length(alices: Client) -> None:
    response = alices.get(reverse("annotations:cancel", args=[make_job().pk]))
    page = page_of(response, 405)
    assert "It answers POST only." in page
    assert response["Allow"] == "POST"
    assert int(response["Content-Length"]) == len(response.content)


def test_a_wrong_method_of_a_program_gets_no_page(client: Client) -> None:
    response = client.post(reverse("healthz"), headers={"Accept": "application/json"})
    assert (response.status_code, response.content) == (405, b"")


def test_an_error_of_ours_gets_the_500_page_without_a_database() -> None:
    client = Client(raise_request_exception=False)
    page = page_of(client.get("/"), 500)  # pytest-django forbids the database here, so the view fails
    assert "Something broke on our side" in page
    assert "Traceback" not in page
    assert "RuntimeError" not in page
    assert "mailto:" in page


@pytest.mark.django_db
@pytest.mark.parametrize("status", [400, 404])
def test_an_error_page_is_the_same_for_htmx_and_people(client: Client, status: int) -> None:
    headers = {"HX-Request": "true", **({"Host": "evil.example.org"} if status == 400 else {})}
    page_of(client.get("/nowhere/", headers=headers), status)


@pytest.mark.django_db
def test_a_file_store_that_is_away_gets_the_503_page_that_says_when_to_try_again(
    alices: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Away:
        def serve(self, *args: object) -> None:
            raise StoreAway(5, "S3 answered SlowDown")

    job = make_job(alice)
    monkeypatch.setattr(views, "file_store", Away)
    response = alices.get(reverse("annotations:download", args=[job.pk, "input"]))
    page = page_of(response, 503)
    assert "Nothing is lost" in page
    assert response["Retry-After"] == "60"
