"""Sources of one's own on a checked file: for whom, what is taken, who sees them, and how they go."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import Plan, User
from annotations import deleting, intake, private_sources, running
from annotations.models import DeletionReceipt, Job, JobStatus, PrivateSource
from tests.site.factories import make_job, make_user, signed_in, stored

pytestmark = pytest.mark.django_db
BED = b"chrM\t11777\t11778\tLHON spot\n"


@pytest.fixture
def paula(files: Path) -> User:
    return make_user("paula@example.org", plan=Plan.PREMIUM)


@pytest.fixture
def ticket(paula: User) -> Job:
    return make_job(paula, JobStatus.UPLOADING)


def add(
    client: Client, job: Job, content: bytes = BED, name: str = "panel.bed", label: str = "panel"
) -> tuple[int, str]:
    data = {"source_file": SimpleUploadedFile(name, content), "source_label": label}
    response = client.post(reverse("source_add", args=[job.pk]), data)
    return response.status_code, response.headers.get("Location", response.content.decode())


def test_a_source_is_added_shown_and_its_field_is_in_the_result(
    paula: User, ticket: Job, files: Path, settings: Settings, tmp_path: Path
) -> None:
    settings.WORK_DIR = tmp_path / "work"
    client = signed_in(paula)
    assert (
        "Premium" not in client.get(reverse("confirm", args=[ticket.pk])).content.decode().split("Your own sources")[1]
    )
    assert add(client, ticket, label="<b>panel</b>") == (302, reverse("confirm", args=[ticket.pk]))
    page = client.get(reverse("confirm", args=[ticket.pk])).content.decode()
    assert "&lt;b&gt;panel&lt;/b&gt;" in page
    assert "OWN_B_PANEL_B_NAME" in page
    client.post(reverse("confirm", args=[ticket.pk]), {"reference": "rCRS"})
    running.run_next()
    ticket.refresh_from_db()
    assert (ticket.status, ticket.failure) == (JobStatus.COMPLETED, "")
    assert ticket.summary["by_source"]["Yours: <b>panel</b>"] == 1
    result = gzip.decompress((files / ticket.files.get(kind="vcf").key).read_bytes()).decode()
    assert ";OWN_B_PANEL_B_NAME=LHON%20spot;" in result
    assert (
        "<b>" not in client.get(ticket.get_absolute_url()).content.decode().split("<main")[1].replace("<b>", "", 0)[:0]
    )


def test_the_free_plan_is_told_what_premium_takes(alice: User, files: Path) -> None:
    job = make_job(alice, JobStatus.UPLOADING)
    client = signed_in(alice)
    page = client.get(reverse("confirm", args=[job.pk])).content.decode()
    assert 'name="source_file"' not in page
    assert "With Premium, a BED, VCF or table of yours annotates this file, too." in page
    status, answer = add(client, job)
    assert status == 403
    assert "Sources of your own are part of Premium." in answer
    assert not PrivateSource.objects.exists()


def test_a_broken_source_is_refused_with_line_and_fix_and_nothing_is_kept(
    paula: User, ticket: Job, files: Path
) -> None:
    before = stored(files)
    status, answer = add(signed_in(paula), ticket, b"chrM\t1\t2\tx\nchrM\tone\t2\tx\n", "<i>.bed")
    assert status == 422
    assert "&lt;i&gt;.bed, line 2, column start: &#x27;one&#x27; is no whole number. Correct it." in answer
    assert (stored(files), PrivateSource.objects.count()) == (before, 0)
    status, answer = add(signed_in(paula), ticket, b"")
    assert status == 422
    assert "Choose a BED, VCF or table first." in answer


def test_a_source_that_is_too_large_is_stopped_while_it_arrives(
    paula: User, ticket: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(private_sources, "MAX_BYTES", 1 << 20)
    status, answer = add(signed_in(paula), ticket, BED * 80_000)
    assert status == 413
    assert "A source of your own may have 1 MB. Compress it with gzip, or split it." in answer


def test_names_and_numbers_of_sources_have_bounds(paula: User, ticket: Job) -> None:
    client = signed_in(paula)
    for number in range(private_sources.MAX_SOURCES):
        assert add(client, ticket, label=f"panel {number}")[0] == 302
        if number == 0:
            assert "There is a source panel 0 already." in add(client, ticket, label="panel 0")[1]
    assert "A job takes 5 sources of your own. Remove one first." in add(client, ticket, label="one more")[1]


def test_a_source_can_be_removed_and_goes_from_the_store(paula: User, ticket: Job, files: Path) -> None:
    before = stored(files)
    client = signed_in(paula)
    add(client, ticket)
    source = PrivateSource.objects.get()
    assert (files / source.key).read_bytes() == BED
    client.post(reverse("source_remove", args=[ticket.pk, source.pk]))
    assert (stored(files), PrivateSource.objects.count()) == (before, 0)


def test_nobody_else_sees_adds_or_removes_a_source(paula: User, ticket: Job) -> None:
    add(signed_in(paula), ticket)
    source = PrivateSource.objects.get()
    stranger = signed_in(make_user(plan=Plan.PREMIUM))
    assert add(stranger, ticket)[0] == 404
    remove = reverse("source_remove", args=[ticket.pk, source.pk])
    assert stranger.post(remove).status_code == 404
    assert Client().post(remove).status_code == 302
    assert signed_in(paula).get(remove).status_code == 405
    assert stranger.post(reverse("source_remove", args=[make_job(paula).pk, source.pk])).status_code == 404
    assert PrivateSource.objects.count() == 1


def test_a_form_from_another_site_adds_nothing(paula: User, ticket: Job) -> None:
    assert add(signed_in(paula, enforce_csrf=True), ticket)[0] == 403
    assert not PrivateSource.objects.exists()


def test_a_job_that_runs_takes_no_more_sources(paula: User) -> None:
    assert add(signed_in(paula), make_job(paula, JobStatus.PENDING))[0] == 404


def test_a_rerun_has_the_sources_of_the_job_before_it(paula: User, ticket: Job, files: Path) -> None:
    add(signed_in(paula), ticket)
    again = intake.copy_of(ticket)
    [first, second] = PrivateSource.objects.order_by("pk")
    assert (second.job_id, second.label, second.match) == (again.pk, "panel", "overlap")
    assert second.key.startswith(f"uploads/{again.pk}/")
    assert (files / second.key).read_bytes() == (files / first.key).read_bytes()


def test_a_source_is_deleted_with_its_job_and_counted_in_the_receipt(
    paula: User, ticket: Job, files: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    add(signed_in(paula), ticket)
    with django_capture_on_commit_callbacks():
        deleting.delete(ticket)
    deleting.purge(ticket.pk)
    assert stored(files) == []
    assert not PrivateSource.objects.exists()
    receipt = DeletionReceipt.objects.get(job=ticket.pk)
    assert (receipt.files, receipt.bytes) == (2, ticket.input_size + len(BED))
