"""Figures of a result as files: for its owner, by a shared link, of the example, and once the result is archived."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from annotations import availability
from annotations.availability import ARCHIVED, Availability
from annotations.example import prepare_example
from annotations.figures.files import png
from annotations.models import Job, JobStatus
from annotations.sharing import links
from tests.site.explored import HOSTILE
from tests.site.factories import make_job

pytestmark = pytest.mark.django_db


def files_on(client: Client, page: str) -> list[str]:
    text = client.get(page).content.decode()
    return [link.replace("&amp;", "&") for link in re.findall(r'href="([^"]+\.(?:svg|png)[^"]*)" download', text)]


def check(client: Client, url: str, stem: str) -> None:
    """Look at what a link of a figure gives."""
    response = client.get(url)
    name, kind = re.findall(r"/([a-z]+)\.(svg|png)", url)[0]
    assert response.status_code == 200, url
    assert response["Content-Disposition"] == f'attachment; filename="{stem}.{name}.{kind}"'
    assert response["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    assert response["X-Content-Type-Options"] == "nosniff"
    if kind == "png":
        assert response["Content-Type"] == "image/png"
        assert response.content[:8] == b"\x89PNG\r\n\x1a\n"
    else:
        assert response["Content-Type"] == "image/svg+xml"
        assert ElementTree.fromstring(response.content).tag.endswith("svg")  # noqa: S314 (what our own templates wrote)


def test_every_figure_of_the_page_is_there_as_svg_and_png(alices: Client, job: Job) -> None:
    page = alices.get(job.get_absolute_url()).content.decode()
    files = files_on(alices, job.get_absolute_url())
    names = {"map", "impact", "consequence", "frequency", "genes", "class", "quality", "known", "samples"}
    assert page.count("<figure") == len(names)
    assert {(name, kind) for url in files for name, kind in re.findall(r"/(\w+)\.(\w+)$", url)} == {
        (name, kind) for name in names for kind in ("svg", "png")
    }
    for url in files:
        check(alices, url, "patient")


def test_the_drawing_over_the_table_is_a_file_of_what_the_filter_shows(alices: Client, job: Job) -> None:
    page = reverse("annotations:variants", args=[job.pk]) + "?gene=MT-ND4"
    files = files_on(alices, page)
    assert [url.partition("?")[2] for url in files] == ["gene=MT-ND4"] * 2
    for url in files:
        check(alices, url, "patient")
    drawing = alices.get(files[0]).content.decode()
    assert "rCRS, 1 of 6 variants: MT-ND4" in drawing
    assert drawing.count("m.11778G&gt;A MT-ND4 MODERATE") == 1
    assert "m.16519T&gt;C" not in drawing
    assert alices.get(reverse("annotations:track", args=[job.pk, "svg"]) + "?gene=NOTHING").status_code == 404


def test_figures_stay_when_the_result_is_archived(
    alices: Client, client: Client, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, token = links.create(job, days=1, with_variants=False, with_exports=False)
    away = Availability(ARCHIVED, downloadable=False, since=timezone.now())
    monkeypatch.setattr(availability, "_registered", [lambda jobs: {one.pk: away for one in jobs}])
    for visitor, page in ((alices, job.get_absolute_url()), (client, reverse("shared:detail", args=[token]))):
        files = files_on(visitor, page)
        assert len(files) == 18
        for url in files[:2]:
            check(visitor, url, "patient")
    assert alices.get(reverse("annotations:track", args=[job.pk, "svg"])).status_code == 409


def test_who_has_a_link_takes_figures_and_only_with_variants_the_track(client: Client, job: Job) -> None:
    _, token = links.create(job, days=1, with_variants=False, with_exports=False)
    check(client, reverse("shared:figure", args=[token, "map", "png"]), "patient")
    assert client.get(reverse("shared:track", args=[token, "svg"])).status_code == 404
    assert client.get(reverse("shared:figure", args=["x" * 32, "map", "svg"])).status_code == 404


def test_everybody_takes_the_examples_figures(
    client: Client, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings.DATA_DIR = directory = tmp_path_factory.mktemp("data")
    with override_settings(WORK_DIR=directory / "work"):
        assert prepare_example()
    files = files_on(client, reverse("example:detail")) + files_on(client, reverse("example:variants"))
    assert len(files) == 22
    for url in files:
        check(client, url, "example")


def test_nobody_else_takes_a_figure(bobs: Client, client: Client, job: Job) -> None:
    for url in (
        reverse("annotations:figure", args=[job.pk, "map", "svg"]),
        reverse("annotations:track", args=[job.pk, "svg"]),
    ):
        assert bobs.get(url).status_code == 404
        assert client.get(url)["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize(("name", "kind"), [("nothing", "svg"), ("karyogram", "svg"), ("map", "pdf")])
def test_there_are_only_the_figures_of_the_page(alices: Client, job: Job, name: str, kind: str) -> None:
    url = reverse("annotations:figure", args=[job.pk, name, kind])
    assert alices.get(url).status_code == 404
    assert alices.post(url).status_code == 405


def test_a_job_that_is_not_done_has_no_figures(alices: Client, alice: User) -> None:
    job = make_job(alice, JobStatus.RUNNING)
    assert alices.get(reverse("annotations:figure", args=[job.pk, "map", "svg"])).status_code == 404


def test_hostile_names_are_inert_in_figures_and_their_files_names(alices: Client, job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(file_name=f'{HOSTILE}\r\nSet-Cookie: x="1".vcf')
    response = alices.get(reverse("annotations:figure", args=[job.pk, "samples", "svg"]))
    assert re.fullmatch(r'attachment; filename="[\w.-]+\.samples\.svg"', response["Content-Disposition"])
    assert b"<script" not in response.content
    assert b"&lt;script&gt;" in response.content


def test_a_picture_that_cannot_be_drawn_is_said_and_logged_without_names(
    alices: Client, job: Job, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    monkeypatch.setattr(png, "FONTS", [tmp_path])
    monkeypatch.setattr(png, "HERE", tmp_path)
    png.rasterise.cache_clear()
    response = alices.get(reverse("annotations:figure", args=[job.pk, "samples", "png"]))
    assert (response.status_code, response["Content-Type"]) == (503, "text/plain")
    assert "Take the SVG" in response.content.decode()
    assert "mother" not in caplog.text
    assert "patient" not in caplog.text
