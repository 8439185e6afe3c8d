"""A job's status changes in one place, by the table, with an event for every move."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import Notification
from annotations import moves
from annotations.models import ACTIVE, MOVES, TERMINAL, Job, JobEvent, JobStatus
from annotations.signals import annotation_completed
from tests.site.conftest import Sent
from tests.site.factories import SUMMARY, make_job

UPLOADING, PENDING, RUNNING = JobStatus.UPLOADING, JobStatus.PENDING, JobStatus.RUNNING
COMPLETED, FAILED, CANCELLED = JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED

ALLOWED = {
    (UPLOADING, PENDING),
    (UPLOADING, CANCELLED),
    (PENDING, RUNNING),
    (PENDING, CANCELLED),
    (RUNNING, PENDING),
    (RUNNING, COMPLETED),
    (RUNNING, FAILED),
    (RUNNING, CANCELLED),
}

pytestmark = pytest.mark.django_db


def events(job: Job) -> list[str]:
    """Return the job's events after the one that the factory made."""
    return [str(event) for event in JobEvent.objects.filter(job_id=job.pk)][1:]


def status(job: Job) -> str:
    return Job.objects.get(pk=job.pk).status


@pytest.mark.parametrize(("before", "after"), list(product(JobStatus, JobStatus)))
def test_a_move_is_made_when_the_table_has_it_and_only_then(before: JobStatus, after: JobStatus) -> None:
    job = make_job(status=before)
    allowed = (before, after) in ALLOWED
    assert moves.move(job.pk, after, note="tried") is allowed
    assert status(job) == (after if allowed else before)
    assert events(job) == ([f"{after} tried"] if allowed else [])


def test_the_table_names_every_state_and_the_ends_lead_nowhere() -> None:
    assert set(MOVES) == set(JobStatus)
    assert {COMPLETED, FAILED, CANCELLED} == TERMINAL
    assert {PENDING, RUNNING} == ACTIVE


def test_a_job_that_is_not_there_does_not_move() -> None:
    job = make_job(status=PENDING)
    Job.objects.filter(pk=job.pk).delete()
    assert not moves.move(job.pk, CANCELLED)


def test_a_note_longer_than_its_column_is_cut() -> None:
    job = make_job(status=PENDING)
    assert moves.cancel(job, "cancelled by " + "x" * 250 + "@example.org")
    assert len(JobEvent.objects.filter(job=job).last().note) == 200  # type: ignore[union-attr]


