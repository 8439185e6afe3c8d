"""The sweep puts right what lost messages, dead workers and forgotten tickets leave; twice does no more than once."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import Notification
from annotations import deleting, sweep
from annotations.explorer.spill import Spill
from annotations.models import Job, JobStatus
from annotations.queueing import waking
from annotations.signals import annotation_deleting
from gas_site.storage import file_store
from gas_site.sweeping import sweep_all
from tests.site.conftest import Sent
from tests.site.factories import make_job, make_user, stored

pytestmark = pytest.mark.django_db
Commit = DjangoCaptureOnCommitCallbacks
LONG_AGO = timedelta(hours=3)


@pytest.fixture(autouse=True)
def work(settings: Settings, tmp_path: Path) -> Path:
    """Give the sweep a work directory of the test's own."""
    directory = tmp_path / "work"
    (directory / "incoming").mkdir(parents=True)
    settings.WORK_DIR = directory
    settings.FILE_UPLOAD_TEMP_DIR = directory / "incoming"
    return directory


def swept(capture: Commit) -> None:
    with capture(execute=True):
        sweep_all()


def test_a_pending_job_without_a_message_is_sent_again(
    sent: list[Sent], django_capture_on_commit_callbacks: Commit
) -> None:
    job = make_job(status=JobStatus.PENDING, last_sent_at=timezone.now() - LONG_AGO)
    swept(django_capture_on_commit_callbacks)
    swept(django_capture_on_commit_callbacks)
    assert sent == [Sent("annotate", (str(job.pk),))]


def test_a_job_that_was_sent_a_moment_ago_is_left_alone(
    sent: list[Sent], django_capture_on_commit_callbacks: Commit
) -> None:
    make_job(status=JobStatus.PENDING)
    swept(django_capture_on_commit_callbacks)
    assert sent == []


def test_the_job_that_waited_longest_is_sent_first(
    sent: list[Sent], django_capture_on_commit_callbacks: Commit, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    jobs = [make_job(status=JobStatus.PENDING, last_sent_at=now - LONG_AGO + timedelta(minutes=n)) for n in range(3)]
    monkeypatch.setattr(waking, "BATCH", 2)
    swept(django_capture_on_commit_callbacks)
    assert [message.arguments for message in sent] == [(str(job.pk),) for job in jobs[:2]]


def test_a_job_of_a_dead_worker_goes_back_into_the_queue(
    sent: list[Sent], django_capture_on_commit_callbacks: Commit
) -> None:
    job = make_job(status=JobStatus.RUNNING, lease_expires_at=timezone.now() - timedelta(seconds=1))
    alive = make_job(status=JobStatus.RUNNING)
    swept(django_capture_on_commit_callbacks)
    swept(django_capture_on_commit_callbacks)
    job.refresh_from_db()
    alive.refresh_from_db()
    assert (job.status, job.deaths) == (JobStatus.PENDING, 1)
    assert alive.status == JobStatus.RUNNING
    assert sent == [Sent("annotate", (str(job.pk),))]


def test_a_ticket_nobody_confirmed_is_deleted_after_a_day(
    sent: list[Sent], django_capture_on_commit_callbacks: Commit
) -> None:
    old = make_job(status=JobStatus.UPLOADING, created_at=timezone.now() - timedelta(hours=25))
    young = make_job(status=JobStatus.UPLOADING, created_at=timezone.now() - timedelta(hours=23))
    swept(django_capture_on_commit_callbacks)
    old.refresh_from_db()
    young.refresh_from_db()
    assert old.deleted_at is not None
    assert young.deleted_at is None
    assert sent == [Sent("purge_job", (str(old.pk),))]


def test_a_deletion_whose_message_was_lost_is_finished(
    sent: list[Sent], django_capture_on_commit_callbacks: Commit
) -> None:
    job = make_job(deleted_at=timezone.now() - LONG_AGO)
    make_job(deleted_at=timezone.now())
    swept(django_capture_on_commit_callbacks)
    assert sent == [Sent("purge_job", (str(job.pk),))]


def test_purging_removes_the_files_and_then_the_row(files: Path) -> None:
    job = make_job(deleted_at=timezone.now())
    other = make_job()
    assert deleting.purge(job.pk)
    assert not deleting.purge(job.pk)
    assert list(Job.objects.all()) == [other]
    assert stored(files)
    assert all(str(other.pk) in path for path in stored(files))


def test_purging_leaves_a_job_alone_that_nobody_deleted(files: Path) -> None:
    job = make_job()
    assert not deleting.purge(job.pk)
    assert Job.objects.filter(pk=job.pk).exists()
    assert len(stored(files)) == 6


def test_files_that_cannot_be_removed_keep_the_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: object, prefix: str) -> None:
        raise OSError("the disk is away")

    job = make_job(deleted_at=timezone.now())
    monkeypatch.setattr(type(file_store()), "remove_tree", fail)
    with pytest.raises(OSError, match="the disk is away"):
        deleting.purge(job.pk)
    assert Job.objects.filter(pk=job.pk).exists()


