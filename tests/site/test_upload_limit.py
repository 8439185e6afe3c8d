"""A body above the plan's limit is stopped while it arrives, whatever its headers say."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import StopUpload
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django import Settings

from accounts.models import Plan, User
from annotations.intake import TooLarge
from annotations.models import Job
from annotations.uploads import FORM_OVERHEAD, PlanLimit, limit_upload
from tests.site.factories import SMALL_VCF, make_user, signed_in, stored

pytestmark = pytest.mark.django_db
LIMIT = 153_600


def vcf(size: int, name: str = "big.vcf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, SMALL_VCF + b"#" * (size - len(SMALL_VCF)))


def test_a_request_that_announces_too_much_is_refused_before_its_body_is_read(
    alices: Client, files: Path, settings: Settings
) -> None:
    response = alices.post(reverse("annotate"), {"vcf_file": vcf(LIMIT * 3), "reference": "rCRS"})
    assert response.status_code == 413
    page = response.content.decode()
    assert "This file is too large for your plan" in page
    assert "Your plan takes files up to 150.0 KB." in page
    assert stored(files) == []
    assert list(Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir()) == []


@pytest.mark.parametrize("extra", [1, 1000, FORM_OVERHEAD // 2])
def test_a_body_within_the_forms_overhead_is_stopped_at_the_limit(alices: Client, files: Path, extra: int) -> None:
    response = alices.post(reverse("annotate"), {"reference": "rCRS", "vcf_file": vcf(LIMIT + extra)})
    assert response.status_code == 413
    assert "This file is too large" in response.content.decode()
    assert stored(files) == []
    assert not Job.objects.exists()


def test_the_refusal_of_a_check_is_a_fragment(alices: Client) -> None:
    form = {"reference": "rCRS", "check": "1", "vcf_file": vcf(LIMIT + 1)}
    response = alices.post(reverse("annotate"), form, headers={"HX-Request": "true"})
    assert response.status_code == 413
    page = response.content.decode()
    assert "<html" not in page
    assert "This file is too large" in page
    assert "Premium" in page


def test_several_files_count_together(alices: Client, files: Path) -> None:
    form = {"reference": "rCRS", "other": vcf(LIMIT - 1000), "vcf_file": vcf(2000)}
    assert alices.post(reverse("annotate"), form).status_code == 413
    assert stored(files) == []


def test_the_handler_stops_at_the_byte_after_the_limit() -> None:
    handler = PlanLimit(RequestFactory().post("/"), 10)
    assert handler.receive_data_chunk(b"x" * 10, 0) == b"x" * 10
    assert not handler.exceeded
    with pytest.raises(StopUpload):
        handler.receive_data_chunk(b"x", 10)
    assert handler.exceeded


@pytest.mark.parametrize("announced", ["", "many", "-1"])
def test_a_content_length_that_is_no_number_counts_as_none(announced: str) -> None:
    request = RequestFactory().post("/")
    request.META["CONTENT_LENGTH"] = announced
    limit_upload(request, 10)


def test_a_content_length_above_limit_and_form_is_refused() -> None:
    request = RequestFactory().post("/")
    request.META["CONTENT_LENGTH"] = str(10 + FORM_OVERHEAD)
    limit_upload(request, 10)
    request.META["CONTENT_LENGTH"] = str(10 + FORM_OVERHEAD + 1)
    with pytest.raises(TooLarge):
        limit_upload(request, 10)
    limit_upload(request, None)


def test_premium_has_no_limit_of_the_plans_own() -> None:
    browser = signed_in(make_user(plan=Plan.PREMIUM))
    response = browser.post(reverse("annotate"), {"reference": "rCRS", "vcf_file": vcf(LIMIT * 3)})
    assert response.status_code == 422  # the padding is no VCF, but it was read to the end
    assert "This file cannot be annotated as it is" in response.content.decode()


def test_a_pasted_text_above_djangos_limit_is_told_to_become_a_file(settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 50_000
    browser = signed_in(make_user(plan=Plan.PREMIUM))
    response = browser.post(reverse("annotate"), {"reference": "rCRS", "vcf_text": "x" * 60_000})
    assert response.status_code == 413
    assert "Save it as a file and upload the file." in response.content.decode()


def test_a_body_above_djangos_limit_elsewhere_gets_the_413_page(alice: User, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    response = signed_in(alice).post(reverse("theme"), {"theme": "x" * 2000})
    assert response.status_code == 413
    assert "This file is too large" in response.content.decode()


def test_the_token_is_checked_on_annotate_too(alice: User, files: Path) -> None:
    browser = signed_in(alice, enforce_csrf=True)
    response = browser.post(reverse("annotate"), {"reference": "rCRS", "vcf_file": vcf(len(SMALL_VCF))})
    assert response.status_code == 403
    assert stored(files) == []
    browser.get(reverse("annotate"))
    form = {
        "csrfmiddlewaretoken": browser.cookies["csrftoken"].value,
        "reference": "rCRS",
        "vcf_file": vcf(len(SMALL_VCF)),
    }
    assert browser.post(reverse("annotate"), form).status_code == 302
    assert Job.objects.get().user == alice
