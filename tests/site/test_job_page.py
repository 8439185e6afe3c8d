"""A job's page, its live part and its log, in every state."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from annotations.models import Job, JobStatus, ResultFile
from gas_site.storage import file_store
from tests.site.factories import make_job

pytestmark = pytest.mark.django_db
QUEUED = sorted(set(JobStatus) - {JobStatus.UPLOADING})


def url(name: str, job: Job) -> str:
    return reverse(f"annotations:{name}", args=[job.pk])


@pytest.mark.parametrize("status", QUEUED)
def test_the_page_is_shown_in_every_state(alices: Client, alice: User, status: JobStatus) -> None:
    job = make_job(alice, status, name="<b>patient</b>.vcf")
    response = alices.get(url("detail", job))
    page = response.content.decode()
    assert response.status_code == 200
    assert f'data-state="{status}"' in page
    assert "&lt;b&gt;patient&lt;/b&gt;.vcf" in page
    assert "<b>patient" not in page
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("status", QUEUED)
def test_the_page_offers_what_the_state_allows(alices: Client, alice: User, status: JobStatus) -> None:
    job = make_job(alice, status)
    page = alices.get(url("detail", job)).content.decode()
    ended = status in {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED}
    assert (url("cancel", job) in page) is not ended
    assert (url("live", job) in page) is not ended
    assert (url("rerun", job) in page) is ended
    assert (url("delete", job) in page) is ended
    assert (url("log", job) in page) is (status == JobStatus.COMPLETED)


def test_a_waiting_job_says_its_place_and_when_it_is_expected_to_start(alices: Client, alice: User) -> None:
    now = timezone.now()
    make_job(status=JobStatus.RUNNING, expected_seconds=100, progress_fraction=0.4)
    for minutes in (2, 1):
        make_job(status=JobStatus.PENDING, created_at=now - timedelta(minutes=minutes), expected_seconds=30)
    job = make_job(alice, JobStatus.PENDING)
    for name in ("detail", "live"):
        page = alices.get(url(name, job)).content.decode()
        assert "3rd in line, starts in about 2 minutes" in " ".join(page.split())
    assert "Waiting, 3rd in line." in page


def test_a_waiting_job_says_when_no_worker_is_seen(alices: Client, alice: User) -> None:
    job = make_job(alice, JobStatus.PENDING, created_at=timezone.now() - timedelta(minutes=5))
    page = " ".join(alices.get(url("detail", job)).content.decode().split())
    assert "1st in line </h2>" in page
    assert "No worker is seen at work, so nobody can say when it starts." in page
    assert "starts in" not in page


def test_a_job_that_is_put_off_says_until_when(alices: Client, alice: User) -> None:
    job = make_job(alice, JobStatus.PENDING, not_before=timezone.now() + timedelta(minutes=2), attempt=1)
    page = " ".join(alices.get(url("detail", job)).content.decode().split())
    assert "Put off until <time" in page
    assert "in line" not in page


def test_a_running_job_says_how_far_it_is(alices: Client, alice: User) -> None:
    job = make_job(alice, JobStatus.RUNNING, progress_records=12_345, progress_fraction=0.537)
    page = alices.get(url("live", job)).content.decode()
    assert "12,345" in page
    assert 'value="53"' in page
    assert "attempt" not in page
    Job.objects.filter(pk=job.pk).update(attempt=2)
    assert "attempt 2" in alices.get(url("live", job)).content.decode()


def test_a_failed_job_says_why(alices: Client, alice: User) -> None:
    job = make_job(alice, JobStatus.FAILED, failure="Line 7, <REF>: wrong.")
    assert "Line 7, &lt;REF&gt;: wrong." in alices.get(url("detail", job)).content.decode()


def test_a_completed_job_shows_numbers_files_and_the_end_of_its_log(alices: Client, alice: User) -> None:
    job = make_job(alice)
    page = alices.get(url("detail", job)).content.decode()
    assert "3 variants" in page
    for file in job.files.all():
        assert file.file_name in page
        assert reverse("annotations:download", args=[job.pk, file.kind]) in page
    assert reverse("annotations:download", args=[job.pk, "input"]) in page
    assert f"log of {job.pk}" in page


def test_the_numbers_stay_when_files_and_reference_are_gone(alices: Client, alice: User) -> None:
    job = make_job(alice, reference="GRCh99")
    file_store().remove_tree(f"results/{job.pk}")
    response = alices.get(url("detail", job))
    assert response.status_code == 200
    assert "3 variants" in response.content.decode()


@pytest.mark.parametrize("status", QUEUED)
def test_the_live_part_asks_for_the_whole_page_once_the_job_has_ended(
    alices: Client, alice: User, status: JobStatus
) -> None:
    job = make_job(alice, status)
    response = alices.get(url("live", job), headers={"HX-Request": "true"})
    assert response.status_code == 200
    assert "<html" not in response.content.decode()
    assert response.headers.get("HX-Refresh") == ("true" if job.is_terminal else None)


@pytest.mark.parametrize(("status", "count"), [(JobStatus.RUNNING, 6), (JobStatus.COMPLETED, 7)])
def test_the_page_takes_few_queries(
    alices: Client, alice: User, status: JobStatus, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    job = make_job(alice, status)
    with django_assert_num_queries(count):  # session, user, plan, job, files, events; where a result is
        alices.get(url("detail", job))


def test_a_waiting_jobs_page_takes_one_more_query_for_its_place(
    alices: Client, alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    job = make_job(alice, JobStatus.PENDING)
    with django_assert_num_queries(7):
        alices.get(url("detail", job))


def test_the_log_is_a_page_of_its_own_with_the_text_as_text(alices: Client, alice: User) -> None:
    job = make_job(alice)
    file = ResultFile.objects.get(job=job, kind="log")
    file_store().receive(iter([b"total 3\n<script>alert(1)</script>\n\xff\n"]), file.key)
    response = alices.get(url("log", job))
    page = response.content.decode()
    assert response.status_code == 200
    assert "total 3" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "\ufffd" in page


@pytest.mark.parametrize("status", sorted(set(JobStatus) - {JobStatus.COMPLETED}))
def test_there_is_no_log_before_the_job_has_completed(alices: Client, alice: User, status: JobStatus) -> None:
    assert alices.get(url("log", make_job(alice, status))).status_code == 404


def test_a_log_whose_file_is_away_is_not_found(alices: Client, alice: User) -> None:
    job = make_job(alice)
    file_store().remove_tree(f"results/{job.pk}")
    assert alices.get(url("log", job)).status_code == 404
