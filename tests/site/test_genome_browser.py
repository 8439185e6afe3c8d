"""The genome browser: its policy on its page alone, the files it reads in ranges, and nobody else's."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.models import User
from annotations import availability
from annotations.availability import ARCHIVED, Availability
from annotations.browsing import views
from annotations.browsing.genes import named
from annotations.catalogue import reference_named
from annotations.models import Job, JobStatus
from tests.site.factories import make_job
from tests.site.markup import faults

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(alice: User) -> Job:
    return make_job(alice)


def at(name: str, job: Job, *more: object) -> str:
    return reverse(f"annotations:{name}", args=[job.pk, *more])


def test_the_page_names_the_jobs_own_files_and_the_place(alices: Client, job: Job) -> None:
    text = alices.get(at("browser", job) + "?at=MT:11778").content.decode()
    assert faults(text) == []
    for url in (at("records", job, "vcf"), at("records", job, "index"), at("reference_file", job, "fasta")):
        assert f'"{url}"' in text
    assert 'data-locus="MT:11738-11818"' in text
    assert f'href="{at("variants", job)}?region=MT%3A11738-11818"' in text
    for wrong in ("", "chrZ:5", "MT:x", '"><script>alert(1)</script>:1'):
        page = alices.get(at("browser", job), {"at": wrong}).content.decode()
        assert 'data-locus="MT:1-16569"' in page
        assert "<script>alert" not in page


def test_its_policy_is_relaxed_on_its_page_alone_and_reaches_no_other_site(alices: Client, job: Job) -> None:
    relaxed = alices.get(at("browser", job))["Content-Security-Policy"]
    assert "style-src 'self' 'unsafe-inline'" in relaxed
    assert "unsafe-eval" not in relaxed
    assert "http" not in relaxed
    script = next((part for part in relaxed.split(";") if "script-src" in part), "")
    assert "unsafe-inline" not in script
    assert "unsafe" not in alices.get(job.get_absolute_url())["Content-Security-Policy"]


def test_the_reference_is_read_in_ranges(alices: Client, job: Job) -> None:
    reference = reference_named("rCRS")
    response = alices.get(at("reference_file", job, "fasta"), headers={"Range": "bytes=10-29"})
    assert response.status_code == 206
    assert response.getvalue() == reference.fasta.read_bytes()[10:30]
    assert alices.get(at("reference_file", job, "fai")).getvalue().startswith(b"MT\t16569\t")


def test_genes_bear_their_names_in_the_browser_and_not_the_ids_of_transcripts(alices: Client, job: Job) -> None:
    lines = alices.get(at("reference_file", job, "genes-0")).getvalue().splitlines()
    assert (
        b"MT\tRefSeq\tmRNA\t10760\t12137\t.\t+\t.\t"
        b"ID=transcript:MT-ND4-T;Parent=gene:MT-ND4;biotype=protein_coding;Name=MT-ND4" in lines
    )
    assert sum(b"ID=transcript:" in line for line in lines) == 37
    assert all(b"Name=" in line for line in lines if b"ID=" in line)
    # igv.js reads them by the standard code, in which TGA is a stop; here it is tryptophan.
    assert not any(b"\tCDS\t" in line for line in lines)


def test_more_genes_than_igv_can_read_whole_are_neither_offered_nor_sent(
    alices: Client, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = at("reference_file", job, "genes-0")
    genes = reference_named("rCRS").contigs[0].gff
    assert genes
    for most, offered, status in ((genes.stat().st_size, True, 200), (genes.stat().st_size - 1, False, 404)):
        monkeypatch.setattr(views, "MOST_GENE_BYTES", most)
        assert (f'"{url}"' in alices.get(at("browser", job)).content.decode()) is offered
        assert alices.get(url).status_code == status


def test_one_of_several_transcripts_says_which_it_is() -> None:
    lines = [b"1\t.\tgene\t1\t9\t.\t+\t.\tID=gene:ENSG1;Name=BRCA1\n"]
    lines += [b"1\t.\tmRNA\t1\t9\t.\t+\t.\tID=transcript:ENST1;Parent=gene:ENSG1\n"]
    lines += [b"1\t.\tmRNA\t1\t9\t.\t+\t.\tID=transcript:ENST2;Parent=gene:ENSG1;Name=BRCA1-202\n"]
    lines += [b"1\t.\tmRNA\t1\t9\t.\t+\t.\tID=transcript:ENST3;Parent=gene:ENSG9\n"]
    coding = b"1\t.\tCDS\t1\t9\t.\t+\t0\tParent=transcript:ENST1\n"
    assert list(named([coding])) == [coding]
    names = [line.rpartition(b"Name=")[2] for line in named(lines)]
    assert names == [b"BRCA1\n", b"BRCA1 ENST1\n", b"BRCA1-202\n", b"ENST3\n"]


@pytest.mark.parametrize("kind", ["genes-1", "genes-", "genes-x", "manifest", "genes-99999999999"])
def test_no_other_file_of_the_reference_is_sent(alices: Client, job: Job, kind: str) -> None:
    assert alices.get(at("reference_file", job, kind)).status_code == 404


@pytest.mark.parametrize("kind", ["table", "summary", "log", "input"])
def test_no_other_file_of_the_result_is_sent(alices: Client, job: Job, kind: str) -> None:
    assert alices.get(at("records", job, kind)).status_code == 404


def test_records_that_are_away_are_not_sent(alices: Client, job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    away = Availability(ARCHIVED, downloadable=False, since=job.created_at)
    monkeypatch.setattr(availability, "_registered", [lambda jobs: {one.pk: away for one in jobs}])
    assert alices.get(at("records", job, "vcf")).status_code == 409


def test_strangers_and_nobody_get_nothing(bobs: Client, client: Client, job: Job) -> None:
    for url in (at("browser", job), at("reference_file", job, "fasta"), at("records", job, "vcf")):
        assert bobs.get(url).status_code == 404
        assert client.get(url).status_code == 302


def test_a_reference_that_is_gone_is_said(alices: Client, alice: User) -> None:
    gone = make_job(alice, reference="Removed1")
    assert "not installed here any more" in alices.get(at("browser", gone)).content.decode()
    assert alices.get(at("reference_file", gone, "fasta")).status_code == 404
    assert alices.get(at("browser", make_job(alice, JobStatus.FAILED))).status_code == 302


def test_what_is_vendored_says_its_licence() -> None:
    assert (settings.BASE_DIR / "static/vendor/igv/LICENSE").read_text().startswith("The MIT License")
    assert "igv.js 3.8.10" in (settings.BASE_DIR / "NOTICE").read_text()
