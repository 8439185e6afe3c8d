"""All own data as one zip, and the end of an account: what goes, what waits, who is told."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from smtplib import SMTPRecipientsRefused
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from accounts import closing
from accounts.export import Entry, export
from accounts.models import Closing, Notification, User
from accounts.notifications import notify
from accounts.signals import account_closing
from accounts.sweep import sweep
from annotations.models import Job, JobStatus
from annotations.moves import renew
from tests.site.factories import PASSWORD, SMALL_VCF, make_job, make_user, signed_in


@pytest.fixture
def ada(real_transactions: None) -> User:
    """Give somebody with a password."""
    return make_user("ada@example.org", password=PASSWORD, name="Ada", institution="Mito Lab")


def download(browser: Client) -> zipfile.ZipFile:
    """Press "Download my data"."""
    response: Any = browser.post("/profile/export/")
    assert response.headers["content-type"] == "application/zip"
    return zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))


def test_the_export_has_the_account_every_job_and_its_files(ada: User) -> None:
    done, running = make_job(ada), make_job(ada, JobStatus.RUNNING, name="second.vcf")
    make_job(make_user("bob@example.org"), name="of-bob.vcf")
    archive = download(signed_in(ada))
    assert archive.testzip() is None
    account = json.loads(archive.read("account.json"))
    assert (account["email"], account["name"], account["institution"]) == ("ada@example.org", "Ada", "Mito Lab")
    assert "password" not in account

    folder = f"jobs/{done.created_at:%Y-%m-%d}-{done.short_id}"
    names = set(archive.namelist())
    assert {f"{folder}/job.json", f"{folder}/input/patient.vcf", f"{folder}/patient.annot.vcf.gz"} <= names
    assert archive.read(f"{folder}/input/patient.vcf") == SMALL_VCF
    described = json.loads(archive.read(f"{folder}/job.json"))
    assert (described["status"], described["summary"]["total"]) == ("completed", 3)
    assert any(name.endswith(f"{running.short_id}/input/second.vcf") for name in names)
    assert not any("of-bob" in name for name in names)


def test_compressed_files_are_not_compressed_again(ada: User) -> None:
    make_job(ada)
    kinds = {info.filename.rpartition(".")[2]: info.compress_type for info in download(signed_in(ada)).infolist()}
    assert kinds["gz"] == zipfile.ZIP_STORED
    assert kinds["json"] == zipfile.ZIP_DEFLATED


def test_a_hostile_file_name_stays_inside_the_folder(ada: User) -> None:
    make_job(ada, JobStatus.FAILED, name="../../etc/passwd")
    for name in download(signed_in(ada)).namelist():
        assert not name.startswith("/")
        assert ".." not in name.split("/")


def test_a_job_whose_files_are_elsewhere_is_named_all_the_same(ada: User, files: Path) -> None:
    job = make_job(ada)
    for path in files.rglob("*.vcf.gz"):
        path.unlink()
    names = download(signed_in(ada)).namelist()
    assert any(name.endswith(f"{job.short_id}/job.json") for name in names)
    assert not any(name.endswith(".annot.vcf.gz") for name in names)


def test_a_large_export_is_sent_in_pieces(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    piece = bytes(1024 * 1024)

    def many(user: User) -> Iterable[Entry]:
        yield Entry("big.gz", lambda: [piece] * 8, packed=True)

    monkeypatch.setattr("accounts.export._entries", many)
    sizes = [len(part) for part in export(ada)]
    assert sum(sizes) > 8 * len(piece)
    assert max(sizes) < 2 * len(piece)


# Closing ----------------------------------------------------------------------------------------------------------


def fresh(user: User) -> Client:
    """Sign in and confirm the password, as the close page wants."""
    browser = Client()
    browser.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return browser


def test_closing_removes_the_jobs_their_files_and_the_account(ada: User, files: Path, inline: list[str]) -> None:
    make_job(ada)
    make_job(ada, JobStatus.FAILED)
    other = make_job(make_user("bob@example.org"))
    response = fresh(ada).post("/profile/close/", {"email": "ada@example.org"})
    assert response.headers["location"] == "/"
    assert not User.objects.filter(email="ada@example.org").exists()
    assert list(Job.objects.all()) == [other]
    assert {path.name for path in (files / "uploads").iterdir()} == {str(other.pk)}
    assert {path.name for path in (files / "results").iterdir()} == {str(other.pk)}
    receipt = mail.outbox[-1]
    assert (receipt.to, receipt.subject) == (["ada@example.org"], "GAS: your account is closed")
    assert "Your jobs are removed, with the files you uploaded and their results." in receipt.body


def test_a_running_job_is_stopped_and_removed(ada: User, inline: list[str]) -> None:
    job = make_job(ada, JobStatus.RUNNING, attempt=1)
    closing.close(ada)
    assert not Job.objects.filter(pk=job.pk).exists()
    assert renew(job, stage="annotate", fraction=0.5, records=10) is False  # the worker sees it and stops


def test_the_wrong_address_closes_nothing(ada: User, queued: list[object]) -> None:
    response = fresh(ada).post("/profile/close/", {"email": "bob@example.org"})
    assert response.status_code == 422
    assert "Type ada@example.org" in response.content.decode()
    assert not Closing.objects.exists()


def test_closing_wants_the_password_confirmed(ada: User) -> None:
    browser = Client()
    browser.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})
    response = browser.post("/profile/close/", {"email": "ada@example.org"})
    assert "/accounts/reauthenticate/" in response.headers["location"]
    assert not Closing.objects.exists()


def test_pressing_twice_closes_once(ada: User, queued: list[tuple[str, tuple[str, ...]]]) -> None:
    rows = [closing.close(ada) for _ in range(2)]
    assert rows[0] == rows[1]
    assert [name for name, _ in queued] == ["finish_closing"]


def test_every_browser_is_signed_out_at_once_and_nobody_gets_in_again(ada: User, queued: list[object]) -> None:
    browser = fresh(ada)
    closing.close(ada)
    assert browser.get("/profile/").status_code == 302
    again = Client()
    again.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})
    assert again.get("/profile/").status_code == 302


def test_what_cannot_be_removed_puts_the_rest_off_and_the_sweep_tries_again(
    ada: User, queued: list[tuple[str, tuple[str, ...]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = closing.close(ada)

    def stuck(sender: object, **kwargs: object) -> str:
        raise OSError("the disk is away")

    account_closing.connect(stuck)
    try:
        with pytest.raises(OSError, match="the disk is away"):
            closing.finish(row.pk)
    finally:
        account_closing.disconnect(stuck)
    assert User.objects.filter(pk=ada.pk).exists()
    assert mail.outbox == []

    queued.clear()
    monkeypatch.setattr("accounts.sweep.PATIENCE", timedelta(minutes=-1))
    sweep()
    assert queued == [("finish_closing", (str(row.pk),))]
    closing.finish(row.pk)
    assert not User.objects.filter(pk=ada.pk).exists()
    assert len(mail.outbox) == 1


def test_a_receipt_that_could_not_be_sent_is_sent_later_and_once(
    ada: User,
    queued: list[tuple[str, tuple[str, ...]]],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    row = closing.close(ada)

    def away(*args: object, **kwargs: object) -> None:
        raise SMTPRecipientsRefused({"ada@example.org": (450, b"later")})

    with monkeypatch.context() as patch:
        patch.setattr("accounts.closing.EmailMessage.send", away)
        closing.finish(row.pk)
    assert "ada@example.org" not in caplog.text
    assert not User.objects.filter(pk=ada.pk).exists()
    assert Closing.objects.get().email == "ada@example.org"
    queued.clear()
    monkeypatch.setattr("accounts.sweep.PATIENCE", timedelta(minutes=-1))
    sweep()
    assert queued == [("finish_closing", (str(row.pk),))]
    closing.finish(row.pk)
    closing.finish(row.pk)
    assert len(mail.outbox) == 1
    assert Closing.objects.get().email == ""


def test_a_receipt_that_cannot_be_sent_for_three_days_leaves_no_address_behind(
    ada: User, queued: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = closing.close(ada)
    with monkeypatch.context() as patch:
        patch.setattr("accounts.closing.EmailMessage.send", lambda *_: _refuse())
        closing.finish(row.pk)
    sweep()
    assert Closing.objects.get().email == "ada@example.org"
    Closing.objects.update(asked_at=row.asked_at - timedelta(days=4), finished_at=row.asked_at - timedelta(days=4))
    queued.clear()
    sweep()
    assert (Closing.objects.get().email, queued) == ("", [])


def _refuse() -> None:
    raise SMTPRecipientsRefused({"ada@example.org": (550, b"nobody")})


def test_somebody_who_is_closing_gets_no_more_mail_about_jobs(ada: User, queued: list[object]) -> None:
    closing.close(ada)
    ada.refresh_from_db()
    notify(ada, "job_ended", "1", {})
    assert not Notification.objects.exists()
