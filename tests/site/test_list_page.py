"""/annotations/: one's own jobs, by state and by name, a page at a time, in a constant number of queries."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from annotations.listing import PAGE, list_context
from annotations.models import Job, JobStatus
from annotations.tallies import MOST
from tests.site.factories import make_job, make_jobs

pytestmark = pytest.mark.django_db
LIST = reverse("annotations:list")


def shown(response: Any) -> list[Job]:
    jobs: list[Job] = response.context["page"]["jobs"]
    return jobs


def names(user: User, **query: str) -> list[str]:
    return [job.file_name for job in list_context(user, query)["page"]["jobs"]]


def test_without_jobs_the_page_says_what_to_do(alices: Client) -> None:
    page = alices.get(LIST).content.decode()
    assert "No annotations yet" in page
    assert reverse("annotate") in page


def test_ones_own_jobs_are_shown_newest_first_and_nobody_elses(alices: Client, alice: User, bob: User) -> None:
    now = timezone.now()
    for minute, name in enumerate(["first.vcf", "second.vcf", "third.vcf"]):
        make_job(alice, name=name, created_at=now.replace(minute=minute))
    make_job(bob, name="strangers.vcf")
    response = alices.get(LIST)
    assert [job.file_name for job in shown(response)] == ["third.vcf", "second.vcf", "first.vcf"]
    assert "strangers" not in response.content.decode()


def test_every_state_is_shown_with_its_word(alices: Client, alice: User) -> None:
    for status in JobStatus:
        make_job(alice, status, name=f"{status}.vcf")
    page = alices.get(LIST).content.decode()
    assert "uploading.vcf" not in page
    for status in set(JobStatus) - {JobStatus.UPLOADING}:
        assert f"{status}.vcf" in page
        assert f'data-state="{status}"' in page


def test_deleted_jobs_are_gone(alices: Client, alice: User) -> None:
    make_job(alice, deleted_at=timezone.now())
    assert "No annotations yet" in alices.get(LIST).content.decode()


def test_the_tabs_count_and_filter_by_state(alice: User) -> None:
    for status, count in ((JobStatus.COMPLETED, 3), (JobStatus.FAILED, 2), (JobStatus.PENDING, 1)):
        make_jobs(alice, count, status=status, file_name=f"{status}.vcf")
    make_job(alice, JobStatus.RUNNING, name="running.vcf")
    make_job(alice, JobStatus.UPLOADING)
    tabs = list_context(alice, {})["tabs"]
    assert [(tab["label"], str(tab["count"])) for tab in tabs] == [
        ("All", "7"),
        ("In progress", "2"),
        ("Ready", "3"),
        ("Cold storage", "0"),
        ("Failed", "2"),
        ("Cancelled", "0"),
    ]
    assert sorted(names(alice, status="active")) == ["pending.vcf", "running.vcf"]
    assert names(alice, status="failed") == ["failed.vcf"] * 2
    assert len(names(alice, status="nonsense")) == 7
    assert [tab["current"] for tab in list_context(alice, {"status": "ready"})["tabs"]].index(True) == 2


def test_the_headline_says_what_runs_and_what_is_ready(alice: User) -> None:
    assert list_context(alice, {})["headline"] == "Nothing in progress."
    make_jobs(alice, 1200, status=JobStatus.COMPLETED)
    assert list_context(alice, {})["headline"] == "1,200 ready to download."
    make_job(alice, JobStatus.RUNNING)
    assert list_context(alice, {})["headline"] == "1 in progress, 1,200 ready to download."


def test_beyond_ten_thousand_the_tabs_say_that_there_are_more(alices: Client, alice: User) -> None:
    make_jobs(alice, MOST, status=JobStatus.COMPLETED)
    make_jobs(alice, 3, status=JobStatus.FAILED)
    assert list_context(alice, {})["headline"] == "10,000 ready to download."
    assert [str(tab["count"]) for tab in list_context(alice, {})["tabs"]] == ["10,003", "0", "10,000", "0", "3", "0"]
    make_jobs(alice, 1, status=JobStatus.COMPLETED)
    page = alices.get(LIST).content.decode()
    assert "10,000+ ready to download." in page
    assert re.findall(r'<span class="count">(.*?)</span>', page) == ["10,000+", "0", "10,000+", "0", "3", "0"]


def test_a_part_of_the_name_finds_a_job_in_any_case(alice: User, bob: User) -> None:
    make_job(alice, name="Patient-07.vcf")
    make_job(alice, name="other.vcf")
    make_job(bob, name="patient-07.vcf")
    assert names(alice, q="patient-0") == ["Patient-07.vcf"]
    assert names(alice, q=" PATIENT ") == ["Patient-07.vcf"]
    assert names(alice, q="absent") == []


def test_signs_of_patterns_are_searched_as_they_are(alice: User) -> None:
    make_job(alice, name="50%_done.vcf")
    make_job(alice, name="50 done.vcf")
    assert names(alice, q="50%") == ["50%_done.vcf"]
    assert names(alice, q="%_d") == ["50%_done.vcf"]


def test_the_beginning_of_an_id_finds_its_job(alice: User, bob: User) -> None:
    job, strangers = make_job(alice, name="mine.vcf"), make_job(bob)
    assert names(alice, q=job.short_id) == ["mine.vcf"]
    assert names(alice, q=str(job.pk)) == ["mine.vcf"]
    assert names(alice, q=str(job.pk)[:12].upper()) == ["mine.vcf"]
    assert names(alice, q=str(strangers.pk)) == []
    assert names(alice, q=str(job.pk)[:3]) in ([], ["mine.vcf"])


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "'; DROP TABLE", "x" * 5000, "\\", "🧬", "----", "ffff" * 20])
def test_any_text_can_be_searched(alices: Client, alice: User, text: str) -> None:
    make_job(alice)
    response = alices.get(LIST, {"q": text})
    assert response.status_code == 200


def test_searching_keeps_the_tab_and_the_tab_keeps_the_search(alice: User) -> None:
    make_job(alice)
    urls = [tab["url"] for tab in list_context(alice, {"q": "pat", "status": "ready"})["tabs"]]
    assert urls[1] == f"{LIST}?q=pat&status=active"
    assert urls[0] == f"{LIST}?q=pat"


def walk(browser: Client, start: str, way: str) -> list[list[Job]]:
    """Follow ``older_url`` or ``newer_url`` from page to page; return the pages."""
    pages, url = [], start
    while url:
        response = browser.get(url)
        pages.append(shown(response))
        url = response.context["page"][f"{way}_url"]
    return pages


def test_sixty_jobs_of_one_moment_are_paged_forwards_and_backwards_without_loss(alices: Client, alice: User) -> None:
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    make_jobs(alice, 60, created_at=moment)
    expected = sorted((job.pk for job in Job.objects.all()), reverse=True)
    forwards = walk(alices, LIST, "older")
    assert [len(page) for page in forwards] == [PAGE, PAGE, 10]
    assert [job.pk for page in forwards for job in page] == expected
    second = alices.get(LIST).context["page"]["older_url"]
    last = alices.get(second).context["page"]["older_url"]
    backwards = walk(alices, last, "newer")
    assert [[job.pk for job in page] for page in backwards[::-1]] == [[job.pk for job in page] for page in forwards]


def test_a_page_keeps_its_search_and_tab(alice: User) -> None:
    make_jobs(alice, 30)
    older = list_context(alice, {"q": "pat", "status": "ready"})["page"]["older_url"]
    query = parse_qs(urlsplit(older).query)
    assert (query["q"], query["status"]) == (["pat"], ["ready"])
    assert len(list_context(alice, {name: values[0] for name, values in query.items()})["page"]["jobs"]) == 5


@pytest.mark.parametrize(
    "key",
    [
        "nonsense",
        "2026-01-01T00:00:00+00:00_",
        "_",
        "2026-01-01T00:00:00_11111111-1111-1111-1111-111111111111",
        "2026-13-01T00:00:00+00:00_11111111-1111-1111-1111-111111111111",
        "0001-01-01T00:00:00+23:59_11111111-1111-1111-1111-111111111111",
        "9999-12-31T23:59:59-23:59_11111111-1111-1111-1111-111111111111",
        "2026-01-01T00:00:00+00:00_not-a-uuid",
        "\x00",
    ],
)
@pytest.mark.parametrize("side", ["before", "after"])
def test_a_key_that_cannot_be_read_is_the_first_page(alices: Client, alice: User, side: str, key: str) -> None:
    make_jobs(alice, 3)
    response = alices.get(LIST, {side: key})
    assert response.status_code == 200
    assert len(shown(response)) == 3


def test_a_page_whose_jobs_were_deleted_leads_back(alices: Client, alice: User) -> None:
    make_jobs(alice, 3)
    response = alices.get(LIST, {"before": "2001-01-01T00:00:00+00:00_11111111-1111-1111-1111-111111111111"})
    assert response.status_code == 200
    assert shown(response) == []
    assert response.context["page"]["newer_url"] == LIST


def test_the_page_after_the_newest_is_the_first(alices: Client, alice: User) -> None:
    make_jobs(alice, 3)
    response = alices.get(LIST, {"after": "2101-01-01T00:00:00+00:00_11111111-1111-1111-1111-111111111111"})
    assert len(shown(response)) == 3


@pytest.mark.parametrize("count", [10, 2000])
@pytest.mark.parametrize("query", [{}, {"q": "abcdabcd"}, {"status": "ready"}])
def test_the_number_of_queries_does_not_grow(
    alices: Client,
    alice: User,
    count: int,
    query: dict[str, str],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    make_jobs(alice, count)
    # Session, user, plan, counts, rows, and where these are; a search looks for ids as well, and this one finds nothing
    # of which to ask where it is.
    with django_assert_num_queries(6):
        assert alices.get(LIST, query).status_code == 200


def test_rows_of_every_state_ask_for_nothing_more(
    alices: Client, alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for status in JobStatus:
        make_jobs(alice, 3, status=status, queued_at=timezone.now())
    with django_assert_num_queries(7):  # with the places of those that wait
        assert len(shown(alices.get(LIST))) == 15


def test_each_row_offers_the_one_act_that_fits_its_state(alices: Client, alice: User) -> None:
    jobs = {status: make_job(alice, status, name="<b>.vcf") for status in set(JobStatus) - {JobStatus.UPLOADING}}
    page = alices.get(LIST).content.decode()
    expected = {
        JobStatus.COMPLETED: ("href", "annotations:download", "Download", "the result of "),
        JobStatus.FAILED: ("href", "annotate", "Fix and rerun", ""),
        JobStatus.PENDING: ("action", "annotations:cancel", "Cancel", ""),
        JobStatus.RUNNING: ("action", "annotations:cancel", "Cancel", ""),
        JobStatus.CANCELLED: ("action", "annotations:rerun", "Run again", ""),
    }
    for status, (attribute, view, label, about) in expected.items():
        key = str(jobs[status].pk)
        arguments = {"annotate": [], "annotations:download": [key, "vcf"]}.get(view, [key])
        row = page[page.index(f'id="job-{key}"') :]
        row = row[: row.index("</tr>")]
        assert f'{attribute}="{reverse(view, args=arguments)}"' in row
        assert f'{label} <span class="visually-hidden">{about}&lt;b&gt;.vcf</span>' in row
        assert row.count('<a class="button') + row.count("<button") == 1


@pytest.mark.slow
def test_with_a_hundred_thousand_jobs_list_and_detail_take_at_most_eight_queries(
    alices: Client, alice: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """How long they take is bench/pages.py's to say, and docs/performance.md's."""
    job = make_job(alice)
    for _ in range(20):
        make_jobs(alice, 5_000)
    for path in (LIST, f"{LIST}?status=ready", f"{LIST}?q=patient", reverse("annotations:detail", args=[job.pk])):
        with django_assert_max_num_queries(8):
            assert alices.get(path).status_code == 200
    assert str(list_context(alice, {})["total"]) == "10,000+"


def test_htmx_gets_the_rows_alone(alices: Client, alice: User) -> None:
    make_job(alice, JobStatus.RUNNING)
    page = alices.get(LIST, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in page
    assert page.lstrip().startswith("<tbody")
    assert 'hx-trigger="every 3s"' in page


def test_rows_are_asked_for_again_only_while_something_runs(alices: Client, alice: User) -> None:
    make_job(alice)
    assert "hx-trigger" not in alices.get(LIST).content.decode()
