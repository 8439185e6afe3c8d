"""What the service tells people: once each, again after trouble, and without a file's name."""

from __future__ import annotations

from datetime import timedelta
from smtplib import SMTPException

import pytest
from django.core.mail import EmailMessage
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import Notification, User
from accounts.notifications import deliver, notify
from annotations import moves
from annotations.models import Job, JobStatus
from tests.site.conftest import Sent
from tests.site.factories import SUMMARY, make_job

pytestmark = pytest.mark.django_db


def ended(user: User, outcome: JobStatus = JobStatus.COMPLETED) -> tuple[Job, Notification]:
    job = make_job(user, JobStatus.RUNNING, name="secret-patient-name.vcf")
    assert moves.complete(job, SUMMARY) if outcome == JobStatus.COMPLETED else moves.fail(job, "Line 9: broken.")
    return job, Notification.objects.get(about=str(job.pk))


def test_the_message_is_sent_after_the_commit_and_for_the_first_call_only(
    alice: User, sent: list[Sent], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        notify(alice, "job_ended", "1", {})
        notify(alice, "job_ended", "1", {"other": True})
        assert sent == []
    assert len(sent) == 1
    assert Notification.objects.get().context == {}


def test_a_finished_job_is_mailed_with_a_link_and_without_the_files_name(
    alice: User, mailoutbox: list[EmailMessage], settings: Settings
) -> None:
    job, row = ended(alice)
    assert deliver(row.pk)
    (mail,) = mailoutbox
    assert mail.to == ["alice@example.org"]
    assert mail.subject == f"GAS job {job.short_id} is ready"
    assert f"{settings.SITE_URL}/annotations/{job.pk}/" in mail.body
    everything = mail.message().as_string()
    assert "secret" not in everything
    assert "11778" not in everything
    assert mail.extra_headers["Message-ID"] == f"<job_ended.{job.pk}@127.0.0.1>"
    assert mail.extra_headers["Auto-Submitted"] == "auto-generated"


def test_a_failed_job_is_mailed_without_the_reason(alice: User, mailoutbox: list[EmailMessage]) -> None:
    job, row = ended(alice, JobStatus.FAILED)
    assert deliver(row.pk)
    assert mailoutbox[0].subject == f"GAS job {job.short_id} failed"
    assert "Line 9" not in mailoutbox[0].body


def test_sending_twice_sends_once(alice: User, mailoutbox: list[EmailMessage]) -> None:
    _, row = ended(alice)
    assert deliver(row.pk)
    assert not deliver(row.pk)
    assert len(mailoutbox) == 1
    row.refresh_from_db()
    assert row.sent_at is not None
    assert row.attempts == 1


@pytest.mark.parametrize("trouble", [ConnectionRefusedError(), SMTPException("550 secret answer")])
def test_after_trouble_with_the_mail_server_it_is_tried_again_a_minute_later(
    alice: User,
    mailoutbox: list[EmailMessage],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    trouble: Exception,
) -> None:
    def refuse(self: EmailMessage) -> None:
        raise trouble

    _, row = ended(alice)
    with monkeypatch.context() as patch:
        patch.setattr(EmailMessage, "send", refuse)
        assert not deliver(row.pk)
    assert "secret" not in caplog.text
    assert not deliver(row.pk)
    row.refresh_from_db()
    assert row.attempts == 1
    Notification.objects.update(retry_at=timezone.now())
    assert (row.claimed_at, row.sent_at, row.last_error) == (None, None, type(trouble).__name__)
    assert deliver(row.pk)
    assert len(mailoutbox) == 1
    row.refresh_from_db()
    assert (row.last_error, row.attempts) == ("", 2)


def test_a_claim_holds_for_five_minutes(alice: User, mailoutbox: list[EmailMessage]) -> None:
    _, row = ended(alice)
    assert Notification.objects.claim(row.pk)
    assert not deliver(row.pk)
    Notification.objects.filter(pk=row.pk).update(claimed_at=timezone.now() - timedelta(minutes=5, seconds=1))
    assert deliver(row.pk)
    assert len(mailoutbox) == 1


def test_an_outage_of_two_days_loses_no_mail(
    alice: User, mailoutbox: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: EmailMessage) -> None:
        raise ConnectionRefusedError

    _, row = ended(alice)
    now = start = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)
    with monkeypatch.context() as patch:
        patch.setattr(EmailMessage, "send", refuse)
        while now < start + timedelta(days=2):
            now += timedelta(minutes=1)
            deliver(row.pk)
    row.refresh_from_db()
    assert row.attempts == 16
    now += timedelta(hours=6)
    assert deliver(row.pk)
    assert len(mailoutbox) == 1


def test_after_twenty_attempts_nobody_tries_again(alice: User, mailoutbox: list[EmailMessage]) -> None:
    _, row = ended(alice)
    Notification.objects.filter(pk=row.pk).update(attempts=20)
    assert not deliver(row.pk)
    assert mailoutbox == []


def test_both_copies_of_a_doubled_mail_bear_the_same_id(alice: User, mailoutbox: list[EmailMessage]) -> None:
    _, row = ended(alice)
    deliver(row.pk)
    Notification.objects.filter(pk=row.pk).update(sent_at=None, claimed_at=None)
    deliver(row.pk)
    assert mailoutbox[0].extra_headers["Message-ID"] == mailoutbox[1].extra_headers["Message-ID"]
