"""What is downloaded is what lies in the store, byte for byte, under the right name."""

from __future__ import annotations

import hashlib
from email.message import Message
from pathlib import Path

import pytest
from django.http import StreamingHttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import User
from annotations.models import Job, JobStatus
from gas_site.storage import file_store
from tests.site.factories import SMALL_VCF, make_job

pytestmark = pytest.mark.django_db

TYPES = {
    "vcf": "application/gzip",
    "index": "application/octet-stream",
    "table": "application/vnd.apache.parquet",
    "summary": "application/json",
    "log": "text/plain; charset=utf-8",
}


def url(job: Job, kind: str) -> str:
    return reverse("annotations:download", args=[job.pk, kind])


def body(response: object) -> bytes:
    assert isinstance(response, StreamingHttpResponse)
    return response.getvalue()


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_each_file_comes_as_it_was_stored(alices: Client, alice: User, files: Path, kind: str) -> None:
    job = make_job(alice)
    file = job.files.get(kind=kind)
    response = alices.get(url(job, kind))
    content = body(response)
    assert response.status_code == 200
    assert content == (files / file.key).read_bytes()
    assert hashlib.sha256(content).hexdigest() == file.sha256
    assert response["Content-Length"] == str(file.size)
    assert response["Content-Type"] == TYPES[kind]
    assert response["Content-Disposition"] == f'attachment; filename="{file.file_name}"'
    assert "private" in response["Cache-Control"]


def test_a_part_of_a_file_can_be_asked_for(alices: Client, alice: User, files: Path) -> None:
    job = make_job(alice)
    whole = (files / job.files.get(kind="vcf").key).read_bytes()
    response = alices.get(url(job, "vcf"), headers={"Range": "bytes=5-9"})
    assert response.status_code == 206
    assert body(response) == whole[5:10]
    assert response["Content-Range"] == f"bytes 5-9/{len(whole)}"
    assert alices.get(url(job, "vcf"), headers={"Range": "bytes=9999-"}).status_code == 416


def test_a_head_request_tells_the_size_without_the_file(alices: Client, alice: User) -> None:
    job = make_job(alice)
    response = alices.head(url(job, "vcf"))
    assert response.status_code == 200
    assert response["Content-Length"] == str(job.files.get(kind="vcf").size)
    assert body(response) == b""


@pytest.mark.parametrize("status", JobStatus)
def test_the_uploaded_file_comes_back_as_it_was_in_every_state(alices: Client, alice: User, status: JobStatus) -> None:
    response = alices.get(url(make_job(alice, status), "input"))
    assert body(response) == SMALL_VCF
    assert response["Content-Disposition"] == 'attachment; filename="patient.vcf"'
    assert response["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize("name", ["Grüße 变异.vcf", 'a"b;c.vcf', "<x>.vcf"])
def test_a_difficult_name_arrives_whole(alices: Client, alice: User, name: str) -> None:
    response = alices.get(url(make_job(alice, JobStatus.FAILED, name=name), "input"))
    message = Message()
    message["Content-Disposition"] = response["Content-Disposition"]
    assert message.get_filename() == name


@pytest.mark.parametrize("kind", ["nonsense", "vcf2", "VCF"])
def test_there_are_no_other_kinds(alices: Client, alice: User, kind: str) -> None:
    assert alices.get(url(make_job(alice), kind)).status_code == 404


@pytest.mark.parametrize("status", sorted(set(JobStatus) - {JobStatus.COMPLETED}))
def test_there_is_no_result_before_the_job_has_completed(alices: Client, alice: User, status: JobStatus) -> None:
    assert alices.get(url(make_job(alice, status), "vcf")).status_code == 404


def test_a_file_that_is_away_is_not_found(alices: Client, alice: User) -> None:
    job = make_job(alice)
    file_store().remove_tree(f"results/{job.pk}")
    assert alices.get(url(job, "vcf")).status_code == 404
