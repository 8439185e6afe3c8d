"""Every page forbids what is not our own file, and holds to it: no inline script, style or handler anywhere."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from pytest_django import Settings

from accounts.models import User
from annotations.models import Job, JobStatus
from tests.site.factories import HEADER, PASSWORD, SUMMARY, VERDICT, make_job, make_user, signed_in

pytestmark = pytest.mark.django_db


class Inline(HTMLParser):
    """Collects what a strict policy blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        self._in_script = tag == "script"
        if tag == "style" or "style" in names:
            self.found.append(self.get_starttag_text() or tag)
        if tag == "script" and not (names.get("src") or "").startswith("/static/"):
            self.found.append(self.get_starttag_text() or tag)
        self.found += [f"{tag} {name}" for name in names if name.startswith("on")]
        for name in ("src", "href", "action"):
            value = (names.get(name) or "").strip().lower()
            if value.startswith("javascript:"):
                self.found.append(f"{tag} {value}")
            loads = tag in {"script", "img", "link", "iframe", "use", "image"}
            if loads and value.startswith(("http:", "https:", "//")):
                self.found.append(f"{tag} {value}")

    def handle_data(self, data: str) -> None:
        if self._in_script and data.strip():
            self.found.append(f"script: {data.strip()[:60]}")

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False


def inline(page: str) -> list[str]:
    parser = Inline()
    parser.feed(page)
    return parser.found


def held(response: object) -> None:
    """Check one answer: the header, and nothing in the page that it would block."""
    policy = response["Content-Security-Policy"]  # type: ignore[index]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert inline(response.content.decode()) == []  # type: ignore[attr-defined]


def test_the_search_for_inline_things_finds_them() -> None:
    page = '<p style="x">a</p><style>b</style><script>c</script><a onclick="d" href="javascript:e">f</a><img src="//g">'
    assert len(inline(page)) == 7
    assert inline('<script src="/static/a.js"></script><a href="https://mitomap.org">x</a>') == []


def open_accounts_urls() -> list[str]:
    """Return allauth's addresses that take no argument, from the URL configuration itself."""
    found = set()
    for pattern in get_resolver("allauth.urls").url_patterns:
        for one in [pattern] if isinstance(pattern, URLPattern) else pattern.url_patterns:
            if isinstance(one, URLPattern) and one.name and not one.pattern.regex.groups:
                found.add(reverse(one.name))
    return sorted(found)


def test_there_are_accounts_pages_to_look_at() -> None:
    found = open_accounts_urls()
    assert reverse("account_login") in found
    assert reverse("account_email") in found
    assert len(found) >= 10


@pytest.mark.parametrize("signed", [False, True])
def test_the_accounts_pages_hold_the_policy(*, signed: bool) -> None:
    user = make_user(password=PASSWORD)
    browser = signed_in(user) if signed else Client()
    for path in open_accounts_urls():
        response = browser.get(path)
        assert response.status_code in ({401} if path.endswith("/login/error/") else {200, 302}), path
        held(response)
        if response.status_code == 200:
            assert "css/base.css" in response.content.decode(), path


@pytest.fixture
def example(settings: Settings, tmp_path: Path) -> None:
    """Have the landing page show a figure."""
    settings.DATA_DIR = tmp_path
    (tmp_path / "example").mkdir()
    (tmp_path / "example" / "example.summary.json").write_text(json.dumps(SUMMARY))


@pytest.mark.usefixtures("example")
@pytest.mark.parametrize("name", ["landing", "help", "privacy", "sources", "annotate", "annotations:list"])
def test_the_sites_pages_hold_the_policy(client: Client, alices: Client, alice: User, name: str) -> None:
    held(alices.get(reverse(name)))
    for status in JobStatus:
        make_job(alice, status)
    held(alices.get(reverse(name)))
    held(client.get(reverse(name)))


@pytest.mark.parametrize("status", JobStatus)
def test_a_jobs_pages_hold_the_policy(alices: Client, alice: User, status: JobStatus) -> None:
    job = make_job(alice, status)
    for name in ("detail", "live", "log"):
        held(alices.get(reverse(f"annotations:{name}", args=[job.pk])))
    held(alices.get(reverse("confirm", args=[job.pk])))


def test_hostile_text_in_every_place_stays_text(alices: Client, alice: User) -> None:
    bad = '"><script>alert(1)</script><img src=x onerror=alert(1) style="x">'
    marks = [{**SUMMARY["marks"][0], "disease": bad, "gene": bad, "hgvs": bad, "ref": bad, "alt": bad}]
    summary = {
        **SUMMARY,
        "by_gene": {bad: 3},
        "by_consequence": {bad: 3},
        "by_contig": {"MT": 2, bad: 1},
        "not_annotated": {bad: 1},
        "by_source": {bad: 1},
        "warnings": [bad],
        "done": [bad],
        "marks": marks,
    }
    contigs = [{"name": bad, "renamed_to": bad, "count": 1, "known": known} for known in (True, False)]
    verdict = {**VERDICT, "warnings": [bad], "samples": [bad], "contigs": contigs, "format": bad, "by_class": {bad: 1}}
    for status in JobStatus:
        job = make_job(alice, status, name=bad, verdict=verdict, progress_stage=bad[:40], failure=bad)
        Job.objects.filter(pk=job.pk, status=JobStatus.COMPLETED).update(summary=summary)
        for path in (job.get_absolute_url(), reverse("confirm", args=[job.pk])):
            held(alices.get(path, follow=True))
    held(alices.get(reverse("annotations:list"), {"q": bad}))


def test_fragments_and_refusals_hold_the_policy(alices: Client) -> None:
    form = {"reference": "rCRS", "check": "1", "vcf_text": HEADER}
    held(alices.post(reverse("annotate"), form, headers={"HX-Request": "true"}))
    held(alices.post(reverse("annotate"), {**form, "vcf_text": "<script>x</script>"}))


def test_the_admin_holds_the_policy() -> None:
    browser = signed_in(make_user(is_staff=True, is_superuser=True))
    job = make_job()
    for path in (
        reverse("admin:index"),
        reverse("admin:annotations_job_changelist"),
        reverse("admin:annotations_job_change", args=[job.pk]),
        reverse("admin:accounts_user_change", args=[job.user_id]),
    ):
        response = browser.get(path)
        assert response.status_code == 200
        assert "default-src 'self'" in response["Content-Security-Policy"]


def test_the_other_guards_are_in_place(client: Client) -> None:
    response = client.get(reverse("landing"))
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
