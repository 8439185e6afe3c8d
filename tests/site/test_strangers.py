"""Every URL of a job: for its owner, a stranger, nobody, and the wrong method."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from annotations.models import Job, JobStatus
from tests.site.factories import make_job, make_user, signed_in

pytestmark = pytest.mark.django_db

READS = ["detail", "live", "log", "download"]
ACTS = ["cancel", "rerun", "delete", "discard"]
KINDS = ["vcf", "index", "table", "summary", "log", "input"]


def url(name: str, pk: object, kind: str = "vcf") -> str:
    if name in {"confirm", "discard"}:
        return reverse(name, args=[pk])
    return reverse(f"annotations:{name}", args=[pk, kind] if name == "download" else [pk])


def snapshot() -> list[object]:
    return [*Job.objects.order_by("pk").values()]


@pytest.mark.parametrize("name", [*READS, "confirm"])
@pytest.mark.parametrize("status", JobStatus)
def test_a_stranger_finds_nothing_to_read(bobs: Client, alice: User, name: str, status: JobStatus) -> None:
    assert bobs.get(url(name, make_job(alice, status).pk)).status_code == 404


@pytest.mark.parametrize("kind", KINDS)
def test_a_stranger_downloads_nothing(bobs: Client, alice: User, kind: str) -> None:
    job = make_job(alice)
    assert bobs.get(url("download", job.pk, kind)).status_code == 404
    assert bobs.get(url("download", job.pk, kind), headers={"Range": "bytes=0-9"}).status_code == 404
    assert bobs.head(url("download", job.pk, kind)).status_code == 404


@pytest.mark.parametrize("name", [*ACTS, "confirm"])
@pytest.mark.parametrize("status", JobStatus)
def test_a_stranger_does_nothing(bobs: Client, alice: User, name: str, status: JobStatus) -> None:
    job = make_job(alice, status)
    before = snapshot()
    assert bobs.post(url(name, job.pk), {"reference": "rCRS"}).status_code == 404
    assert snapshot() == before


def test_staff_are_strangers_too_outside_the_admin(alice: User) -> None:
    staff = signed_in(make_user(is_staff=True, is_superuser=True))
    assert staff.get(url("detail", make_job(alice).pk)).status_code == 404


@pytest.mark.parametrize("name", [*READS, *ACTS, "confirm"])
def test_nobody_is_sent_to_sign_in(client: Client, alice: User, name: str) -> None:
    job = make_job(alice)
    before = snapshot()
    ask = client.post if name in ACTS else client.get
    response = ask(url(name, job.pk))
    assert response.status_code == 302
    assert response.headers["Location"].startswith(reverse("account_login"))
    assert snapshot() == before


@pytest.mark.parametrize("name", ["annotate", "annotations:list"])
def test_nobody_is_sent_to_sign_in_from_the_other_pages(client: Client, name: str) -> None:
    response = client.get(reverse(name))
    assert response.headers["Location"] == f"{reverse('account_login')}?next={reverse(name)}"


def test_nobody_uploads_nothing(client: Client) -> None:
    response = client.post(reverse("annotate"), {"example": "1", "reference": "rCRS"})
    assert response.headers["Location"].startswith(reverse("account_login"))
    assert not Job.objects.exists()


@pytest.mark.parametrize("name", ACTS)
def test_an_act_is_not_done_by_a_link(alices: Client, alice: User, name: str) -> None:
    job = make_job(alice, JobStatus.UPLOADING)
    before = snapshot()
    response = alices.get(url(name, job.pk))
    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert snapshot() == before


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_a_page_takes_no_writing_method(alices: Client, alice: User, name: str, method: str) -> None:
    job = make_job(alice)
    assert getattr(alices, method)(url(name, job.pk)).status_code == 405


@pytest.mark.parametrize("name", ["annotate", "confirm"])
def test_the_forms_take_no_other_method(alices: Client, alice: User, name: str) -> None:
    target = reverse(name, args=[make_job(alice, JobStatus.UPLOADING).pk] if name == "confirm" else [])
    assert alices.put(target).status_code == 405
    assert alices.delete(target).status_code == 405
    assert alices.head(target).status_code == 200


@pytest.mark.parametrize("name", [*READS, *ACTS, "confirm"])
def test_a_job_that_never_was_is_not_found(alices: Client, name: str) -> None:
    ask = alices.post if name in ACTS else alices.get
    assert ask(url(name, uuid.uuid4())).status_code == 404


@pytest.mark.parametrize("name", ACTS)
def test_an_act_needs_the_forms_token(alice: User, name: str) -> None:
    job = make_job(alice, JobStatus.UPLOADING)
    before = snapshot()
    assert signed_in(alice, enforce_csrf=True).post(url(name, job.pk)).status_code == 403
    assert snapshot() == before
