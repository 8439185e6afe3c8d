"""Large files in parts onto a disk: compared, kept through a lost connection, and gone when nobody comes back."""

from __future__ import annotations

import fcntl
import os
import resource
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Plan, User
from annotations import deleting, intake, sweep
from annotations.models import Job, JobStatus
from gas_site import disk_room, disk_uploads, upload_parts
from gas_site.storage import file_store
from gas_site.upload_parts import sha256_base64
from tests.site.conftest import Sent
from tests.site.factories import HEADER, SMALL_VCF, signed_in, stored

pytestmark = pytest.mark.django_db
MIB = 1024 * 1024
PART = MIB
ANNOUNCE = "/annotate/upload/"


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_parts, "LEAST_PART_BYTES", PART)


@pytest.fixture
def premium(alice: User) -> Client:
    alice.plan_id = Plan.PREMIUM
    alice.save()
    return signed_in(alice)


@pytest.fixture
def content() -> bytes:
    """Give a VCF of three parts, the last of them short, that does not look like anything but itself."""
    padding = "".join(f"##note={os.urandom(30_000).hex()}\n" for _ in range(40)).encode()
    return SMALL_VCF.replace(b"#CHROM", padding + b"#CHROM", 1)


def parts_of(content: bytes) -> list[bytes]:
    return [content[at : at + PART] for at in range(0, len(content), PART)]


def announce(client: Client, content: bytes, **changes: Any) -> Any:
    data = {"name": "patient.vcf", "size": len(content), "reference": "rCRS", "sha256": "", **changes}
    return client.post(ANNOUNCE, data, headers={"HX-Request": "true"})


def put(client: Client, plan: dict[str, Any], number: int, body: bytes, announced: bytes | None = None) -> int:
    """Put a part as a browser does; return the status."""
    checksum = sha256_base64(body if announced is None else announced)
    headers = {"Content-Digest": f"sha-256=:{checksum}:", "HX-Request": "true"}
    return client.put(f"{plan['resume']}{number}/", body, headers=headers).status_code


def finish(client: Client, plan: dict[str, Any], parts: list[bytes]) -> Any:
    checksums = ",".join(sha256_base64(part) for part in parts)
    return client.post(plan["finish"], {"sha256": checksums}, headers={"HX-Request": "true"})


def there(client: Client, plan: dict[str, Any]) -> list[int]:
    return [part["number"] for part in client.get(plan["resume"]).json()["parts"]]


# What arrives ---------------------------------------------------------------------------------------------


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


# The plan's limit and the disk's ---------------------------------------------------------------------------


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


@contextmanager
def files_end_at(most: int) -> Iterator[None]:
    """Let the kernel refuse to write beyond so many bytes of any file, as a full disk refuses."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


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
