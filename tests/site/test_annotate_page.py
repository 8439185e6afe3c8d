"""/annotate/: a file, pasted text or the example; a verdict on request; then the queue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from annotations import intake, intake_views
from annotations.catalogue import installed_references
from annotations.engine.errors import WrongReference
from annotations.models import Job, JobStatus
from gas_site.storage import file_store
from tests.site.conftest import Sent
from tests.site.factories import HEADER, LHON, SMALL_VCF, make_job, stored

pytestmark = pytest.mark.django_db
ANNOTATE = reverse("annotate")
HTMX = {"HX-Request": "true"}


def vcf(content: bytes = SMALL_VCF, name: str = "patient.vcf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def form(**fields: Any) -> dict[str, Any]:
    return {"reference": "rCRS", **fields}


def content_of(job: Job) -> bytes:
    with file_store().read(job.input_key) as file:
        return file.read()


def test_the_page_asks_for_a_file_a_reference_and_says_what_rcrs_covers(alices: Client) -> None:
    response = alices.get(ANNOTATE)
    page = response.content.decode()
    assert response.status_code == 200
    for name in ("vcf_file", "vcf_text", "reference", "example", "csrfmiddlewaretoken"):
        assert f'name="{name}"' in page
    assert 'enctype="multipart/form-data"' in page
    assert "mitochondrial" in page
    assert "150 KB" in page
    assert "no-store" in response["Cache-Control"]


def test_a_file_is_queued_at_once_and_its_page_shown(
    alices: Client,
    alice: User,
    sent: list[Sent],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        response = alices.post(ANNOTATE, form(vcf_file=vcf()))
    job = Job.objects.get()
    assert response.headers["Location"] == reverse("annotations:detail", args=[job.pk])
    assert (job.user, job.status, job.file_name) == (alice, JobStatus.PENDING, "patient.vcf")
    assert content_of(job) == SMALL_VCF
    assert sent == [Sent("annotate", (str(job.pk),))]


def test_pasted_text_is_a_file_called_pasted(alices: Client) -> None:
    alices.post(ANNOTATE, form(vcf_text=SMALL_VCF.decode().replace("\n", "\r\n")))
    job = Job.objects.get()
    assert (job.status, job.file_name) == (JobStatus.PENDING, "pasted.vcf")
    assert job.verdict["records"] == 1


def test_the_example_is_one_button(alices: Client) -> None:
    alices.post(ANNOTATE, form(example="1"))
    job = Job.objects.get()
    assert (job.status, job.file_name) == (JobStatus.PENDING, "example.vcf")
    assert job.verdict["records"] > 40
    assert job.input_size < 153_600


def test_a_chosen_file_goes_before_pasted_text(alices: Client) -> None:
    alices.post(ANNOTATE, form(vcf_file=vcf(), vcf_text="not a vcf"))
    assert Job.objects.get().file_name == "patient.vcf"


def test_a_check_from_the_script_answers_the_verdict_as_a_fragment(alices: Client) -> None:
    response = alices.post(ANNOTATE, form(vcf_file=vcf(), check="1"), headers=HTMX)
    job = Job.objects.get()
    page = response.content.decode()
    assert response.status_code == 200
    assert "<html" not in page
    assert "patient.vcf" in page
    assert reverse("confirm", args=[job.pk]) in page
    assert job.status == JobStatus.UPLOADING


def test_a_check_without_a_script_goes_to_the_verdicts_own_page(alices: Client) -> None:
    response = alices.post(ANNOTATE, form(vcf_file=vcf(), check="1"))
    job = Job.objects.get()
    assert response.headers["Location"] == reverse("confirm", args=[job.pk])
    page = alices.get(response.headers["Location"]).content.decode()
    assert "<html" in page
    assert "Annotate 1 record" in page
    assert job.status == JobStatus.UPLOADING


@pytest.mark.parametrize("fields", [{}, {"vcf_text": " \n"}, {"example": ""}])
def test_nothing_chosen_is_said_in_a_sentence(alices: Client, fields: dict[str, str]) -> None:
    response = alices.post(ANNOTATE, form(**fields))
    assert response.status_code == 422
    assert "Choose a VCF file, paste its lines, or use the example file." in response.content.decode()
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("reference", "sentence"),
    [("", "Choose a reference."), ("GRCh99", "The reference GRCh99 is not installed here. Choose another one.")],
)
def test_a_reference_that_is_missing_or_unknown_is_said_by_name(
    alices: Client, files: Path, reference: str, sentence: str
) -> None:
    response = alices.post(ANNOTATE, {"vcf_file": vcf(), "reference": reference})
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert stored(files) == []


BROKEN = HEADER.encode() + b"MT\televen\t.\tG\tA\t.\t.\t.\n"


def test_a_refused_file_is_answered_with_line_column_and_fix(alices: Client, files: Path) -> None:
    response = alices.post(ANNOTATE, form(vcf_file=vcf(BROKEN)))
    page = response.content.decode()
    assert response.status_code == 422
    assert "<html" in page
    assert "This file cannot be annotated as it is" in page
    assert "Line 4, POS" in page
    assert stored(files) == []
    assert not Job.objects.exists()


def test_a_refused_check_is_a_fragment(alices: Client) -> None:
    response = alices.post(ANNOTATE, form(vcf_file=vcf(BROKEN), check="1"), headers=HTMX)
    page = response.content.decode()
    assert response.status_code == 422
    assert "<html" not in page
    assert "Line 4, POS" in page


def test_refused_pasted_text_stays_in_the_box(alices: Client) -> None:
    text = BROKEN.decode()
    page = alices.post(ANNOTATE, form(vcf_text=text)).content.decode()
    assert "MT\televen" in page


def test_an_empty_file_is_refused_and_not_taken_for_none(alices: Client) -> None:
    response = alices.post(ANNOTATE, form(vcf_file=vcf(b"")))
    assert response.status_code == 422
    assert "empty" in response.content.decode()


def test_hostile_names_are_shown_as_text(alices: Client) -> None:
    alices.post(ANNOTATE, form(vcf_file=vcf(name='<img src=x onerror="a">.vcf')))
    page = alices.get(reverse("annotations:list")).content.decode()
    assert "<img" not in page
    assert "&lt;img src=x" in page


def test_a_sample_name_that_is_not_utf_8_breaks_no_page(alices: Client) -> None:
    content = HEADER.replace("INFO\n", "INFO\tFORMAT\tJos\xe9\n").encode("latin-1")
    content += LHON.strip().encode() + b"\tGT\t0/1\n"
    response = alices.post(ANNOTATE, form(vcf_file=vcf(content), check="1"), headers=HTMX)
    assert response.status_code in {200, 422}
    for job in Job.objects.all():
        assert alices.get(reverse("confirm", args=[job.pk])).status_code == 200


def test_a_ticket_is_confirmed_once(
    alices: Client,
    alice: User,
    sent: list[Sent],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    job = make_job(alice, JobStatus.UPLOADING)
    with django_capture_on_commit_callbacks(execute=True):
        first = alices.post(reverse("confirm", args=[job.pk]), {"reference": "rCRS"})
        second = alices.post(reverse("confirm", args=[job.pk]), {"reference": "rCRS"})
    assert first.headers["Location"] == second.headers["Location"] == reverse("annotations:detail", args=[job.pk])
    job.refresh_from_db()
    assert job.status == JobStatus.PENDING
    assert len(sent) == 1
    assert alices.get(reverse("confirm", args=[job.pk])).status_code == 302


def test_confirming_without_a_reference_keeps_the_checked_one(alices: Client, alice: User) -> None:
    job = make_job(alice, JobStatus.UPLOADING)
    alices.post(reverse("confirm", args=[job.pk]))
    job.refresh_from_db()
    assert (job.status, job.reference) == (JobStatus.PENDING, "rCRS")


def test_another_reference_is_checked_before_the_job_is_queued(
    alices: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    (rcrs,) = [reference for reference in installed_references() if reference.name == "rCRS"]
    asked: list[str] = []

    def named(name: str) -> object:
        asked.append(name)
        return rcrs

    monkeypatch.setattr(intake_views, "reference_named", named)
    job = make_job(alice, JobStatus.UPLOADING, verdict={"warnings": ["of the former reference"]})
    alices.post(reverse("confirm", args=[job.pk]), {"reference": "other"})
    job.refresh_from_db()
    assert asked == ["other"]
    assert (job.status, job.reference) == (JobStatus.PENDING, "other")
    assert job.verdict["warnings"] == []


def test_another_reference_that_does_not_fit_is_refused_and_the_ticket_stays(
    alices: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object) -> None:
        raise WrongReference("These look like GRCh37 coordinates", "Choose that reference.")

    monkeypatch.setattr(intake_views, "reference_named", lambda name: None)
    monkeypatch.setattr(intake, "check", refuse)
    job = make_job(alice, JobStatus.UPLOADING)
    response = alices.post(reverse("confirm", args=[job.pk]), {"reference": "other"})
    job.refresh_from_db()
    assert response.status_code == 422
    assert "These look like GRCh37 coordinates. Choose that reference." in response.content.decode()
    assert (job.status, job.reference) == (JobStatus.UPLOADING, "rCRS")


def test_a_reference_that_is_not_installed_is_refused_at_confirm(alices: Client, alice: User) -> None:
    job = make_job(alice, JobStatus.UPLOADING)
    response = alices.post(reverse("confirm", args=[job.pk]), {"reference": "GRCh99"})
    assert response.status_code == 422
    assert "The reference GRCh99 is not installed here" in response.content.decode()


def test_discarding_removes_ticket_and_file(
    alices: Client,
    alice: User,
    sent: list[Sent],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    job = make_job(alice, JobStatus.UPLOADING)
    with django_capture_on_commit_callbacks(execute=True):
        response = alices.post(reverse("discard", args=[job.pk]))
    assert response.headers["Location"] == ANNOTATE
    job.refresh_from_db()
    assert (job.status, job.deleted_at is None) == (JobStatus.CANCELLED, False)
    assert sent == [Sent("purge_job", (str(job.pk),))]
    assert alices.post(reverse("discard", args=[job.pk])).status_code == 404
    assert alices.get(reverse("confirm", args=[job.pk])).status_code == 404


@pytest.mark.parametrize("status", sorted(set(JobStatus) - {JobStatus.UPLOADING}))
def test_what_was_queued_cannot_be_discarded(alices: Client, alice: User, status: JobStatus) -> None:
    job = make_job(alice, status)
    assert alices.post(reverse("discard", args=[job.pk])).status_code == 404
    job.refresh_from_db()
    assert (job.status, job.deleted_at) == (status, None)


def test_an_unconfirmed_ticket_is_led_back_to_its_verdict(alices: Client, alice: User) -> None:
    job = make_job(alice, JobStatus.UPLOADING)
    response = alices.get(reverse("annotations:detail", args=[job.pk]))
    assert response.headers["Location"] == reverse("confirm", args=[job.pk])


PHASED = (
    HEADER.replace("#CHROM", '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n#CHROM').replace(
        "INFO\n", "INFO\tFORMAT\tS1\n"
    )
    + "MT\t3316\t.\tG\tA\t.\t.\t.\tGT\t0|1\n"
).encode()


def test_a_file_with_samples_can_have_its_consequences_by_haplotype(alices: Client, alice: User) -> None:
    page = alices.post(ANNOTATE, form(vcf_file=vcf(PHASED), check="1"), headers=HTMX).content.decode()
    assert 'name="consequences" value="haplotype"' in page
    job = Job.objects.get(user=alice)
    alices.post(reverse("confirm", args=[job.pk]), {"reference": "rCRS", "consequences": "haplotype"})
    job.refresh_from_db()
    assert (job.status, job.haplotype_aware) == (JobStatus.PENDING, True)
    assert intake.copy_of(job).haplotype_aware


def test_consequences_are_of_each_allele_unless_asked_otherwise(alices: Client, alice: User) -> None:
    page = alices.post(ANNOTATE, form(vcf_file=vcf(), check="1"), headers=HTMX).content.decode()
    assert 'name="consequences"' not in page  # without samples there are no haplotypes
    job = Job.objects.get(user=alice)
    alices.post(reverse("confirm", args=[job.pk]), {"reference": "rCRS"})
    job.refresh_from_db()
    assert (job.status, job.haplotype_aware) == (JobStatus.PENDING, False)
