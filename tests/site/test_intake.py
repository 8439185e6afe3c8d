"""From bytes to a ticket: the size is held to the plan, the name is cleaned, a refused file leaves nothing."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.files.base import File
from django.core.files.uploadedfile import TemporaryUploadedFile

from accounts.models import Plan, User
from annotations import intake
from annotations.catalogue import UnknownReference
from annotations.engine.errors import InputRefused
from annotations.models import Job, JobStatus
from gas_site.storage import file_store
from tests.site.factories import HEADER, LHON, SMALL_VCF, make_job, make_user, stored

pytestmark = pytest.mark.django_db


def upload(content: bytes = SMALL_VCF, name: str = "patient.vcf") -> intake.Upload:
    return intake.Upload(name, len(content), File(io.BytesIO(content), name=name))


def padded(size: int) -> bytes:
    """Return a valid VCF of exactly ``size`` bytes."""
    start = f"##fileformat=VCFv4.2\n##contig=<ID=MT,length=16569>\n##note={{}}\n{HEADER.splitlines()[-1]}\n{LHON}"
    return start.format("x" * (size - len(start) + 2)).encode()


def test_a_good_file_becomes_a_ticket_with_its_verdict(alice: User, files: Path) -> None:
    job = intake.receive(alice, upload(), "rCRS")
    job.refresh_from_db()
    assert (job.status, job.user, job.file_name, job.reference) == (JobStatus.UPLOADING, alice, "patient.vcf", "rCRS")
    assert job.input_size == len(SMALL_VCF)
    assert (job.verdict["records"], job.verdict["format"], job.verdict["warnings"]) == (1, "VCFv4.2", [])
    assert stored(files) == [f"uploads/{job.pk}/input"]
    with file_store().read(job.input_key) as content:
        assert content.read() == SMALL_VCF
    assert [str(event) for event in job.events.all()] == ["uploading uploaded and checked"]


@pytest.mark.parametrize("difference", [-1, 0])
def test_a_file_up_to_the_plans_limit_is_taken(alice: User, difference: int) -> None:
    content = padded(alice.plan.max_upload_bytes + difference)  # type: ignore[operator]
    assert intake.receive(alice, upload(content), "rCRS").input_size == 153_600 + difference


def test_a_file_one_byte_above_the_limit_is_refused(alice: User, files: Path) -> None:
    told = r"^This file is 153,601 bytes\. Your plan takes files up to 153,600 bytes\.$"
    with pytest.raises(intake.TooLarge, match=told):
        intake.receive(alice, upload(padded(153_601)), "rCRS")
    assert stored(files) == []
    assert not Job.objects.exists()


def test_a_file_far_above_the_limit_is_refused_in_round_numbers(alice: User) -> None:
    with pytest.raises(intake.TooLarge, match=r"^This file is 300\.0 KB\. Your plan takes files up to 150\.0 KB\.$"):
        intake.check_size(alice, 307_200)


def test_premium_takes_what_free_does_not() -> None:
    user = make_user(plan=Plan.PREMIUM)
    assert intake.receive(user, upload(padded(153_601)), "rCRS").input_size == 153_601


def test_a_limit_changed_by_staff_holds_at_once(alice: User) -> None:
    Plan.objects.filter(pk=Plan.FREE).update(max_upload_bytes=len(SMALL_VCF) - 1)
    with pytest.raises(intake.TooLarge):
        intake.receive(User.objects.get(pk=alice.pk), upload(), "rCRS")


@pytest.mark.parametrize(
    "content",
    [b"", b"%PDF-1.7\n", b"<!doctype html>", HEADER.encode() + b"MT\tx\t.\tG\tA\t.\t.\t.\n", b"\x1f\x8b\x08broken"],
)
def test_a_file_that_is_refused_leaves_neither_row_nor_file(alice: User, files: Path, content: bytes) -> None:
    with pytest.raises(InputRefused):
        intake.receive(alice, upload(content), "rCRS")
    assert stored(files) == []
    assert not Job.objects.exists()


def test_trouble_of_ours_leaves_neither_row_nor_file(alice: User, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **options: object) -> None:
        raise MemoryError

    monkeypatch.setattr(intake, "preflight", fail)
    with pytest.raises(MemoryError):
        intake.receive(alice, upload(), "rCRS")
    assert stored(files) == []
    assert not Job.objects.exists()


def test_a_kill_between_row_and_verdict_leaves_a_ticket_that_the_sweep_finds(
    alice: User, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(intake, "preflight", killed)
    monkeypatch.setattr(intake, "withdraw", lambda job: None)
    with pytest.raises(KeyboardInterrupt):
        intake.receive(alice, upload(), "rCRS")
    job = Job.objects.get()
    assert job.status == JobStatus.UPLOADING
    assert stored(files) == [job.input_key]


def test_an_unknown_reference_is_refused_by_name(alice: User, files: Path) -> None:
    with pytest.raises(UnknownReference, match="The reference GRCh99 is not installed here"):
        intake.receive(alice, upload(), "GRCh99")
    assert stored(files) == []


def test_a_file_that_django_has_on_disk_is_moved_and_not_copied(alice: User, files: Path) -> None:
    temporary = TemporaryUploadedFile("patient.vcf", "text/plain", len(SMALL_VCF), None)
    temporary.write(SMALL_VCF)
    temporary.seek(0)
    path = Path(temporary.temporary_file_path())
    inode = path.stat().st_ino
    job = intake.receive(alice, intake.Upload("patient.vcf", len(SMALL_VCF), temporary), "rCRS")
    temporary.close()
    assert not path.exists()
    assert (files / job.input_key).stat().st_ino == inode


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("patient.vcf", "patient.vcf"),
        ("/home/me/patient.vcf", "patient.vcf"),
        ("C:\\Users\\me\\patient.vcf", "patient.vcf"),
        ("../../etc/passwd", "passwd"),
        ("pa\x00ti\nent\r.vcf", "patient.vcf"),
        ("\u202efcv.patient", "fcv.patient"),
        ("Grüße 变异.vcf", "Grüße 变异.vcf"),
        ("", "variants.vcf"),
        ("   ", "variants.vcf"),
        ("..", "variants.vcf"),
        (".", "variants.vcf"),
        ("/", "variants.vcf"),
        ("<img src=x>.vcf", "<img src=x>.vcf"),
        ("x" * 116 + ".vcf", "x" * 116 + ".vcf"),
        ("family 7 " + "x" * 300 + " mother.vcf.gz", "family 7 " + "x" * 90 + "…" + "x" * 6 + " mother.vcf.gz"),
        ("\ud800.vcf", ".vcf"),
    ],
)
def test_a_name_is_cut_to_what_is_safe_to_keep(given: str, kept: str) -> None:
    assert intake.clean_name(given) == kept


def test_a_copy_has_a_file_of_its_own(alice: User, files: Path) -> None:
    job = make_job(alice, JobStatus.FAILED)
    ticket = intake.copy_of(job)
    assert ticket.pk != job.pk
    assert (ticket.status, ticket.file_name, ticket.verdict) == (JobStatus.UPLOADING, job.file_name, job.verdict)
    assert ticket.input_size == job.input_size
    assert stored(files) == sorted([job.input_key, ticket.input_key])


def test_a_copy_of_a_file_that_is_gone_leaves_no_ticket(alice: User, files: Path) -> None:
    job = make_job(alice, JobStatus.FAILED)
    file_store().remove_tree(f"uploads/{job.pk}")
    with pytest.raises(FileNotFoundError):
        intake.copy_of(job)
    assert list(Job.objects.all()) == [job]
    assert stored(files) == []
