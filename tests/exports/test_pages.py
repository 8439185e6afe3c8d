"""The page of exports and its downloads: what the owner gets, what nobody else gets, what is made later."""

from __future__ import annotations

import gzip
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import Notification, User
from accounts.notifications import deliver
from annotations import availability, deleting
from annotations.availability import ARCHIVED, Availability
from annotations.exports import formats, making, moves
from annotations.exports.formats import FORMATS, ExportFormat
from annotations.exports.sweep import sweep_exports
from annotations.models import Export, ExportState, Job, JobStatus
from gas_site.storage import file_store
from tests.engine.annotating import Annotated
from tests.site.conftest import Sent, alice, alices, bob, bobs, files, quick_passwords, sent
from tests.site.explored import HOSTILE, annotate_lines, explored_job
from tests.site.factories import make_job
from tests.site.markup import faults

__all__ = ["alice", "alices", "bob", "bobs", "files", "quick_passwords", "sent"]
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Annotated:
    return annotate_lines(tmp_path_factory.mktemp("small"))


@pytest.fixture
def job(alice: User, small: Annotated) -> Job:
    return explored_job(alice, small, name="patient.vcf")


@pytest.fixture
def none_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every export be too large to wait for."""
    monkeypatch.setattr(ExportFormat, "at_once", 0, raising=False)
    for one in FORMATS.values():
        monkeypatch.setitem(one.__dict__, "at_once", 0)


@pytest.fixture
def in_cold_storage(monkeypatch: pytest.MonkeyPatch) -> None:
    away = Availability(ARCHIVED, downloadable=False, since=timezone.now())
    monkeypatch.setattr(availability, "_registered", [lambda jobs: {one.pk: away for one in jobs}])


def at(name: str, job: Job, *more: object) -> str:
    return reverse(f"annotations:{name}", args=[job.pk, *more])


def body(client: Client, url: str) -> bytes:
    response = client.get(url)
    assert response.status_code == 200
    return response.getvalue()


def test_the_page_says_what_the_filter_shows_and_offers_every_format(alices: Client, job: Job) -> None:
    text = alices.get(at("exports", job) + "?impact=HIGH,MODERATE&sort=-pos").content.decode()
    assert "Export 4 variants" in text
    assert "HIGH or MODERATE" in text
    for name in FORMATS:
        assert at("export", job, name) + "?impact=HIGH%2CMODERATE&amp;sort=-pos" in text
    assert faults(text) == []


def test_a_filter_that_finds_nothing_is_said_before_somebody_takes_an_empty_file(alices: Client, job: Job) -> None:
    nothing = alices.get(at("exports", job) + "?gene=MT-ND4&impact=HIGH").content.decode()
    assert "Export 0 variants" in nothing
    assert f'no rows. <a href="{at("variants", job)}?gene=MT-ND4&amp;impact=HIGH">Change the filter</a>' in nothing
    assert "Change the filter" not in alices.get(at("exports", job) + "?gene=MT-ND4").content.decode()


def test_the_explorer_leads_to_the_exports_of_its_filter(alices: Client, job: Job) -> None:
    text = alices.get(at("variants", job) + "?gene=MT-ND4").content.decode()
    assert f'href="{at("exports", job)}?gene=MT-ND4"' in text


def test_a_download_holds_the_filters_rows_in_the_pages_order(alices: Client, job: Job) -> None:
    lines = body(alices, at("export", job, "tsv") + "?impact=HIGH,MODERATE&sort=-pos").decode().splitlines()
    assert [line.split("\t")[1] for line in lines] == ["pos", "11778", "8993", "8993", "3460"]
    records = gzip.decompress(body(alices, at("export", job, "vcf") + "?gene=MT-ND4")).decode().splitlines()
    assert records[-1].startswith("MT\t11778\trs199476112\tG\tA\t")
    assert "Query=gene=MT-ND4; Variants=1" in records[-3]


@pytest.mark.parametrize("name", FORMATS)
def test_a_download_is_a_file_that_no_browser_opens_as_a_page(alices: Client, job: Job, name: str) -> None:
    response = alices.get(at("export", job, name) + "?q=MT:3460")
    assert response["Content-Disposition"] == f'attachment; filename="patient.filtered{FORMATS[name].suffix}"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "html" not in response["Content-Type"]
    head = alices.head(at("export", job, name))
    assert (head.status_code, head.content) == (200, b"")


def test_nothing_found_is_a_file_without_rows(alices: Client, job: Job) -> None:
    assert body(alices, at("export", job, "jsonl") + "?gene=MT-ND4&impact=HIGH") == b""


def test_a_page_with_hostile_names_is_inert(alices: Client, job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(file_name=f"{HOSTILE}.vcf")
    text = alices.get(at("exports", job) + f"?gene={HOSTILE}").content.decode()
    assert HOSTILE not in text


@pytest.mark.parametrize("name", ["exports", "export", "made_exports", "download_export", "order_export"])
def test_strangers_and_nobody_get_nothing(bobs: Client, client: Client, job: Job, name: str) -> None:
    made = Export.objects.create(job=job, format="tsv", state=ExportState.READY, rows=1, expires_at=timezone.now())
    more: list[object] = [made.pk] if name == "download_export" else ["tsv"] if name.endswith("export") else []
    method = "post" if name == "order_export" else "get"
    assert getattr(bobs, method)(at(name, job, *more)).status_code == 404
    assert getattr(client, method)(at(name, job, *more)).status_code == 302
    assert Export.objects.count() == 1


def test_what_is_not_there_is_not_found(alices: Client, alice: User, job: Job) -> None:
    assert alices.get(at("export", job, "docx")).status_code == 404
    assert alices.get(at("download_export", job, uuid.uuid4())).status_code == 404
    other = explored = make_job(alice)
    made = Export.objects.create(job=other, format="tsv", state=ExportState.READY, rows=1, expires_at=timezone.now())
    assert alices.get(at("download_export", job, made.pk)).status_code == 404
    assert alices.get(at("exports", make_job(alice, JobStatus.FAILED))).status_code == 302
    assert explored.pk == other.pk


@pytest.mark.usefixtures("in_cold_storage")
def test_a_result_in_cold_storage_has_no_exports(alices: Client, job: Job) -> None:
    made = Export.objects.create(job=job, format="tsv", state=ExportState.READY, rows=1, expires_at=timezone.now())
    for url in (at("exports", job), at("export", job, "tsv"), at("download_export", job, made.pk)):
        response = alices.get(url)
        assert response.status_code == 409
        assert (
            "exports, comparisons and the genome browser read the result's files, and these are kept in cold storage"
            in (response.content.decode())
        )


@pytest.mark.usefixtures("none_at_once")
class TestLarge:
    """What is too large to wait for."""

    @pytest.fixture
    def ordered(
        self,
        alices: Client,
        job: Job,
        sent: list[Sent],
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> Export:
        with django_capture_on_commit_callbacks(execute=True):
            for _ in range(2):
                response = alices.post(at("order_export", job, "tsv"), {"query": "impact=HIGH,MODERATE&sort=-pos"})
                assert response["Location"] == at("exports", job) + "?impact=HIGH%2CMODERATE&sort=-pos"
        export = Export.objects.get()
        assert [(one.actor, one.arguments) for one in sent] == [("make_export", (str(export.pk),))]
        return export

    def test_a_download_leads_to_the_page_that_makes_it(self, alices: Client, job: Job) -> None:
        response = alices.get(at("export", job, "tsv") + "?gene=MT-ND4")
        assert response["Location"] == at("exports", job) + "?gene=MT-ND4"
        assert "Make the file" in alices.get(response["Location"]).content.decode()

    def test_it_is_made_once_told_once_and_downloaded(self, alices: Client, job: Job, ordered: Export) -> None:
        assert "Waiting" in alices.get(at("made_exports", job)).content.decode()
        making.make(ordered.pk)
        making.make(ordered.pk)
        text = alices.get(at("exports", job)).content.decode()
        url = at("download_export", job, ordered.pk)
        assert url in text
        assert faults(text) == []
        response = alices.get(url)
        lines = response.getvalue().decode().splitlines()
        assert [line.split("\t")[1] for line in lines] == ["pos", "11778", "8993", "8993", "3460"]
        assert response["Content-Disposition"] == 'attachment; filename="patient.filtered.tsv"'
        deliver(Notification.objects.get(kind="export_ready").pk)
        [told] = mail.outbox
        assert "your export is ready" in told.subject
        assert at("exports", job) in told.body
        assert "patient" not in f"{told.subject}{told.body}"

    def test_it_goes_when_it_expires(self, ordered: Export, files: Path) -> None:
        making.make(ordered.pk)
        ordered.refresh_from_db()
        sweep_exports()
        assert file_store().has(ordered.key)
        Export.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        sweep_exports()
        sweep_exports()
        assert not Export.objects.exists()
        assert not [path for path in files.rglob("*") if "exports" in path.parts and path.is_file()]

    def test_it_goes_with_the_job(self, job: Job, ordered: Export, sent: list[Sent]) -> None:
        making.make(ordered.pk)
        ordered.refresh_from_db()
        deleting.delete(job)
        deleting.purge(job.pk)
        assert not file_store().has(ordered.key)
        assert not Export.objects.exists()

    def test_a_job_that_is_deleted_meanwhile_gets_no_file(
        self, job: Job, ordered: Export, sent: list[Sent], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def deleted_on_the_way(*args: object) -> Iterator[bytes]:
            yield b"one"
            deleting.delete(job)
            yield b"two"

        monkeypatch.setattr(making, "pieces_of", deleted_on_the_way)
        making.make(ordered.pk)
        ordered.refresh_from_db()
        assert ordered.state == ExportState.MAKING
        assert not file_store().has(ordered.key)

    def test_a_lost_message_is_sent_again_and_a_dead_workers_export_is_made_by_another(
        self, ordered: Export, sent: list[Sent], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
    ) -> None:
        past = timezone.now() - timedelta(minutes=5)
        Export.objects.update(last_sent_at=past)
        with django_capture_on_commit_callbacks(execute=True):
            sweep_exports()
            sweep_exports()
        assert len(sent) == 2
        for attempt in range(1, moves.MAX_ATTEMPTS + 1):
            claimed = moves.claim(ordered.pk)
            assert claimed is not None
            assert claimed.attempt == attempt
            Export.objects.update(lease_expires_at=past)
            with django_capture_on_commit_callbacks(execute=True):
                sweep_exports()
            assert moves.complete(claimed, 1) is False
        ordered.refresh_from_db()
        assert ordered.state == ExportState.FAILED
        assert "stopped 3 times" in ordered.failure

    @pytest.mark.usefixtures("in_cold_storage")
    def test_what_went_cold_before_it_was_made_says_so(self, alices: Client, job: Job, small: Annotated) -> None:
        export = moves.order(job, name="tsv", query="", sort="row", rows=6)
        making.make(export.pk)
        text = alices.get(at("made_exports", job)).content.decode()
        assert "moved to cold storage before this file was made" in text
        deliver(Notification.objects.get(kind="export_ready").pk)
        assert "could not be made" in mail.outbox[0].body

    def test_nobody_orders_without_end(self, alices: Client, job: Job, sent: list[Sent]) -> None:
        for gene in ("MT-ND4", "MT-ND1", "MT-ATP6", "MT-CYB"):
            response = alices.post(at("order_export", job, "tsv"), {"query": f"gene={gene}"}, follow=True)
        assert Export.objects.count() == moves.MOST_ACTIVE
        assert "3 of your exports are being made" in response.content.decode()


def test_the_limits_are_those_that_the_documents_name(settings: Settings) -> None:
    text = (Path(settings.BASE_DIR) / "docs" / "exports.md").read_text()
    assert f"{formats.AT_ONCE_ROWS:,} variants" in text
    assert f"{formats.AT_ONCE_ROWS_OF_EXCEL:,} of Excel" in text
