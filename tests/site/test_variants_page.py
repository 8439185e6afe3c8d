"""The explorer's pages: what the owner sees, what nobody else gets, and that nothing of a file does harm."""

from __future__ import annotations

import html
from collections.abc import Iterable
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from annotations import availability
from annotations.availability import ARCHIVED, RESTORING, Availability
from annotations.explorer import counting, page
from annotations.models import ColumnChoice, Job, JobStatus, SavedFilter, VariantNote
from tests.engine.annotating import Annotated
from tests.site.explored import HOSTILE, LHON_ROW, at, explored_job, names, read
from tests.site.factories import make_job, signed_in
from tests.site.markup import faults

pytestmark = pytest.mark.django_db


def test_the_page_shows_every_variant_by_its_name(alices: Client, job: Job) -> None:
    text = read(alices, at("variants", job))
    assert names(text) == ["MT:310T><DEL>", "m.3460G>A", "m.8993T>G", "m.8993T>C", "m.11778G>A", "m.16519T>C"]
    assert "<b>6</b> shown" in text
    assert faults(text) == []


def test_a_filter_and_an_order_in_the_url_are_the_pages(alices: Client, job: Job) -> None:
    text = read(alices, at("variants", job) + "?impact=HIGH,MODERATE&sort=-pos")
    assert names(text) == ["m.11778G>A", "m.8993T>C", "m.8993T>G", "m.3460G>A"]
    assert "HIGH or MODERATE" in text
    assert 'aria-sort="descending"' in read(alices, at("variants", job) + "?sort=-impact")
    assert faults(text) == []


def test_pages_lead_on_and_back_by_row(alices: Client, job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "PAGE_ROWS", 4)
    first = read(alices, at("variants", job) + "?sort=-pos")
    following = html.unescape(first.split('rel="next" href="')[1].split('"')[0])
    second = read(alices, following)
    assert names(first) + names(second) == [
        "m.16519T>C",
        "m.11778G>A",
        "m.8993T>C",
        "m.8993T>G",
        "m.3460G>A",
        "MT:310T><DEL>",
    ]
    assert 'rel="next"' not in second
    back = html.unescape(second.split('rel="prev" href="')[1].split('"')[0])
    assert names(read(alices, back)) == names(first)


def test_a_filter_that_finds_nothing_says_which_chip_to_take_out(alices: Client, job: Job) -> None:
    text = read(alices, at("variants", job) + "?gene=MT-ND4&region=MT:1-5000&impact=MODERATE")
    assert "No variant is left" in text
    assert "Without “MT:1-5,000”: 1 variant" in text
    assert "Without “MT-ND4”: 1 variant" in text
    assert "Without “MODERATE”" not in text


def test_a_search_that_finds_nothing_is_quoted_once_and_has_one_way_back(alices: Client, job: Job) -> None:
    text = read(alices, at("variants", job) + "?q=sarcoma")
    assert "Without “sarcoma”: 6 variants" in text
    assert "Show all variants" not in text


def test_what_cannot_be_applied_is_said_on_the_page(alices: Client, job: Job) -> None:
    text = read(alices, at("variants", job) + "?impact=WILD&gene=MT-ND4,BRCA9")
    assert "No impact: WILD. The impacts are HIGH, MODERATE, LOW, MODIFIER." in text
    assert "rCRS has no gene called BRCA9. Check the spelling." in text
    assert names(text) == ["m.11778G>A"]


def test_an_allele_outside_genes_says_how_far_the_next_ones_are(alices: Client, job: Job) -> None:
    text = read(alices, at("variant", job, LHON_ROW + 1))
    assert '496 bases upstream of <span class="gene">MT-TP</span>' in text
    assert 'Nearest:\n        <span class="gene">MT-TP</span>, 496 bases before it.' in text
    assert "upstream of a gene" not in text


def test_a_line_of_a_card_that_has_no_value_is_left_out_on_a_narrow_screen(alices: Client, job: Job) -> None:
    lhon, benign = read(alices, at("variants", job)).split('scope="row"')[-2:]
    assert [lhon.count("wide-only"), benign.count("wide-only")] == [2, 4]  # ID and the bar; status and disease, too


