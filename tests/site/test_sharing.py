"""Shared links: who has one reads what its owner chose, until it ends; nobody learns whose it is."""

from __future__ import annotations

import gzip
import logging
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from annotations import availability, deleting
from annotations.availability import ARCHIVED, RESTORING, Availability
from annotations.explorer.filters import Filter
from annotations.explorer.saved import save
from annotations.models import ColumnChoice, Job, JobStatus, LinkVisits, SharedLink, VariantNote
from annotations.sharing import links
from annotations.sharing.shared_urls import urlpatterns
from gas_site.log_context import HideTokens
from tests.site.explored import HOSTILE
from tests.site.factories import make_job, signed_in
from tests.site.markup import faults

pytestmark = pytest.mark.django_db
LHON_ROW = 4
ARGUMENTS: dict[str, list[object]] = {
    "variant": [LHON_ROW],
    "export": ["tsv"],
    "figure": ["impact", "svg"],
    "track": ["svg"],
}


@pytest.fixture
def token(job: Job) -> str:
    return links.create(job, days=7, with_variants=True, with_exports=True)[1]


def at(name: str, token: str) -> str:
    return reverse(f"shared:{name}", args=[token, *ARGUMENTS.get(name, [])])


def read(client: Client, url: str, status: int = 200) -> str:
    response = client.get(url)
    assert response.status_code == status, url
    return response.content.decode()


def test_the_owner_makes_a_link_that_is_shown_once_and_works_for_nobody_in_particular(
    alices: Client, client: Client, job: Job
) -> None:
    page = reverse("annotations:shares", args=[job.pk])
    assert page in read(alices, job.get_absolute_url())
    answer = alices.post(
        page, {"covers": "exports", "days": "30", "label": "For the clinic"}, follow=True
    ).content.decode()
    assert faults(answer) == []
    url = re.search(r'value="(http://[^"]*/shared/([^"/]+)/)"', answer)
    assert url is not None
    assert len(url[2]) == 32  # 24 bytes in base64
    assert url[2] not in read(alices, page)
    assert url[2] not in read(alices, page)
    assert "patient.vcf" in read(client, url[1])
    link = SharedLink.objects.get()
    assert url[2] not in str(SharedLink.objects.values())
    assert timedelta(days=29) < link.expires_at - timezone.now() <= timedelta(days=30)


def test_a_visitor_reads_figures_variants_a_variant_and_exports(client: Client, token: str) -> None:
    for name in ("detail", "variants", "variant", "exports"):
        assert faults(read(client, at(name, token))) == []
    assert "m.11778G&gt;A" in read(client, at("variants", token) + "?gene=MT-ND4")
    lines = gzip.decompress(client.get(reverse("shared:export", args=[token, "vcf"])).getvalue()).decode()
    assert sum(not line.startswith("#") for line in lines.splitlines()) == 6


def test_nothing_that_is_the_owners_alone_reaches_a_visitor(client: Client, alice: User, job: Job, token: str) -> None:
    User.objects.filter(pk=alice.pk).update(name="Alice Liddell", institution="Wonderland")
    VariantNote.objects.create(job=job, row=LHON_ROW, text="ask the family")
    saved = save(alice, "my panel", Filter.from_text("gene=MT-ND4"))
    ColumnChoice.objects.create(user=alice, reference=job.reference, columns="qual")
    SharedLink.objects.update(label="For the clinic")
    private = [alice.email, "Alice", "Wonderland", "ask the family", "my panel", "For the clinic", str(job.pk)]
    for name in ("detail", "variants", "variant", "exports"):
        text = read(client, at(name, token) + f"?saved={saved.pk}")
        assert [one for one in private if one in text] == []
        assert "noted" not in text
    assert client.get(at("variants", token) + f"?saved={saved.pk}").context["funnel"].left == 6


def test_no_answer_is_indexed_cached_or_told_to_other_sites(client: Client, token: str) -> None:
    for pattern in urlpatterns:
        response = client.get(at(str(pattern.name), token))
        assert response.status_code == 200
        assert response["X-Robots-Tag"] == "noindex, nofollow, noarchive"
        assert response["Referrer-Policy"] == "no-referrer"
        assert "no-store" in response["Cache-Control"]
    assert '<meta name="robots" content="noindex, nofollow, noarchive">' in read(client, at("detail", token))
    gone = client.get(at("detail", "x" * 32))
    assert (gone.status_code, gone["X-Robots-Tag"], gone["Referrer-Policy"]) == (
        404,
        "noindex, nofollow, noarchive",
        "no-referrer",
    )


def test_a_link_shows_no_more_than_its_owner_chose(client: Client, job: Job) -> None:
    _, figures = links.create(job, days=1, with_variants=False, with_exports=True)
    text = read(client, at("detail", figures))
    assert "/variants/" not in text
    assert "/export/" not in text
    for name in ("variants", "variant_counts", "variant", "exports", "export"):
        assert client.get(at(name, figures)).status_code == 404
    _, variants = links.create(job, days=1, with_variants=True, with_exports=False)
    assert "/export/" not in read(client, at("variants", variants))
    assert client.get(at("exports", variants)).status_code == 404
    assert client.get(at("export", variants)).status_code == 404


