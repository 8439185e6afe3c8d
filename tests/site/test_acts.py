"""Cancel, rerun and delete: in every state, once and twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client, TestCase
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import Plan, User
from annotations import deleting
from annotations.models import ACTIVE, Job, JobStatus
from gas_site.storage import file_store
from tests.site.conftest import Sent
from tests.site.factories import SMALL_VCF, make_job, stored

pytestmark = pytest.mark.django_db
Commit = DjangoCaptureOnCommitCallbacks


def url(name: str, job: Job) -> str:
    return reverse(f"annotations:{name}", args=[job.pk])


@pytest.mark.parametrize("status", sorted(ACTIVE | {JobStatus.UPLOADING}))
def test_what_has_not_ended_can_be_cancelled_once(alices: Client, alice: User, status: JobStatus) -> None:
    job = make_job(alice, status)
    first = alices.post(url("cancel", job), follow=True)
    second = alices.post(url("cancel", job), follow=True)
    job.refresh_from_db()
    assert job.status == JobStatus.CANCELLED
    assert job.finished_at is not None
    assert "The job is cancelled." in first.content.decode()
    assert "The job had ended before it could be cancelled." in second.content.decode()
    assert [str(event) for event in job.events.all()][1:] == ["cancelled cancelled by its owner"]


@pytest.mark.parametrize("status", [JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED])
def test_what_has_ended_is_not_cancelled(alices: Client, alice: User, status: JobStatus) -> None:
    job = make_job(alice, status)
    alices.post(url("cancel", job))
    job.refresh_from_db()
    assert job.status == status
    assert job.events.count() == 1


@pytest.mark.parametrize("status", [JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED])
def test_a_rerun_is_a_new_job_with_a_copy_of_the_file(
    alices: Client, alice: User, status: JobStatus, sent: list[Sent], django_capture_on_commit_callbacks: Commit
) -> None:
    job = make_job(alice, status)
    with django_capture_on_commit_callbacks(execute=True):
        response = alices.post(url("rerun", job))
    new = Job.objects.exclude(pk=job.pk).get()
    assert response.headers["Location"] == url("detail", new)
    assert (new.status, new.file_name, new.reference, new.attempt) == (JobStatus.PENDING, "patient.vcf", "rCRS", 0)
    assert sent == [Sent("annotate", (str(new.pk),))]
    with file_store().read(new.input_key) as file:
        assert file.read() == SMALL_VCF
    job.refresh_from_db()
    assert job.status == status


@pytest.mark.parametrize("status", sorted(ACTIVE | {JobStatus.UPLOADING}))
def test_a_job_that_has_not_ended_is_not_doubled(alices: Client, alice: User, status: JobStatus) -> None:
    job = make_job(alice, status)
    page = alices.post(url("rerun", job), follow=True).content.decode()
    assert "This job has not ended yet." in page
    assert Job.objects.get() == job


def test_a_rerun_outlives_the_deletion_of_its_original(alices: Client, alice: User) -> None:
    job = make_job(alice)
    alices.post(url("rerun", job))
    alices.post(url("delete", job))
    deleting.purge(job.pk)
    new = Job.objects.get()
    with file_store().read(new.input_key) as file:
        assert file.read() == SMALL_VCF


def test_a_rerun_is_held_to_the_plan_of_today(alices: Client, alice: User, files: Path) -> None:
    job = make_job(alice)
    before = stored(files)
    Plan.objects.filter(pk=Plan.FREE).update(max_upload_bytes=10)
    page = alices.post(url("rerun", job), follow=True).content.decode()
    assert "Your plan takes files up to 10" in page
    assert Job.objects.get() == job
    assert stored(files) == before


def test_a_rerun_of_a_file_that_is_gone_says_so(alices: Client, alice: User) -> None:
    job = make_job(alice)
    file_store().remove_tree(f"uploads/{job.pk}")
    page = alices.post(url("rerun", job), follow=True).content.decode()
    assert "The uploaded file is not here any more. Upload it again." in page
    assert Job.objects.get() == job


@pytest.mark.parametrize("status", JobStatus)
def test_deleting_hides_the_job_at_once_and_removes_everything_soon(
    alices: Client, alice: User, files: Path, sent: list[Sent], status: JobStatus
) -> None:
    job = make_job(alice, status)
    with TestCase.captureOnCommitCallbacks(execute=True):
        response = alices.post(url("delete", job))
    assert response.headers["Location"] == reverse("annotations:list")
    assert alices.get(url("detail", job)).status_code == 404
    assert alices.get(reverse("annotations:download", args=[job.pk, "input"])).status_code == 404
    job.refresh_from_db()
    assert job.is_terminal
    assert sent == [Sent("purge_job", (str(job.pk),))]
    deleting.purge(job.pk)
    assert not Job.objects.exists()
    assert stored(files) == []


def test_deleting_twice_finds_nothing_the_second_time(alices: Client, alice: User) -> None:
    job = make_job(alice)
    alices.post(url("delete", job))
    assert alices.post(url("delete", job)).status_code == 404
    assert alices.post(url("cancel", job)).status_code == 404
    assert alices.post(url("rerun", job)).status_code == 404
