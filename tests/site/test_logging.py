"""Logs name jobs by id: never a file, a variant, a search, a person's address."""

from __future__ import annotations

import logging

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import User
from gas_site.supervisor import web_command
from tests.site.factories import HEADER, SMALL_VCF, make_job

pytestmark = pytest.mark.django_db
SECRET = "patient-jane-doe"


def test_no_request_leaves_its_query_string_in_a_log(
    client: Client, alices: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client.raise_request_exception = False
    query = {"q": SECRET}
    assert alices.get(reverse("annotations:list"), query).status_code == 200
    assert alices.get("/nowhere/", query).status_code == 404
    assert alices.get(f"{reverse('theme')}?q={SECRET}").status_code == 405
    assert client.get(f"/?q={SECRET}", headers={"Host": "evil.example.org"}).status_code == 400
    assert Client(enforce_csrf_checks=True).post(f"{reverse('theme')}?q={SECRET}").status_code == 403
    assert "Not Found: /nowhere/" in caplog.text
    assert SECRET not in caplog.text


def test_no_upload_leaves_its_name_or_its_text_in_a_log(alices: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    broken = f"{HEADER}MT\t{SECRET}\t.\tG\tA\t.\t.\t.\n".encode()
    for content in (SMALL_VCF, broken, b""):
        file = SimpleUploadedFile(f"{SECRET}.vcf", content)
        alices.post(reverse("annotate"), {"reference": "rCRS", "vcf_file": file})
    assert SECRET not in caplog.text


def test_no_act_on_a_job_leaves_its_name_in_a_log(
    alices: Client, alice: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    job = make_job(alice, name=f"{SECRET}.vcf")
    alices.get(reverse("annotations:download", args=[job.pk, "vcf"]))
    alices.post(reverse("annotations:rerun", args=[job.pk]))
    alices.post(reverse("annotations:delete", args=[job.pk]))
    assert SECRET not in caplog.text
    assert alice.email not in caplog.text


def test_the_web_server_keeps_no_log_of_addresses() -> None:
    assert not [word for word in web_command("127.0.0.1") if "access" in word]
