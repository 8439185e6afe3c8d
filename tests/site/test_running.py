"""A claimed job goes through the real engine to its result, or ends with a sentence; whatever stops it in between."""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from dramatiq.middleware import Shutdown
from pytest_django import Settings

from accounts.models import Notification, User
from annotations import lease, moves, publishing, running, sweep
from annotations.engine.child import run_child
from annotations.engine.errors import StageFailed
from annotations.engine.task import Progress, Result, Task
from annotations.failing import MOST_ATTEMPTS
from annotations.models import Job, JobStatus, ResultFile
from gas_site.storage import StoreAway, file_store
from tests.site.conftest import Sent
from tests.site.factories import HEADER, make_job, stored

pytestmark = pytest.mark.django_db
SECRET = "patient-jane-doe"
Engine = Callable[..., Result]


@pytest.fixture(autouse=True)
def work(settings: Settings, tmp_path: Path) -> Path:
    """Give the worker a work directory of the test's own."""
    settings.WORK_DIR = tmp_path / "work"
    return tmp_path / "work"


def run(job: Job) -> Job:
    running.run_next()
    job.refresh_from_db()
    return job


def statuses(job: Job) -> list[str]:
    return [event.status for event in job.events.all()]


def finished(task: Task) -> Result:
    """Return the result that a run of the engine would give, with one small file."""
    task.output_dir.mkdir(parents=True, exist_ok=True)
    path = task.output_dir / "patient.annot.vcf.gz"
    path.write_bytes(b"annotated")
    file = running_file(path)
    return Result(files=(file,), summary={"total": 1})


def running_file(path: Path) -> Any:
    from annotations.engine.task import OutputFile  # noqa: PLC0415 (only here)

    content = path.read_bytes()
    return OutputFile("vcf", path, len(content), hashlib.sha256(content).hexdigest())


