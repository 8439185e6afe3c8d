"""The example: everybody explores it, without an account, and nothing of it can be changed."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from urllib.parse import urlsplit

import pyarrow.parquet as pq
import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from annotations.example import example_job, prepare_example
from annotations.example_urls import urlpatterns
from annotations.models import Job
from tests.site.markup import faults

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a data directory with the example as a start of the stack makes it."""
    from django.test import override_settings  # noqa: PLC0415

    directory = tmp_path_factory.mktemp("data")
    with override_settings(DATA_DIR=directory, WORK_DIR=directory / "work"):
        assert prepare_example()
    return directory


@pytest.fixture(autouse=True)
def example(made: Path, settings: Settings) -> None:
    settings.DATA_DIR = made


def read(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, url
    text = response.content.decode()
    assert faults(text) == []
    return text


def test_the_landing_page_leads_to_it_and_its_figure_to_the_variants(client: Client) -> None:
    text = read(client, reverse("landing"))
    assert f'href="{reverse("example:detail")}"' in text
    assert reverse("example:variants") + "?" in text


def test_a_visitor_sees_numbers_rows_a_variant_and_exports_and_is_never_sent_to_sign_in(client: Client) -> None:
    result = read(client, reverse("example:detail"))
    assert "60 variants" in result
    assert "made up" in result
    rows = read(client, reverse("example:variants") + "?gene=MT-ND4&impact=MODERATE")
    assert "m.11778G&gt;A" in rows
    url = rows.split('scope="row"')[1].split('href="')[1].split('"')[0].replace("&amp;", "&")
    variant = read(client, url)
    assert "MT-ND4" in variant
    assert "11778" in variant
    assert "Your note" not in variant
    assert "Download" in read(client, reverse("example:exports"))
    table = pq.read_table(io.BytesIO(client.get(reverse("example:export", args=["parquet"])).getvalue()))
    assert table.num_rows == 60
    lines = gzip.decompress(client.get(reverse("example:export", args=["vcf"])).getvalue()).decode()
    assert sum(not line.startswith("#") for line in lines.splitlines()) == 60


def test_its_pages_offer_nothing_that_is_kept_and_lead_to_no_job(client: Client) -> None:
    for name in ("detail", "variants", "exports"):
        text = read(client, reverse(f"example:{name}"))
        forms = [part.split(">")[0] for part in text.split("<form")[1:]]
        assert not [form for form in forms if "post" in form.lower() and reverse("theme") not in form]
        assert "/annotations/" not in text
    assert "Saved filters" not in read(client, reverse("example:variants"))


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_no_page_of_it_takes_a_writing_method(client: Client, method: str) -> None:
    arguments: dict[str, list[object]] = {
        "variant": [1],
        "export": ["tsv"],
        "figure": ["impact", "svg"],
        "track": ["svg"],
    }
    for pattern in urlpatterns:
        url = reverse(f"example:{pattern.name}", args=arguments.get(str(pattern.name), []))
        assert getattr(client, method)(url).status_code == 405
    assert not Job.objects.exists()


def test_it_is_no_job_that_an_account_could_open(alices: Client) -> None:
    job = example_job()
    assert job is not None
    assert alices.get(job.get_absolute_url()).status_code == 404
    assert alices.get(reverse("annotations:variants", args=[job.pk])).status_code == 404
    assert alices.get(reverse("example:variants")).status_code == 200


def test_its_pages_ask_the_database_nothing(client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        for name in ("detail", "variants", "exports"):
            client.get(reverse(f"example:{name}") + "?saved=1")


def test_where_it_was_never_made_it_is_not_found_and_not_offered(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    assert client.get(reverse("example:detail")).status_code == 404
    for page in ("landing", "help"):
        assert urlsplit(reverse("example:detail")).path not in client.get(reverse(page)).content.decode()


def test_what_is_not_there_is_not_found(client: Client) -> None:
    assert client.get(reverse("example:variant", args=[9_999])).status_code == 404
    assert client.get(reverse("example:export", args=["docx"])).status_code == 404
    assert client.get(reverse("example:variants"))["X-Robots-Tag"] == "noindex, nofollow"