def test_accepting_a_ticket_queues_it_and_wakes_a_worker_after_the_commit(
    sent: list[Sent], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    job = make_job(status=UPLOADING)
    with django_capture_on_commit_callbacks(execute=True):
        assert moves.enqueue(job.pk, "rCRS")
        assert sent == []
    assert sent == [Sent("annotate", (str(job.pk),))]
    job.refresh_from_db()
    assert (job.status, job.reference) == (PENDING, "rCRS")
    assert job.queued_at == job.last_sent_at is not None


def test_accepting_a_ticket_twice_queues_it_once(
    sent: list[Sent], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    job = make_job(status=UPLOADING)
    with django_capture_on_commit_callbacks(execute=True):
        assert moves.enqueue(job.pk, "rCRS")
        assert not moves.enqueue(job.pk, "another")
    assert len(sent) == 1
    assert Job.objects.get(pk=job.pk).reference == "rCRS"


def test_a_claim_takes_a_pending_job_under_a_lease(settings: Settings) -> None:
    job = make_job(status=PENDING, progress_stage="old", progress_records=9, progress_fraction=0.9)
    claimed = moves.claim(job.pk, "host:1")
    assert claimed is not None
    assert (claimed.status, claimed.attempt, claimed.worker) == (RUNNING, 1, "host:1")
    assert claimed.lease_expires_at - claimed.started_at == settings.LEASE  # type: ignore[operator]
    assert (claimed.progress_stage, claimed.progress_records, claimed.progress_fraction) == ("", 0, 0)
    assert events(job) == ["running attempt by host:1"]


def test_the_second_of_two_claims_gets_nothing() -> None:
    job = make_job(status=PENDING)
    assert moves.claim(job.pk, "host:1") is not None
    assert moves.claim(job.pk, "host:2") is None
    assert Job.objects.get(pk=job.pk).worker == "host:1"
    assert events(job) == ["running attempt by host:1"]


def test_a_deleted_job_is_not_claimed() -> None:
    job = make_job(status=PENDING, deleted_at=timezone.now())
    assert moves.claim(job.pk, "host:1") is None


def test_renewing_prolongs_the_lease_and_notes_the_progress() -> None:
    job = make_job(status=RUNNING, lease_expires_at=timezone.now() + timedelta(seconds=1))
    assert moves.renew(job, stage="s" * 60, fraction=0.25, records=1000)
    fresh = Job.objects.get(pk=job.pk)
    assert fresh.lease_expires_at is not None
    assert fresh.lease_expires_at > timezone.now() + timedelta(seconds=50)
    assert (fresh.progress_stage, fresh.progress_fraction, fresh.progress_records) == ("s" * 40, 0.25, 1000)


@pytest.mark.parametrize(
    "taken", [{"status": CANCELLED}, {"status": PENDING}, {"attempt": 2}, {"deleted_at": timezone.now()}]
)
def test_renewing_says_when_the_job_is_not_ours_any_more(taken: dict[str, Any]) -> None:
    job = make_job(status=RUNNING)
    Job.objects.filter(pk=job.pk).update(**taken)
    assert not moves.renew(job, stage="x", fraction=1, records=1)
    assert Job.objects.get(pk=job.pk).progress_stage == "annotating"


def test_completing_publishes_the_summary_and_tells_owner_and_apps_inside_the_transaction() -> None:
    job = make_job(status=RUNNING)
    heard: list[tuple[Any, str, bool]] = []

    def listen(sender: Any, job: Job, **kwargs: Any) -> None:
        heard.append((job.pk, job.status, connection.in_atomic_block))

    annotation_completed.connect(listen)
    try:
        assert moves.complete(job, SUMMARY)
    finally:
        annotation_completed.disconnect(listen)
    assert heard == [(job.pk, COMPLETED, True)]
    assert (job.summary, job.progress_records, job.progress_fraction) == (SUMMARY, 3, 1)
    assert job.finished_at is not None
    assert job.lease_expires_at is None
    assert Notification.objects.get().about == str(job.pk)
    assert events(job) == ["completed"]


def test_a_receiver_that_fails_takes_the_completion_back() -> None:
    job = make_job(status=RUNNING)

    def refuse(**kwargs: Any) -> None:
        raise RuntimeError

    annotation_completed.connect(refuse)
    try:
        with pytest.raises(RuntimeError):
            moves.complete(job, SUMMARY)
    finally:
        annotation_completed.disconnect(refuse)
    assert status(job) == RUNNING
    assert events(job) == []
    assert not Notification.objects.exists()


def test_failing_keeps_the_reason_and_tells_the_owner() -> None:
    job = make_job(status=RUNNING)
    assert moves.fail(job, "Line 4, POS: not a number.")
    fresh = Job.objects.get(pk=job.pk)
    assert (fresh.status, fresh.failure) == (FAILED, "Line 4, POS: not a number.")
    assert Notification.objects.get().context["outcome"] == "failed"


def test_a_stale_attempt_can_neither_complete_nor_fail_nor_hand_back() -> None:
    job = make_job(status=RUNNING)
    Job.objects.filter(pk=job.pk).update(attempt=2, worker="host:2")
    assert not moves.complete(job, SUMMARY)
    assert not moves.fail(job, "late")
    assert not moves.hand_back(job, "late")
    fresh = Job.objects.get(pk=job.pk)
    assert (fresh.status, fresh.failure, fresh.summary) == (RUNNING, "", {})
    assert events(job) == []
    assert not Notification.objects.exists()


@pytest.mark.parametrize("meanwhile", [PENDING, CANCELLED])
def test_an_attempt_that_lost_the_row_cannot_end_it(meanwhile: JobStatus) -> None:
    job = make_job(status=RUNNING)
    Job.objects.filter(pk=job.pk).update(status=meanwhile)
    assert not moves.complete(job, SUMMARY)
    assert not moves.fail(job, "late")
    assert not moves.hand_back(job, "late")
    assert status(job) == meanwhile


def test_cancelling_before_completion_wins_and_after_it_loses() -> None:
    first, second = make_job(status=RUNNING), make_job(status=RUNNING)
    assert moves.cancel(first, "by its owner")
    assert not moves.complete(first, SUMMARY)
    assert moves.complete(second, SUMMARY)
    assert not moves.cancel(second, "by its owner")
    assert (status(first), status(second)) == (CANCELLED, COMPLETED)


def test_cancelling_twice_counts_once() -> None:
    job = make_job(status=PENDING)
    assert moves.cancel(job, "first")
    assert not moves.cancel(job, "second")
    assert events(job) == ["cancelled first"]


def test_handing_back_returns_the_job_to_the_queue_and_counts_no_death(
    sent: list[Sent], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    job = make_job(status=RUNNING)
    with django_capture_on_commit_callbacks(execute=True):
        assert moves.hand_back(job, "worker shut down")
    fresh = Job.objects.get(pk=job.pk)
    assert (fresh.status, fresh.deaths, fresh.lease_expires_at) == (PENDING, 0, None)
    assert sent == [Sent("annotate", (str(job.pk),))]
    assert events(job) == ["pending worker shut down"]


def test_a_lease_that_ran_out_returns_the_job_to_the_queue(
    sent: list[Sent], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    now = timezone.now()
    job = make_job(status=RUNNING, lease_expires_at=now - timedelta(seconds=1))
    with django_capture_on_commit_callbacks(execute=True):
        assert moves.take_from_dead_worker(job, now)
        assert not moves.take_from_dead_worker(job, now)
    fresh = Job.objects.get(pk=job.pk)
    assert (fresh.status, fresh.deaths, fresh.attempt) == (PENDING, 1, 1)
    assert len(sent) == 1
    assert events(job) == ["pending worker lost"]


def test_a_lease_renewed_at_the_last_moment_is_not_taken() -> None:
    now = timezone.now()
    job = make_job(status=RUNNING, lease_expires_at=now - timedelta(seconds=1))
    moves.renew(job, stage="x", fraction=0, records=0)
    assert not moves.take_from_dead_worker(job, now)
    assert status(job) == RUNNING


def test_the_third_death_ends_the_job_with_a_sentence_and_a_mail(settings: Settings) -> None:
    now = timezone.now()
    job = make_job(status=PENDING)
    for _ in range(3):
        claimed = moves.claim(job.pk, "host:1")
        assert claimed is not None
        Job.objects.filter(pk=job.pk).update(lease_expires_at=now - timedelta(seconds=1))
        assert moves.take_from_dead_worker(claimed, now)
    fresh = Job.objects.get(pk=job.pk)
    assert (fresh.status, fresh.deaths, fresh.attempt) == (FAILED, 3, 3)
    assert fresh.failure.startswith("The worker stopped 3 times while annotating this file")
    assert settings.CONTACT_EMAIL in fresh.failure
    assert fresh.short_id in fresh.failure
    assert Notification.objects.count() == 1