@pytest.mark.parametrize(
    "query",
    ["after=x", "after=99999999999999999999", "before=5&after=2", "sort=-%22;--", "columns=%00,x,impact", "saved=zz"],
)
def test_nonsense_beside_the_filter_is_passed_over(alices: Client, job: Job, query: str) -> None:
    assert names(read(alices, f"{at('variants', job)}?{query}"))


def test_a_large_result_counts_after_its_rows_stand(alices: Client, job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "COUNTED_AT_ONCE", 1)
    monkeypatch.setattr(page, "COUNTED_AT_ONCE", 1)
    query = "?impact=MODERATE&quality=50"
    text = read(alices, at("variants", job) + query)
    assert names(text) == ["m.3460G>A"]
    assert "Count them" in text
    assert f'hx-get="{at("variant_counts", job)}?impact=MODERATE&amp;quality=50"' in text
    part = read(alices, at("variant_counts", job) + query)
    assert "<b>1</b> shown" in part
    assert "hx-get" not in part
    assert "<b>1</b> shown" in read(alices, f"{at('variants', job)}{query}&count=1")


def test_nothing_of_a_file_does_harm(alice: User, alices: Client, small: Annotated) -> None:
    job = explored_job(alice, small, name=f"{HOSTILE}.vcf")
    filters = f"?genotype=2:hom&q={HOSTILE}&gene={HOSTILE}&columns=id,genotype.2,filter&sort=-genotype.2"
    pages = [read(alices, at("variants", job)), read(alices, at("variants", job) + filters)]
    pages += [read(alices, at("variant", job, row)) for row in range(6)]
    for text in pages:
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text
        assert faults(text) == []


def test_the_page_of_a_variant_has_all_that_is_known(alices: Client, job: Job, small: Annotated) -> None:
    text = read(alices, at("variant", job, LHON_ROW))
    assert "m.11778G&gt;A" in text
    for words in ("MT-ND4-T:c.1019G&gt;A", "p.(Arg340His)", "Confirmed, pathogenic", "homozygous", "heterozygous"):
        assert words in text, words
    for words in ("LHON", "Cfrm [P]", "MT-ND4-T", "R340H", "missense", "homozygous", "heterozygous", "97%"):
        assert words in text, words
    for address in (
        "https://www.ncbi.nlm.nih.gov/snp/rs199476112",
        "https://www.mitomap.org/",
        "https://www.ncbi.nlm.nih.gov/clinvar/",
        "https://gnomad.broadinstitute.org/variant/M-11778-G-A",
        "https://www.ensembl.org/",
    ):
        assert address in text, address
    line = html.unescape(text.split("<code>")[1].split("</code>")[0])
    assert line.split("\t")[:5] == ["MT", "11778", "rs199476112", "G", "A"]
    assert line.split("\t")[9:] == small.samples[LHON_ROW]
    assert faults(text) == []


def test_the_table_says_a_status_in_words_with_the_sources_own_as_its_title(alices: Client, job: Job) -> None:
    text = read(alices, at("variants", job) + "?gene=MT-ND4")
    assert '<span title="Cfrm [P]">Confirmed, pathogenic</span>' in text
    assert "Cfrm" not in text.replace('title="Cfrm [P]"', "")


def test_alleles_of_one_place_each_have_their_own_line(alices: Client, job: Job, small: Annotated) -> None:
    for row, record in enumerate(small.records):
        text = read(alices, at("variant", job, row))
        line = html.unescape(text.split("<code>")[1].split("</code>")[0])
        assert line.split("\t")[1:5:2] == [record["POS"], record["REF"]]
        assert line.split("\t")[4] == record["ALT"]


def test_neighbours_are_those_of_the_filter(alices: Client, job: Job) -> None:
    text = read(alices, at("variant", job, 1) + "?impact=MODERATE&sort=-pos")
    assert 'rel="next"' not in text
    assert f'rel="prev" href="{at("variant", job, 2)}?impact=MODERATE&amp;sort=-pos"' in text
    assert f'href="{at("variants", job)}?impact=MODERATE&amp;sort=-pos"' in text


def test_a_row_that_is_not_there_is_not_found(alices: Client, job: Job) -> None:
    for row in (6, 10**12, 10**40):
        read(alices, f"{at('variants', job)}{row}/", 404)
        assert alices.post(f"{at('variants', job)}{row}/note/", {"text": "x"}).status_code == 404


