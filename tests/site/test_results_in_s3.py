"""Every way to read a result, with its files in a bucket: explorer, exports, sharing, comparing, genome browser."""

from __future__ import annotations

import gzip
import io
import urllib.request
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from django.test import Client, override_settings
from django.urls import reverse
from pytest_django import Settings

from accounts.models import Notification, User
from annotations.example import prepare_example
from annotations.exports import formats, making
from annotations.models import Export, ExportState, Job, ResultFile
from annotations.sharing import links
from gas_site.s3_store import S3Store
from gas_site.storage import file_store
from tests.cloud.buckets import contents, make_bucket, store_setting
from tests.engine.annotating import Annotated
from tests.site.explored import LINES, annotate_lines, explored_job

pytestmark = pytest.mark.django_db
LHON_ROW = 4


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Annotated:
    return annotate_lines(tmp_path_factory.mktemp("small"))


@pytest.fixture(autouse=True)
def bucket(amazon: str, settings: Settings, files: Path, tmp_path: Path) -> None:
    """Put the store into an empty bucket."""
    make_bucket("gas")
    settings.STORAGES = {**settings.STORAGES, "default": store_setting("gas", "site/files")}
    settings.WORK_DIR = tmp_path / "work"
    assert isinstance(file_store(), S3Store)


@pytest.fixture
def job(alice: User, small: Annotated) -> Job:
    return explored_job(alice, small)


def read(client: Client, name: str, *arguments: object, query: str = "") -> str:
    response = client.get(reverse(name, args=arguments) + query)
    assert response.status_code == 200, name
    return response.content.decode()


def test_the_explorer_a_variant_and_streamed_exports(alices: Client, job: Job) -> None:
    assert "m.11778G&gt;A" in read(alices, "annotations:variants", job.pk, query="?gene=MT-ND4")
    assert "MT\t11778\trs199476112" in read(alices, "annotations:variant", job.pk, LHON_ROW)
    export = alices.get(reverse("annotations:export", args=[job.pk, "vcf"]) + "?gene=MT-ND4")
    lines = gzip.decompress(export.getvalue()).decode().splitlines()
    assert [line.split("\t")[1] for line in lines if not line.startswith("#")] == ["11778"]


def test_the_genome_browser_reads_ranges_from_the_site_itself(alices: Client, job: Job, small: Annotated) -> None:
    text = read(alices, "annotations:browser", job.pk)
    for kind in ("vcf", "index"):
        url = reverse("annotations:records", args=[job.pk, kind])
        assert f'"{url}"' in text
        content = small.path(kind).read_bytes()
        part = alices.get(url, headers={"Range": "bytes=10-29"})
        assert (part.status_code, part.getvalue()) == (206, content[10:30])
        assert part["Content-Range"] == f"bytes 10-29/{len(content)}"
        assert alices.get(url).getvalue() == content
        assert alices.get(url, headers={"Range": f"bytes={len(content)}-"}).status_code == 416


def test_an_ordered_export_is_made_into_the_bucket_and_downloaded_from_it(
    alices: Client,
    job: Job,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = formats.FORMATS["parquet"]
    monkeypatch.setitem(formats.FORMATS, "parquet", replace(one, at_once=1))
    assert alices.post(reverse("annotations:order_export", args=[job.pk, "parquet"]), {"query": ""}).status_code == 302
    export = Export.objects.get()
    making.make(export.pk)
    export.refresh_from_db()
    assert (export.state, export.failure) == (ExportState.READY, "")
    [found] = [head for key, head in contents("gas").items() if "/exports/" in key]
    assert found["ContentLength"] == export.size
    answer = alices.get(reverse("annotations:download_export", args=[job.pk, export.pk]))
    assert answer.status_code == 302
    with urllib.request.urlopen(answer["Location"]) as response:  # noqa: S310 (moto's)
        table = pq.read_table(io.BytesIO(response.read()))
    assert table.num_rows == len(LINES) + 1
    assert Notification.objects.filter(kind="export_ready", about=str(export.pk)).count() == 1


def test_a_shared_link_shows_all_that_it_covers(client: Client, job: Job) -> None:
    _, token = links.create(job, days=1, with_variants=True, with_exports=True)
    assert "6 variants" in read(client, "shared:detail", token)
    assert "m.11778G&gt;A" in read(client, "shared:variants", token)
    assert "rs199476112" in read(client, "shared:variant", token, LHON_ROW)
    tsv = client.get(reverse("shared:export", args=[token, "tsv"])).getvalue().decode()
    assert len(tsv.splitlines()) == 7
    assert client.get(reverse("shared:figure", args=[token, "map", "svg"])).status_code == 200


def test_two_results_are_compared(alice: User, alices: Client, job: Job, tmp_path: Path) -> None:
    other = explored_job(alice, annotate_lines(tmp_path, LINES[:3]))
    text = read(alices, "annotations:compare", job.pk, other.pk)
    assert "m.3460G&gt;A" in text
    tsv = alices.get(reverse("annotations:compare_tsv", args=[job.pk, other.pk])).getvalue().decode()
    assert len(tsv.splitlines()) == 7


def test_the_example_is_each_machines_own(client: Client, settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    with override_settings(WORK_DIR=tmp_path / "work"):
        assert prepare_example()
    for name in ("detail", "variants", "exports"):
        assert "60" in read(client, f"example:{name}")
    assert "11778" in gzip.decompress(client.get(reverse("example:export", args=["vcf"])).getvalue()).decode()


def test_files_that_are_not_in_the_bucket_close_the_pages_and_say_so(alices: Client, job: Job) -> None:
    for file in ResultFile.objects.filter(job=job, kind__in=["table", "vcf", "index"]):
        file_store().remove(file.key)
    assert alices.get(reverse("annotations:variants", args=[job.pk])).status_code == 409
    assert alices.get(reverse("annotations:records", args=[job.pk, "vcf"])).status_code == 404
