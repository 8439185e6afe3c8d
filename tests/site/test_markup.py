"""Every page's markup: one heading, labels, tokens, unique ids, and nothing that a strict policy forbids."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import Plan, User
from annotations.models import JobStatus
from tests.site.factories import make_job, make_jobs, make_user, signed_in
from tests.site.markup import faults

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>.vcf"

OPEN_PAGES = ["landing", "sources", "help", "privacy", "account_login", "account_signup", "account_reset_password"]
OWN_PAGES = ["landing", "annotate", "annotations:list", "account_email", "account_change_password", "account_logout"]


def read(client: Client, url: str, status: int = 200) -> str:
    response = client.get(url, follow=True)
    assert response.status_code == status
    return response.content.decode()


def test_the_reader_of_markup_finds_what_it_is_there_for() -> None:
    page = (
        '<main><h1>x</h1><h3 id="a" style="x">y</h3><p id="a" onclick="z"><input name="q"><a href="/"></a></p></main>'
    )

    assert faults(page) == [
        "an inline style on <h3>",
        "an inline handler onclick on <p>",
        "a <a> without words",
        "id 'a' stands 2 times",
        "0 <title>",
        "a heading of level 3 below one of level 1",
        "a field 'q' without a label",
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("name", OPEN_PAGES)
def test_pages_that_anyone_may_open_keep_the_rules(client: Client, name: str) -> None:
    assert faults(read(client, reverse(name))) == []


@pytest.mark.parametrize("name", OWN_PAGES)
def test_pages_of_ones_own_keep_the_rules(alices: Client, name: str) -> None:
    assert faults(read(alices, reverse(name))) == []


@pytest.mark.parametrize("status", list(JobStatus))
def test_a_job_keeps_the_rules_in_every_state_whatever_its_file_is_called(
    alice: User, alices: Client, status: JobStatus
) -> None:
    job = make_job(alice, status, name=HOSTILE, failure=HOSTILE)

    page = read(alices, job.get_absolute_url())

    assert faults(page) == []
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_list_keeps_the_rules_with_jobs_without_any_and_without_a_match(alice: User, alices: Client) -> None:
    empty = read(alices, reverse("annotations:list"))
    for status in JobStatus:
        make_job(alice, status, name=HOSTILE)
    make_jobs(alice, 30)
    full, none = (read(alices, reverse("annotations:list") + query) for query in ("", "?q=zzzz"))

    assert [faults(page) for page in (empty, full, none)] == [[], [], []]
    assert "No annotations yet" in empty
    assert "Older" in full
    assert "No job matches" in none


def test_an_error_page_keeps_the_rules_for_strangers_and_for_the_signed_in(client: Client, alices: Client) -> None:
    assert faults(read(client, "/no-such-page/", 404)) == []
    assert faults(read(alices, "/no-such-page/", 404)) == []


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "405", "413"])
def test_the_other_error_pages_keep_the_rules(rf: RequestFactory, name: str) -> None:
    page = render_to_string(f"{name}.html", {"allowed": "POST"}, rf.get("/somewhere/"))

    assert faults(page) == []


def test_the_page_for_our_own_errors_needs_no_context_at_all() -> None:
    page = render_to_string("500.html")

    assert faults(page) == []
    assert "Something broke on our side" in page


@pytest.mark.django_db
def test_only_a_free_reader_is_offered_the_upgrade() -> None:
    free, premium = (read(signed_in(make_user(plan=plan)), reverse("annotate")) for plan in (Plan.FREE, Plan.PREMIUM))

    assert '/plans/">Upgrade' in free
    assert '/plans/">Upgrade' not in premium


@pytest.mark.django_db
@pytest.mark.parametrize(("cookie", "attribute"), [("dark", ' data-theme="dark"'), ("light", ' data-theme="light"')])
def test_the_chosen_theme_is_on_the_page_before_any_script(client: Client, cookie: str, attribute: str) -> None:
    client.cookies["theme"] = cookie

    assert f'<html lang="en"{attribute}>' in read(client, reverse("landing"))


@pytest.mark.django_db
def test_an_unknown_theme_is_no_theme(client: Client) -> None:
    client.cookies["theme"] = '"><script>'

    assert '<html lang="en">' in read(client, reverse("landing"))


@pytest.mark.django_db
def test_the_landing_page_says_that_rcrs_is_mitochondrial_and_promises_no_cold_storage(client: Client) -> None:
    page = read(client, reverse("landing"))

    assert "rCRS covers mitochondrial DNA only" in page
    assert "cold" not in page.lower()
    assert "Files up to 150 KB" in page