def test_a_pending_job_is_annotated_and_published(alice: User, files: Path, work: Path) -> None:
    job = run(make_job(alice, JobStatus.PENDING))
    assert (job.status, job.attempt, job.deaths) == (JobStatus.COMPLETED, 1, 0)
    assert (job.summary["total"], job.summary["annotated"], job.summary["by_gene"]) == (1, 1, {"MT-ND4": 1})
    assert (job.progress_records, job.progress_fraction, job.lease_expires_at) == (1, 1, None)
    assert statuses(job) == ["pending", "running", "completed"]
    assert [file.kind for file in job.files.all()] == ["vcf", "index", "table", "summary", "log"]
    assert [file.file_name for file in job.files.all()] == [
        "patient.annot.vcf.gz",
        "patient.annot.vcf.gz.tbi",
        "patient.variants.parquet",
        "patient.summary.json",
        "patient.vcf.count.log",
    ]
    for file in job.files.all():
        content = (files / file.key).read_bytes()
        assert file.key == f"results/{job.pk}/1/{file.file_name}"
        assert (file.size, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert Notification.objects.get().about == str(job.pk)
    assert list(work.iterdir()) == []


def test_the_published_files_hold_the_known_answer(alice: User, files: Path) -> None:
    job = run(make_job(alice, JobStatus.PENDING))
    record = gzip.decompress((files / job.files.get(kind="vcf").key).read_bytes()).decode().splitlines()[-1]
    assert record.startswith("MT\t11778\t.\tG\tA\t")
    assert "R340H" in record
    assert "MT-ND4" in record
    assert json.loads((files / job.files.get(kind="summary").key).read_text()) == job.summary


def test_a_second_message_finds_nothing_to_do(alice: User, files: Path) -> None:
    job = run(make_job(alice, JobStatus.PENDING))
    before = stored(files), statuses(job)
    running.run_next()
    assert (stored(files), statuses(job)) == before
    assert Notification.objects.count() == 1


@pytest.mark.parametrize("status", sorted(set(JobStatus) - {JobStatus.PENDING}))
def test_a_late_message_changes_nothing(alice: User, status: JobStatus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "run_child", lambda *args, **options: pytest.fail("started"))
    assert run(make_job(alice, status)).status == status


def test_a_header_alone_is_a_result_of_no_variants(alice: User) -> None:
    job = run(make_job(alice, JobStatus.PENDING, content=HEADER.encode()))
    assert (job.status, job.summary["total"]) == (JobStatus.COMPLETED, 0)


@pytest.mark.parametrize("name", ["🧬" * 116 + ".vcf", "..vcf", ".vcf", "a/b.vcf", "-rf.vcf", "%s%n.vcf.gz"])
def test_a_difficult_file_name_is_annotated_too(alice: User, name: str) -> None:
    job = run(make_job(alice, JobStatus.PENDING, name=name))
    assert job.status == JobStatus.COMPLETED, job.failure
    assert all("/" not in file.file_name and len(file.file_name) <= 255 for file in job.files.all())


def test_a_file_that_is_found_broken_ends_with_the_line_and_no_files(alice: User, files: Path) -> None:
    content = HEADER.encode() + b"MT\televen\t.\tG\tA\t.\t.\t.\n"
    job = run(make_job(alice, JobStatus.PENDING, content=content))
    assert job.status == JobStatus.FAILED
    assert job.failure.startswith("Line 4, POS:")
    assert "Traceback" not in job.failure
    assert stored(files) == [job.input_key]
    assert Notification.objects.get().context["outcome"] == "failed"


def test_a_reference_that_is_gone_is_said(alice: User) -> None:
    job = run(make_job(alice, JobStatus.PENDING, reference="GRCh99"))
    assert job.status == JobStatus.FAILED
    assert job.failure.startswith("The reference GRCh99 is not installed here.")


def test_a_reference_that_is_damaged_is_said_to_its_user_and_to_the_log(
    alice: User, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(settings.BUNDLED_REFERENCES / "rCRS", tmp_path / "references" / "rCRS")
    settings.REFERENCE_DIRS = [tmp_path / "references"]
    source = tmp_path / "references" / "rCRS" / "sources" / "MITOMAP-diseases.tsv.gz"
    source.write_bytes(source.read_bytes() + b"\0")
    job = run(make_job(alice, JobStatus.PENDING))
    assert (job.status, job.failure) == (
        JobStatus.FAILED,
        "The reference rCRS is damaged: MITOMAP-diseases.tsv.gz is not what was installed. Our staff have to "
        "install it again.",
    )
    assert job.failure in caplog.text
    assert not job.files.exists()


def test_a_cancelled_job_stops_its_engine_and_stays_cancelled(
    alice: User, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine: Engine = run_child

    def cancelled_meanwhile(task: Task, **options: Any) -> Result:
        moves.cancel(job, "cancelled by its owner")
        return engine(task, **options)

    monkeypatch.setattr(lease, "RENEW_EVERY_SECONDS", 0)
    monkeypatch.setattr(running, "run_child", cancelled_meanwhile)
    job = make_job(alice, JobStatus.PENDING)
    assert run(job).status == JobStatus.CANCELLED
    assert job.failure == ""
    assert stored(files) == [job.input_key]
    assert not Notification.objects.exists()


def test_a_job_beyond_its_time_is_stopped_with_a_sentence(alice: User, settings: Settings) -> None:
    settings.JOB_TIMEOUT = timedelta(0)
    job = run(make_job(alice, JobStatus.PENDING))
    assert job.status == JobStatus.FAILED
    assert job.failure.startswith("This job ran longer than ")


def test_an_attempt_that_was_taken_over_publishes_nothing(
    alice: User, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken_over_meanwhile(task: Task, **options: Any) -> Result:
        Job.objects.filter(pk=job.pk).update(attempt=2, worker="another")
        return finished(task)

    monkeypatch.setattr(running, "run_child", taken_over_meanwhile)
    job = make_job(alice, JobStatus.PENDING)
    assert run(job).status == JobStatus.RUNNING
    assert not ResultFile.objects.exists()
    assert stored(files) == [job.input_key]
    assert not Notification.objects.exists()


@pytest.mark.parametrize("trouble", [StageFailed(f"csq: {SECRET}"), OSError(28, "No space left", f"/x/{SECRET}.vcf")])
def test_trouble_of_ours_is_said_to_be_ours_and_logged_without_the_files_name(
    alice: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, trouble: Exception
) -> None:
    def fail(task: Task, **options: Any) -> Result:
        raise trouble

    caplog.set_level(logging.INFO)
    monkeypatch.setattr(running, "run_child", fail)
    job = run(make_job(alice, JobStatus.PENDING, name=f"{SECRET}.vcf"))
    assert job.status == JobStatus.FAILED
    assert job.failure.startswith("Something went wrong on our side, not with your file.")
    assert job.short_id in job.failure
    assert SECRET not in caplog.text
    assert str(job.pk) in caplog.text
    assert type(trouble).__name__ in caplog.text


def test_a_worker_told_to_stop_hands_the_job_back(alice: User, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def shut_down(task: Task, **options: Any) -> Result:
        raise Shutdown

    job = make_job(alice, JobStatus.PENDING)
    with monkeypatch.context() as patch:
        patch.setattr(running, "run_child", shut_down)
        with pytest.raises(Shutdown):
            running.run_next()
    job.refresh_from_db()
    assert (job.status, job.deaths, job.attempt) == (JobStatus.PENDING, 0, 1)
    assert list(work.iterdir()) == []
    assert run(job).status == JobStatus.COMPLETED
    assert job.attempt == 2


def test_a_kill_between_files_and_row_leads_to_one_result_of_the_next_attempt(
    alice: User, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*args: Any) -> bool:
        raise KeyboardInterrupt

    job = make_job(alice, JobStatus.PENDING)
    with monkeypatch.context() as patch:
        patch.setattr(running, "run_child", lambda task, **options: finished(task))
        patch.setattr(moves, "complete", killed)
        with pytest.raises(KeyboardInterrupt):
            running.run_next()
    job.refresh_from_db()
    assert job.status == JobStatus.RUNNING
    assert not ResultFile.objects.exists()
    Job.objects.filter(pk=job.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    sweep.take_from_dead_workers()
    assert run(job).status == JobStatus.COMPLETED
    assert (job.attempt, job.deaths) == (2, 1)
    assert all(file.key.startswith(f"results/{job.pk}/2/") for file in job.files.all())
    assert Notification.objects.count() == 1


def test_progress_reaches_the_row_and_prolongs_the_lease(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, float, int]] = []

    def slow(task: Task, *, on_progress: Any, should_stop: Any, timeout: float) -> Result:
        for fraction in (0.25, 0.75):
            on_progress(Progress("annotating", fraction, int(fraction * 1000)))
            assert not should_stop()
            row = Job.objects.get(pk=job.pk)
            seen.append((row.progress_stage, row.progress_fraction, row.progress_records))
        assert timeout == 12 * 3600
        return finished(task)

    monkeypatch.setattr(lease, "RENEW_EVERY_SECONDS", 0)
    monkeypatch.setattr(running, "run_child", slow)
    job = make_job(alice, JobStatus.PENDING)
    assert run(job).status == JobStatus.COMPLETED
    assert seen == [("annotating", 0.25, 250), ("annotating", 0.75, 750)]


def test_the_lease_is_not_renewed_more_often_than_once_a_second() -> None:
    renewed: list[int] = []

    def count(progress: Progress) -> bool:
        renewed.append(1)
        return True

    held = lease.Lease(count)
    for _ in range(1000):
        assert not held.should_stop()
    assert renewed == []


class AwayStore:
    """The file store, which is away for the first ``failures`` questions."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.there = file_store()

    def __getattr__(self, name: str) -> Any:
        if self.failures:
            self.failures -= 1
            raise StoreAway(5, "S3 answered SlowDown")
        return getattr(self.there, name)


@pytest.mark.parametrize("moment", ["before the engine", "when it publishes"])
def test_a_file_store_that_is_away_puts_a_job_off_and_fails_none(
    alice: User, monkeypatch: pytest.MonkeyPatch, sent: list[Sent], moment: str
) -> None:
    store = AwayStore(1 if moment == "before the engine" else 0)
    for module in (running, publishing):
        monkeypatch.setattr(module, "file_store", lambda: store)
    monkeypatch.setattr(transaction, "on_commit", lambda send: send())

    def annotate(task: Task, **options: Any) -> Result:
        store.failures = 1 if moment == "when it publishes" and not sent else 0
        return finished(task)

    monkeypatch.setattr(running, "run_child", annotate)
    job = make_job(alice, JobStatus.PENDING)
    assert run(job).status == JobStatus.PENDING
    assert [(each.actor, each.arguments) for each in sent] == [("annotate", (str(job.pk),))]
    assert job.last_sent_at is not None
    assert job.last_sent_at > timezone.now() + timedelta(minutes=1), "the sweep knows that the message is a late one"
    assert run(job).status == JobStatus.PENDING, "nobody takes it before, whatever woke them"
    Job.objects.filter(pk=job.pk).update(not_before=timezone.now())
    assert run(job).status == JobStatus.COMPLETED
    assert statuses(job) == ["pending", "running", "pending", "running", "completed"]


def test_a_file_store_that_stays_away_ends_a_job_with_a_sentence(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "file_store", lambda: AwayStore(9))
    job = run(make_job(alice, JobStatus.PENDING, attempt=MOST_ATTEMPTS - 1))
    assert job.status == JobStatus.FAILED
    assert job.failure.startswith("Something went wrong on our side")