def test_an_app_downstream_that_cannot_let_go_keeps_files_and_row(files: Path) -> None:
    def refuse(**kwargs: object) -> None:
        raise RuntimeError

    job = make_job(deleted_at=timezone.now())
    annotation_deleting.connect(refuse)
    try:
        with pytest.raises(RuntimeError):
            deleting.purge(job.pk)
    finally:
        annotation_deleting.disconnect(refuse)
    assert Job.objects.filter(pk=job.pk).exists()
    assert len(stored(files)) == 6


def test_an_unsent_notification_is_sent_again(sent: list[Sent], django_capture_on_commit_callbacks: Commit) -> None:
    now, user = timezone.now(), make_user()
    lost = Notification.objects.create(user=user, kind="job_ended", about="1", created_at=now - LONG_AGO)
    Notification.objects.create(user=user, kind="job_ended", about="2", created_at=now)
    Notification.objects.create(user=user, kind="job_ended", about="3", created_at=now - LONG_AGO, sent_at=now)
    Notification.objects.create(user=user, kind="job_ended", about="4", created_at=now - LONG_AGO, claimed_at=now)
    Notification.objects.create(
        user=user, kind="job_ended", about="5", created_at=now - LONG_AGO, attempts=Notification.MAX_ATTEMPTS
    )
    swept(django_capture_on_commit_callbacks)
    assert sent == [Sent("send_notification", (str(lost.pk),))]


def test_old_leftovers_in_the_work_directory_are_removed(work: Path) -> None:
    old, young = time.time() - 3 * 24 * 3600, time.time()
    for parent in (work, work / "incoming"):
        for name, stamp in (("old", old), ("young", young)):
            (parent / f"{name}.1").mkdir()
            (parent / f"{name}.1" / "input").write_text("x")
            (parent / f"{name}.upload").write_text("x")
            os.utime(parent / f"{name}.1", (stamp, stamp))
            os.utime(parent / f"{name}.upload", (stamp, stamp))
    os.utime(work / "incoming", (old, old))
    sweep.clean_work_directory()
    assert sorted(path.name for path in work.iterdir()) == ["incoming", "young.1", "young.upload"]
    assert sorted(path.name for path in (work / "incoming").iterdir()) == ["young.1", "young.upload"]


def test_what_a_table_may_spill_to_stays_for_as_long_as_it_is_open_and_goes_when_nobody_holds_it(work: Path) -> None:
    spill, old = Spill(), time.time() - 3 * 24 * 3600
    for name in ("spill-left", "new-spill-old", "new-spill-young"):
        (work / name).mkdir()
    for path in (spill.path, work / "new-spill-old"):
        os.utime(path, (old, old))
    sweep.clean_work_directory()
    assert {path.name for path in work.iterdir()} == {spill.path.name, "new-spill-young", "incoming"}
    spill.remove()


def test_a_leftover_that_a_worker_removes_meanwhile_does_not_stop_the_sweep(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (work / "gone.1").mkdir()
    listed = list(work.iterdir())
    (work / "gone.1").rmdir()
    monkeypatch.setattr(Path, "iterdir", lambda self: iter(listed if self == work else []))
    sweep.clean_work_directory()


def test_the_command_sweeps_once(sent: list[Sent], django_capture_on_commit_callbacks: Commit) -> None:
    make_job(status=JobStatus.PENDING, last_sent_at=timezone.now() - LONG_AGO)
    with django_capture_on_commit_callbacks(execute=True):
        call_command("sweep", "--once")
    assert len(sent) == 1
