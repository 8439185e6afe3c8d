"""`/metrics`: numbers for Prometheus, for who has the token, and nothing of a person in them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from accounts.models import Notification, User
from annotations.models import Job, JobStatus
from archive.models import Holding, HoldingState, RestoreRequest
from tests.site.factories import make_job

pytestmark = pytest.mark.django_db
TOKEN = "a-token-of-the-scraper"


@pytest.fixture(autouse=True)
def token(settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN


def scrape(client: Client) -> dict[str, float]:
    """Read the page as Prometheus does: each sample by its name and labels."""
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    return {
        sample.name + "".join(f"[{value}]" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def test_without_the_token_there_is_no_such_page(client: Client, alices: Client, settings: Settings) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}):
        assert client.get("/metrics", headers=headers).status_code == 404
        assert alices.get("/metrics", headers=headers).status_code == 404
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_jobs_are_counted_by_state_and_the_oldest_waiting_one_is_told(client: Client, alice: User) -> None:
    for status in (JobStatus.PENDING, JobStatus.PENDING, JobStatus.FAILED):
        make_job(alice, status=status)
    queued_at = timezone.now() - timedelta(minutes=2)
    Job.objects.filter(status=JobStatus.PENDING).update(queued_at=queued_at)
    found = scrape(client)
    assert (found["gas_jobs[pending]"], found["gas_jobs[failed]"], found["gas_jobs[running]"]) == (2, 1, 0)
    assert 120 <= found["gas_oldest_pending_job_seconds"] <= (timezone.now() - queued_at).total_seconds()


def test_the_speed_of_the_last_hours_jobs_is_told_in_quantiles(client: Client, alice: User) -> None:
    now = timezone.now()
    assert "gas_recent_job_seconds[0.5]" not in scrape(client)
    for minutes_ago, seconds in ((1, 10), (2, 20), (3, 30), (61, 5_000)):
        job = make_job(alice, status=JobStatus.COMPLETED)
        finished = now - timedelta(minutes=minutes_ago)
        started = finished - timedelta(seconds=seconds)
        Job.objects.filter(pk=job.pk).update(
            queued_at=started - timedelta(seconds=4), started_at=started, finished_at=finished, progress_records=600
        )
    found = scrape(client)
    assert (found["gas_recent_job_seconds[0.5]"], found["gas_recent_job_seconds[0.95]"]) == (20, 30)
    assert found["gas_recent_job_wait_seconds[0.95]"] == 4
    assert found["gas_recent_job_records_per_second[0.5]"] == 30


def test_holdings_restores_and_unsent_mails_are_counted(client: Client, alice: User) -> None:
    Notification.objects.all().delete()
    for state, error in ((HoldingState.ARCHIVED, ""), (HoldingState.RESTORING, "the vault is away")):
        job = make_job(alice, status=JobStatus.COMPLETED)
        Holding.objects.update_or_create(job=job, defaults={"owner": alice, "state": state, "last_error": error})
    RestoreRequest.objects.create(owner=alice, reason="upgrade", total=1)
    Notification.objects.create(user=alice, kind="job_ended", about="1", attempts=Notification.MAX_ATTEMPTS)
    found = scrape(client)
    assert (found["gas_holdings[archived]"], found["gas_holdings[restoring]"]) == (1, 1)
    assert (found["gas_holdings_failing[restoring]"], found["gas_holdings_failing[archived]"]) == (1, 0)
    assert found["gas_restores_open"] == 1
    assert found["gas_mails_unsent"] == 1


def test_a_queue_that_is_away_is_told_and_the_rest_is_counted_all_the_same(client: Client, alice: User) -> None:
    make_job(alice, status=JobStatus.FAILED)
    found = scrape(client)
    assert (found["gas_queue_up"], found["gas_jobs[failed]"]) == (0, 1)


def test_nothing_of_a_person_is_in_it(client: Client, alice: User) -> None:
    make_job(alice, status=JobStatus.COMPLETED, name="patient-jane-doe.vcf")
    text = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).content.decode()
    assert "jane" not in text
    assert alice.email not in text