READS = [("variants", ()), ("variant_counts", ()), ("variant", (1,))]
ACTS = [("variant_columns", ()), ("save_filter", ()), ("remove_filter", (1,)), ("write_note", (1,))]


@pytest.mark.parametrize(("name", "more"), [*READS, *ACTS])
def test_a_stranger_finds_nothing_and_nobody_is_sent_to_sign_in(
    client: Client, bobs: Client, job: Job, name: str, more: tuple[int, ...]
) -> None:
    url = at(name, job, *more)
    acts = (name, more) in ACTS
    fields = {"name": "x", "text": "x", "query": "impact=HIGH", "column": "pos"}
    assert (bobs.post(url, fields) if acts else bobs.get(url)).status_code == 404
    sent = client.post(url, fields) if acts else client.get(url)
    assert sent.headers["Location"].startswith(reverse("account_login"))
    assert [model.objects.count() for model in (VariantNote, SavedFilter, ColumnChoice)] == [0, 0, 0]


@pytest.mark.parametrize(("name", "more"), ACTS)
def test_an_act_takes_a_post_with_the_forms_token(
    alice: User, alices: Client, job: Job, name: str, more: tuple[int, ...]
) -> None:
    assert alices.get(at(name, job, *more)).status_code == 405
    assert signed_in(alice, enforce_csrf=True).post(at(name, job, *more), {"name": "x"}).status_code == 403


@pytest.mark.parametrize(("state", "says"), [(ARCHIVED, "in cold storage"), (RESTORING, "on its way back")])
def test_a_result_that_is_away_closes_the_explorer_and_says_the_way_back(
    alices: Client, job: Job, monkeypatch: pytest.MonkeyPatch, state: str, says: str
) -> None:
    def away(jobs: Iterable[Job]) -> dict[UUID, Availability]:
        return {one.pk: Availability(state=state, downloadable=False, since=one.created_at) for one in jobs}

    monkeypatch.setattr(availability, "_registered", [away])
    for name, more in READS:
        text = read(alices, at(name, job, *more), 409)
        assert says in text
        assert job.get_absolute_url() in text
        assert faults(text) == []
    assert ("Upgrade to restore" in text) == (state == ARCHIVED)


def test_a_table_that_cannot_be_read_is_said_to_be_so(alices: Client, alice: User) -> None:
    text = read(alices, at("variants", make_job(alice)), 409)
    assert "This result&#x27;s table cannot be read." in text


@pytest.mark.parametrize("status", [JobStatus.RUNNING, JobStatus.FAILED])
def test_a_job_without_a_result_leads_to_its_page(alices: Client, alice: User, status: JobStatus) -> None:
    job = make_job(alice, status)
    assert alices.get(at("variants", job)).headers["Location"] == job.get_absolute_url()


def test_a_page_asks_the_database_a_few_times_whatever_it_shows(
    alices: Client, job: Job, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    read(alices, at("variants", job))  # where the table is, is asked once
    with django_assert_max_num_queries(8):
        read(alices, at("variants", job) + "?impact=MODERATE&sort=-qual")
    with django_assert_max_num_queries(8):
        read(alices, at("variant", job, LHON_ROW))


def test_every_number_of_a_job_page_leads_to_as_many_rows(alices: Client, job: Job) -> None:
    text = read(alices, job.get_absolute_url())
    assert faults(text) == []
    followed = 0
    for part in text.split(f'href="{at("variants", job)}')[1:]:
        address, _, rest = part.partition('">')
        shown = rest.split("<")[0].strip()
        if shown.isdecimal():
            rows = names(read(alices, at("variants", job) + html.unescape(address)))
            assert len(rows) == int(shown), address
            followed += 1
    assert followed >= 10
    for mark in job.summary["marks"]:
        assert f"region=MT%3A{mark['pos']}" in text


def test_figures_of_a_result_that_is_away_are_no_links(
    alices: Client, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(jobs: Iterable[Job]) -> dict[UUID, Availability]:
        return {one.pk: Availability(state=ARCHIVED, downloadable=False, since=one.created_at) for one in jobs}

    monkeypatch.setattr(availability, "_registered", [away])
    assert "/variants/" not in read(alices, job.get_absolute_url())
