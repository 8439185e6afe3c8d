"""Files that are too large: for the plan, or for the disk, which may fill while they arrive."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from annotations import intake
from annotations.models import Job, JobStatus
from gas_site import disk_room, upload_parts
from gas_site.storage import file_store
from gas_site.upload_parts import sha256_base64
from tests.full_disk import files_end_at
from tests.site.conftest import Sent
from tests.site.disk_uploading import (
    MIB,
    announce,
    content,
    finish,
    parts_of,
    premium,
    put,
    small_parts,
)
from tests.site.factories import SMALL_VCF, stored

__all__ = ["content", "premium", "small_parts"]

pytestmark = pytest.mark.django_db


def test_what_is_too_large_for_the_plan_is_told_before_a_byte_is_sent(
    alices: Client, settings: Settings, files: Path
) -> None:
    answer = announce(alices, b"x" * (settings.FREE_MAX_BYTES + 1))
    assert (answer.status_code, "Your plan takes files up to" in answer.content.decode()) == (413, True)
    assert (Job.objects.count(), stored(files)) == (0, [])


def test_a_file_that_the_disk_has_no_room_for_is_told_before_a_byte_is_sent(premium: Client, files: Path) -> None:
    answer = announce(premium, b"", size=shutil.disk_usage(files).free)
    assert answer.status_code == 507
    assert "There is no room for this file now" in answer.content.decode()
    assert (Job.objects.count(), stored(files)) == (0, [])


def test_a_disk_that_fills_while_parts_arrive_is_told_and_nothing_stays(
    premium: Client, monkeypatch: pytest.MonkeyPatch, files: Path
) -> None:
    monkeypatch.setattr(upload_parts, "LEAST_PART_BYTES", 16 * MIB)
    first, second = bytes(16 * MIB), b"x" * 16 * MIB
    plan = announce(premium, first + second).json()
    assert put(premium, plan, 1, first) == 204
    with files_end_at(20 * MIB):
        assert put(premium, plan, 2, second) == 507
    assert (Job.objects.count(), stored(files)) == (0, [])
    assert premium.get(plan["resume"]).status_code == 404


def test_a_part_that_has_no_room_is_read_before_that_is_told(
    premium: Client, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, part = announce(premium, content).json(), parts_of(content)[0]
    monkeypatch.setattr(disk_room, "KEPT_FREE", 1024**5)
    headers = {"Content-Digest": f"sha-256=:{sha256_base64(part)}:", "HX-Request": "true"}
    answer = premium.put(f"{plan['resume']}1/", part, headers=headers)
    assert (answer.status_code, answer.wsgi_request.read(1)) == (507, b"")


def test_a_file_that_was_accepted_stays_though_a_late_part_of_it_finds_the_disk_full(
    premium: Client, content: bytes, monkeypatch: pytest.MonkeyPatch, sent: list[Sent]
) -> None:
    parts = parts_of(content)
    plan = announce(premium, content).json()
    for number, part in enumerate(parts, start=1):
        put(premium, plan, number, part)
    withdraw = intake.withdraw

    def accepted_before_that(ticket: Job) -> None:
        """Another tab ends the upload and the file is queued, between the disk's no and what follows of it."""
        monkeypatch.setattr(disk_room, "KEPT_FREE", 0)
        assert finish(premium, plan, parts).status_code == 200
        premium.post(f"/annotate/{ticket.pk}/", {"reference": "rCRS"})
        withdraw(ticket)

    monkeypatch.setattr(intake, "withdraw", accepted_before_that)
    monkeypatch.setattr(disk_room, "KEPT_FREE", 1024**5)
    assert put(premium, plan, 1, parts[0]) == 507
    job = Job.objects.get()
    assert (job.status, job.deleted_at, file_store().has(job.input_key)) == (JobStatus.PENDING, None, True)


def test_a_disk_that_fills_during_a_post_is_told_and_nothing_stays(
    premium: Client, files: Path, settings: Settings
) -> None:
    upload = SimpleUploadedFile("patient.vcf", bytes(20 * MIB))
    with files_end_at(16 * MIB):
        answer = premium.post("/annotate/", {"vcf_file": upload, "reference": "rCRS"})
    assert answer.status_code == 507
    page = answer.content.decode()
    assert "The disk of this site is full. Nothing of your file was kept." in page
    assert (Job.objects.count(), stored(files)) == (0, [])
    assert list(Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir()) == []


def test_a_post_that_announces_more_than_the_disk_has_is_refused_unread(
    premium: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_room, "KEPT_FREE", 1024**5)
    upload = SimpleUploadedFile("patient.vcf", SMALL_VCF)
    assert premium.post("/annotate/", {"vcf_file": upload, "reference": "rCRS"}).status_code == 507


# Who, and what is left --------------------------------------------------------------------------------------
