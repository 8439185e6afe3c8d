"""Large files in parts onto a disk: compared, kept through a lost connection, and gone when nobody comes back."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from annotations import deleting, sweep
from annotations.models import Job, JobStatus
from gas_site import disk_uploads
from gas_site.storage import file_store
from gas_site.upload_parts import NotAsAnnounced, sha256_base64
from tests.site.conftest import Sent
from tests.site.disk_uploading import (
    ANNOUNCE,
    PART,
    announce,
    content,
    finish,
    parts_of,
    premium,
    put,
    small_parts,
    there,
)
from tests.site.factories import HEADER, stored

__all__ = ["content", "premium", "small_parts"]

pytestmark = pytest.mark.django_db


def test_a_long_file_arrives_in_parts_in_any_order_and_is_checked(
    premium: Client, content: bytes, sent: list[Sent], django_capture_on_commit_callbacks: Any
) -> None:
    parts = parts_of(content)
    plan = announce(premium, content).json()
    assert (plan["kind"], plan["through_site"], plan["part_bytes"], plan["parts"]) == ("parts", True, PART, [])
    assert [put(premium, plan, number, parts[number - 1]) for number in (3, 1)] == [204, 204]
    assert finish(premium, plan, parts).status_code == 422, "a part is missing"
    assert premium.get(plan["resume"]).json()["parts"] == [
        {"number": number, "size": len(parts[number - 1]), "sha256": sha256_base64(parts[number - 1])}
        for number in (1, 3)
    ]
    assert put(premium, plan, 2, parts[1]) == 204
    assert finish(premium, plan, parts[::-1]).status_code == 422, "not in this order"
    answer = finish(premium, plan, parts)
    assert (answer.status_code, "Annotate 1 record" in answer.content.decode()) == (200, True)
    assert finish(premium, plan, parts).status_code == 200, "the first answer may have been lost"
    job = Job.objects.get()
    with file_store().read(job.input_key) as file:
        assert file.read() == content
    with django_capture_on_commit_callbacks(execute=True):
        premium.post(f"/annotate/{job.pk}/", {"reference": "rCRS"})
    assert sent == [Sent("annotate", (str(job.pk),))]


def test_the_file_is_written_once_and_never_copied(premium: Client, content: bytes, files: Path) -> None:
    plan = announce(premium, content).json()
    [arriving] = files.glob("uploads/*/.input.arriving")
    before = arriving.stat().st_ino
    for number, part in enumerate(parts_of(content), start=1):
        put(premium, plan, number, part)
    finish(premium, plan, parts_of(content))
    [arrived] = files.glob("uploads/*/input")
    assert (arrived.stat().st_ino, arrived.stat().st_mode & 0o777) == (before, 0o600)
    assert not list(files.glob("uploads/*/.input.parts"))


def test_a_part_that_was_damaged_cut_or_too_long_is_not_there_and_may_come_again(
    premium: Client, content: bytes
) -> None:
    part = parts_of(content)[0]
    plan = announce(premium, content).json()
    for wrong in (b"x" + part[1:], part[:-1], part + b"x", b""):
        assert put(premium, plan, 1, wrong, announced=part) == 422
        assert there(premium, plan) == []
    assert put(premium, plan, 1, part) == 204
    assert put(premium, plan, 1, b"x" + part[1:], announced=part) == 422
    assert there(premium, plan) == [], "its place holds other bytes by now"
    assert put(premium, plan, 1, part) == 204
    assert there(premium, plan) == [1]


def test_a_part_needs_its_checksum_and_has_to_be_one_of_the_file(premium: Client, content: bytes) -> None:
    plan = announce(premium, content).json()
    for digest in ("", "sha-256=abc", "md5=:abc:"):
        answer = premium.put(f"{plan['resume']}1/", b"x", headers={"Content-Digest": digest})
        assert answer.status_code == 400
    assert [put(premium, plan, number, b"x") for number in (0, 4, 10_001)] == [400, 400, 400]


def test_a_part_that_comes_twice_at_once_is_taken_once(premium: Client, content: bytes, files: Path) -> None:
    part = parts_of(content)[0]
    plan = announce(premium, content).json()
    [marks] = files.glob("uploads/*/.input.parts")
    with (marks / "1").open("w") as mark:  # the other tab's part, on its way
        fcntl.flock(mark, fcntl.LOCK_EX)
        assert put(premium, plan, 1, part) == 409
    assert put(premium, plan, 1, part) == 204


def test_a_file_is_not_accepted_while_one_of_its_parts_is_being_written(
    premium: Client, content: bytes, files: Path
) -> None:
    parts = parts_of(content)
    plan = announce(premium, content).json()
    for number, part in enumerate(parts, start=1):
        put(premium, plan, number, part)
    [arriving] = files.glob("uploads/*/.input.arriving")
    with arriving.open("rb") as late:  # a second tab sends a part once more
        fcntl.flock(late, fcntl.LOCK_SH)
        assert finish(premium, plan, parts).status_code == 409
    assert finish(premium, plan, parts).status_code == 200
    assert put(premium, plan, 1, b"x" * PART) == 404, "and what was accepted is written no more"


def test_parts_of_two_tabs_at_once_make_one_file(content: bytes, files: Path) -> None:
    uploads, parts = file_store().uploads, parts_of(content)
    assert isinstance(uploads, disk_uploads.DiskUploads)
    uploads.begin("uploads/1/input", len(content))

    def send(numbers: list[int]) -> None:
        for number in numbers:
            body = SimpleUploadedFile("part", parts[number - 1])
            uploads.receive("uploads/1/input", number, sha256_base64(parts[number - 1]), body)

    tabs = [threading.Thread(target=send, args=(numbers,)) for numbers in ([1, 3], [2])]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    uploads.finish("uploads/1/input", len(content), [sha256_base64(part) for part in parts])
    assert (files / "uploads/1/input").read_bytes() == content


def test_after_a_power_cut_a_part_is_read_before_it_is_believed(
    premium: Client, content: bytes, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = announce(premium, content).json()
    for number, part in enumerate(parts_of(content), start=1):
        put(premium, plan, number, part)
    [arriving] = files.glob("uploads/*/.input.arriving")
    with arriving.open("r+b") as file:  # a block that never reached the disk
        file.seek(PART + 4096)
        file.write(bytes(4096))
    assert there(premium, plan) == [1, 2, 3]
    (tmp_path / "boot").write_text("another boot\n")
    monkeypatch.setattr(disk_uploads, "BOOT", tmp_path / "boot")
    assert there(premium, plan) == [1, 3]


def test_what_was_read_again_after_a_power_cut_is_not_read_at_every_look(
    premium: Client, content: bytes, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = announce(premium, content).json()
    put(premium, plan, 1, parts_of(content)[0])
    put(premium, plan, 2, parts_of(content)[1])
    (tmp_path / "boot").write_text("another boot\n")
    monkeypatch.setattr(disk_uploads, "BOOT", tmp_path / "boot")
    [marks] = files.glob("uploads/*/.input.parts")
    with (marks / "2").open() as mark:  # on its way once more
        fcntl.flock(mark, fcntl.LOCK_EX)
        assert there(premium, plan) == [1, 2]
    assert [mark.read_text().endswith("= another boot\n") for mark in sorted(marks.iterdir())] == [True, False]
    monkeypatch.setattr(disk_uploads, "part_bytes", lambda size: pytest.fail("a part was looked for in the file"))
    (marks / "2").unlink()
    assert there(premium, plan) == [1]


def test_parts_that_the_disk_lost_are_sent_again(content: bytes, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uploads, parts = file_store().uploads, parts_of(content)
    assert isinstance(uploads, disk_uploads.DiskUploads)
    uploads.begin("uploads/1/input", len(content))
    checksums = [sha256_base64(part) for part in parts]
    for number, part in enumerate(parts, start=1):
        uploads.receive("uploads/1/input", number, checksums[number - 1], SimpleUploadedFile("part", part))
    [arriving], fsync = files.glob("uploads/*/.input.arriving"), os.fsync

    def fail_once(handle: int) -> None:
        if os.fstat(handle).st_ino == arriving.stat().st_ino:
            monkeypatch.setattr(os, "fsync", fsync)
            raise OSError(errno.EIO, "the disk lost a page")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", fail_once)
    with pytest.raises(OSError, match="lost a page"):
        uploads.finish("uploads/1/input", len(content), checksums)
    assert uploads.parts("uploads/1/input") == []
    with pytest.raises(NotAsAnnounced):
        uploads.finish("uploads/1/input", len(content), checksums)
    for number, part in enumerate(parts, start=1):
        uploads.receive("uploads/1/input", number, checksums[number - 1], SimpleUploadedFile("part", part))
    uploads.finish("uploads/1/input", len(content), checksums)
    assert (files / "uploads/1/input").read_bytes() == content


# The plan's limit and the disk's ---------------------------------------------------------------------------


def test_nobody_sends_sees_or_drops_the_upload_of_another(premium: Client, bobs: Client, content: bytes) -> None:
    plan = announce(premium, content).json()
    part = parts_of(content)[0]
    assert put(bobs, plan, 1, part) == 404
    assert put(Client(), plan, 1, part) == 302
    assert bobs.post(plan["discard"]).status_code == 404
    assert "patient.vcf" not in bobs.get("/annotate/").content.decode()
    csrf = Client(enforce_csrf_checks=True)
    csrf.cookies = premium.cookies
    assert put(csrf, plan, 1, part) == 403
    assert there(premium, plan) == []


def test_the_page_lists_what_has_begun_and_how_to_drop_it(premium: Client, content: bytes) -> None:
    plan = announce(premium, content, name="<b>patient.vcf").json()
    put(premium, plan, 1, parts_of(content)[0])
    for page in (premium.get("/annotate/").content.decode(), premium.get(ANNOUNCE).content.decode()):
        assert "&lt;b&gt;patient.vcf" in page
        assert "1 MB of 2.3 MB are here." in " ".join(page.split())
        assert f'action="{plan["discard"]}"' in page


def test_an_upload_that_another_tab_is_just_ending_is_shown_without_parts(
    premium: Client, content: bytes, files: Path
) -> None:
    plan = announce(premium, content).json()
    put(premium, plan, 1, parts_of(content)[0])
    [marks] = files.glob("uploads/*/.input.parts")
    shutil.rmtree(marks)
    assert premium.get("/annotate/").status_code == 200
    assert there(premium, plan) == []


def test_a_dropped_upload_leaves_nothing(premium: Client, content: bytes, files: Path, sent: list[Sent]) -> None:
    plan = announce(premium, content).json()
    put(premium, plan, 1, parts_of(content)[0])
    job = Job.objects.get()
    assert premium.post(plan["discard"]).status_code == 302
    deleting.purge(job.pk)
    assert (Job.objects.count(), stored(files), list(files.glob("uploads/*"))) == (0, [], [])
    assert put(premium, plan, 2, parts_of(content)[1]) == 404
    assert list(files.glob("uploads/*")) == []


def test_a_part_of_a_dropped_upload_is_read_before_that_is_told(premium: Client, content: bytes) -> None:
    plan, part = announce(premium, content).json(), parts_of(content)[0]
    premium.post(plan["discard"])
    headers = {"Content-Digest": f"sha-256=:{sha256_base64(part)}:", "HX-Request": "true"}
    answer = premium.put(f"{plan['resume']}1/", part, headers=headers)
    assert (answer.status_code, answer.wsgi_request.read(1)) == (404, b"")


def test_an_upload_that_nobody_comes_back_to_goes_after_a_day(
    premium: Client, content: bytes, files: Path, sent: list[Sent]
) -> None:
    plan = announce(premium, content).json()
    put(premium, plan, 1, parts_of(content)[0])
    Job.objects.update(created_at=timezone.now() - timedelta(hours=23))
    sweep.drop_abandoned_tickets()
    assert there(premium, plan) == [1]
    Job.objects.update(created_at=timezone.now() - timedelta(hours=25))
    sweep.drop_abandoned_tickets()
    deleting.purge(Job.objects.get().pk)
    assert list(files.glob("uploads/*")) == []


def test_a_file_that_cannot_be_annotated_is_refused_with_its_line_and_leaves_nothing(
    premium: Client, files: Path
) -> None:
    content = (HEADER + "MT\tminus\t.\tG\tA\t.\t.\t.\n").encode()
    plan = announce(premium, content).json()
    put(premium, plan, 1, content)
    answer = finish(premium, plan, [content])
    assert (answer.status_code, "Line 4" in answer.content.decode()) == (422, True)
    assert (Job.objects.count(), list(files.glob("uploads/*"))) == (0, [])


def test_nobody_queues_a_file_that_has_not_arrived(premium: Client, content: bytes) -> None:
    announce(premium, content)
    job = Job.objects.get()
    premium.post(f"/annotate/{job.pk}/", {"reference": "rCRS"})
    job.refresh_from_db()
    assert job.status == JobStatus.UPLOADING


def test_a_file_of_one_part_goes_in_one_piece(premium: Client) -> None:
    assert f'data-whole-below="{PART}"' in premium.get("/annotate/").content.decode()
