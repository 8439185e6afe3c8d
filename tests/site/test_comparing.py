"""Two results compared: the same alleles that a plain reading of the two files shares, and nobody else's results."""

from __future__ import annotations

import html
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from annotations import availability
from annotations.availability import ARCHIVED, Availability
from annotations.comparing import comparison
from annotations.comparing.comparison import compared
from annotations.models import Job, JobStatus
from gas_site.storage import file_store
from tests.engine.annotating import Annotated
from tests.site.explored import HOSTILE, LINES, annotate_lines, explored_job
from tests.site.factories import make_job
from tests.site.markup import faults

pytestmark = pytest.mark.django_db
OTHER = [
    "MT 263 =1+1 A G . . . GT:AF 1:1 0/0:0",
    "MT 8993 . T C 10 . . GT:AF 1:1 0/0:0",
    "MT 11778 . G A . . . GT:AF 1:0.97 0/1:0.5",
    "MT 11778 . G C . . . GT:AF 1:0.97 0/1:0.5",
    "MT 16519 . T C 40 PASS . GT:AF 1:1 1:1",
]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> tuple[Annotated, Annotated]:
    return (
        annotate_lines(tmp_path_factory.mktemp("here"), LINES),
        annotate_lines(tmp_path_factory.mktemp("there"), OTHER),
    )


@pytest.fixture
def pair(alice: User, results: tuple[Annotated, Annotated]) -> tuple[Job, Job]:
    return explored_job(alice, results[0], name="before.vcf"), explored_job(alice, results[1], name="after.vcf")


def alleles(result: Annotated) -> set[tuple[str, ...]]:
    """Read the alleles off the annotated VCF."""
    return {(record["CHROM"], record["POS"], record["REF"], record["ALT"]) for record in result.records}


def at(name: str, *jobs: Job) -> str:
    return reverse(f"annotations:{name}", args=[job.pk for job in jobs])


def test_counts_and_rows_are_those_of_a_plain_reading(
    pair: tuple[Job, Job], results: tuple[Annotated, Annotated]
) -> None:
    one, two = map(alleles, results)
    expected = {"shared": one & two, "here": one - two, "there": two - one}
    with compared(*pair) as opened:
        assert opened.counts() == {name: len(found) for name, found in expected.items()}
        for name, found in expected.items():
            rows, more = opened.rows(name)
            assert {(row["contig"], str(row["pos"]), row["ref"], row["alt"]) for row in rows} == found
            assert not more


def test_the_page_lists_each_set_and_leads_to_the_variants_of_their_own_job(
    alices: Client, pair: tuple[Job, Job]
) -> None:
    job, other = pair
    text = alices.get(at("compare", job, other)).content.decode()
    assert faults(text) == []
    assert "m.11778G&gt;A" in text
    assert "m.263A&gt;G" not in text
    there = alices.get(at("compare", job, other) + "?show=there").content.decode()
    assert "m.263A&gt;G" in there
    assert "m.11778G&gt;C" in there
    assert f"/annotations/{other.pk}/variants/" in there
    assert "m.11778G&gt;A" not in there


def test_lists_go_on_by_row(alices: Client, pair: tuple[Job, Job], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "PAGE_ROWS", 2)
    first = alices.get(at("compare", *pair)).content.decode()
    following = html.unescape(first.split('rel="next" href="')[1].split('"')[0])
    second = alices.get(at("compare", *pair) + following).content.decode()
    assert "m.8993T&gt;C" in first
    assert "m.16519T&gt;C" not in first
    assert "m.16519T&gt;C" in second
    assert 'rel="next"' not in second


def test_the_tsv_has_every_allele_of_both_once(
    alices: Client, pair: tuple[Job, Job], results: tuple[Annotated, Annotated]
) -> None:
    response = alices.get(at("compare_tsv", *pair))
    names, *lines = [line.split("\t") for line in response.getvalue().decode().splitlines()]
    assert names[:4] == ["contig", "pos", "ref", "alt"]
    found = {tuple(line[:4]): line[-1] for line in lines}
    one, two = map(alleles, results)
    assert len(lines) == len(found) == len(one | two)
    assert {name for name, where in found.items() if where == "shared"} == one & two
    assert {name for name, where in found.items() if where == "there"} == two - one
    assert response["Content-Disposition"] == 'attachment; filename="before.compared.tsv"'


def test_only_ones_own_completed_results_of_one_reference_are_compared(
    alices: Client, alice: User, bob: User, pair: tuple[Job, Job]
) -> None:
    job, _ = pair
    strangers = make_job(bob)
    elsewhere = make_job(alice, reference="GRCh38")
    failed = make_job(alice, JobStatus.FAILED)
    for second in (strangers, elsewhere, failed, job):
        for name in ("compare", "compare_tsv"):
            assert alices.get(at(name, job, second)).status_code == 404
    choice = alices.get(at("compare_with", job)).content.decode()
    assert faults(choice) == []
    assert at("compare", *pair) in choice
    assert not [one for one in (strangers, elsewhere, failed) if str(one.pk) in choice]


def test_strangers_and_nobody_compare_nothing(
    alices: Client, bobs: Client, client: Client, pair: tuple[Job, Job]
) -> None:
    for url in (at("compare", *pair), at("compare_tsv", *pair), at("compare_with", pair[0])):
        assert bobs.get(url).status_code == 404
        assert client.get(url).status_code == 302
        assert alices.post(url).status_code == 405


def test_what_is_in_cold_storage_or_gone_says_so(
    alices: Client, pair: tuple[Job, Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    job, other = pair
    file_store().remove(other.files.get(kind="table").key)
    for name in ("compare", "compare_tsv"):
        response = alices.get(at(name, job, other))
        assert response.status_code == 409
        assert "not here" in response.content.decode()
    away = Availability(ARCHIVED, downloadable=False, since=other.created_at)
    known = {job.pk: Availability(), other.pk: away}
    monkeypatch.setattr(
        availability,
        "_registered",
        [lambda jobs: {one.pk: known[one.pk] for one in jobs}],
    )
    assert "cold storage" in alices.get(at("compare", job, other)).content.decode()
    assert "In cold storage" in alices.get(at("compare_with", job)).content.decode()
    # One that is away itself has no list, of which nothing would lead anywhere.
    assert "This result is in cold storage" in alices.get(at("compare_with", other)).content.decode()


def test_hostile_names_are_inert(alices: Client, pair: tuple[Job, Job], tmp_path: Path) -> None:
    Job.objects.update(file_name=f"{HOSTILE}.vcf")
    for url in (at("compare", *pair), at("compare_with", pair[0])):
        assert HOSTILE not in alices.get(url).content.decode()