@pytest.mark.usefixtures("sent")
@pytest.mark.parametrize("end", ["revoked", "expired", "deleted", "cancelled"])
def test_a_link_that_has_ended_leads_nowhere(alices: Client, client: Client, job: Job, token: str, end: str) -> None:
    if end == "revoked":
        url = reverse("annotations:revoke_link", args=[job.pk, SharedLink.objects.get().pk])
        assert alices.post(url).status_code == 302
        assert alices.post(url).status_code == 404
    elif end == "expired":
        SharedLink.objects.update(expires_at=timezone.now())
    elif end == "deleted":
        deleting.delete(job)
    else:
        Job.objects.filter(pk=job.pk).update(status=JobStatus.CANCELLED)
    for pattern in urlpatterns:
        assert "leads nowhere" in read(client, at(str(pattern.name), token), 404)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_no_shared_page_takes_a_writing_method(client: Client, token: str, method: str) -> None:
    for pattern in urlpatterns:
        assert getattr(client, method)(at(str(pattern.name), token)).status_code == 405


def test_strangers_make_and_revoke_no_links(bobs: Client, client: Client, job: Job, token: str) -> None:
    page = reverse("annotations:shares", args=[job.pk])
    revoke = reverse("annotations:revoke_link", args=[job.pk, SharedLink.objects.get().pk])
    for stranger, status in ((bobs, 404), (client, 302)):
        assert stranger.get(page).status_code == status
        assert stranger.post(page, {"covers": "variants", "days": "7"}).status_code == status
        assert stranger.post(revoke).status_code == status
    assert SharedLink.objects.get().is_open


def test_one_jobs_owner_revokes_no_link_of_another_job(alices: Client, alice: User, job: Job, token: str) -> None:
    other = make_job(alice)
    assert (
        alices.post(reverse("annotations:revoke_link", args=[other.pk, SharedLink.objects.get().pk])).status_code == 404
    )
    assert SharedLink.objects.get().is_open


def test_the_owner_sees_how_often_and_when_and_nothing_of_who(
    alices: Client, client: Client, bobs: Client, job: Job, token: str
) -> None:
    for visitor in (client, client, bobs):
        visitor.get(at("detail", token), REMOTE_ADDR="203.0.113.7")
    client.get(at("export", token))
    client.get(at("variant", token).replace(str(LHON_ROW), "999"))
    counted = {visit.what: visit.count for visit in LinkVisits.objects.all()}
    assert counted == {"result": 3, "exports": 1}
    assert LinkVisits.objects.first().hour.minute == 0  # type: ignore[union-attr]
    text = read(alices, reverse("annotations:shares", args=[job.pk]))
    assert "result, 3 times" in text
    assert "203.0.113" not in str(list(LinkVisits.objects.values())) + text


@pytest.mark.parametrize(("state", "says"), [(ARCHIVED, "in cold storage"), (RESTORING, "on their way back")])
def test_an_archived_result_keeps_its_figures_and_says_so(
    client: Client, token: str, monkeypatch: pytest.MonkeyPatch, state: str, says: str
) -> None:
    away = Availability(state, downloadable=False, since=timezone.now())
    monkeypatch.setattr(availability, "_registered", [lambda jobs: {one.pk: away for one in jobs}])
    text = read(client, at("detail", token))
    assert says in text
    assert "/variants/" not in text
    for name in ("variants", "variant", "exports", "export"):
        closed = read(client, at(name, token), 409)
        assert "Upgrade" not in closed


def test_hostile_names_are_inert(client: Client, job: Job, token: str) -> None:
    Job.objects.filter(pk=job.pk).update(file_name=f"{HOSTILE}.vcf")
    for name in ("detail", "variants", "variant", "exports"):
        assert HOSTILE not in read(client, at(name, token))


def test_links_have_no_end_but_a_number(alices: Client, job: Job) -> None:
    for _ in range(links.MOST_OPEN):
        links.create(job, days=1, with_variants=True, with_exports=False)
    answer = alices.post(reverse("annotations:shares", args=[job.pk]), {"covers": "variants", "days": "7"})
    assert "20 open links" in answer.content.decode()
    assert (
        alices.post(reverse("annotations:shares", args=[job.pk]), {"covers": "all", "days": "9999"}).status_code == 200
    )
    assert SharedLink.objects.count() == links.MOST_OPEN


def test_a_signed_in_visitor_is_a_visitor(bob: User, token: str) -> None:
    text = read(signed_in(bob), at("detail", token))
    assert bob.email not in text
    assert "Sign out" not in text


def test_no_log_line_bears_a_token(client: Client, token: str, caplog: pytest.LogCaptureFixture) -> None:
    hide = HideTokens()
    with caplog.at_level(logging.WARNING):
        client.get(at("variant", token).replace(str(LHON_ROW), "999"))
        client.get(f"/shared/{token}/nowhere/")
    records = [record for record in caplog.records if "/shared/" in record.getMessage()]
    assert len(records) == 2
    for record in records:
        hide.filter(record)
        assert token not in record.getMessage()
        assert "/shared/…/" in record.getMessage()
