"""What an owner keeps of a result's variants: notes, the choice of columns, filters by name."""

from __future__ import annotations

import html
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from accounts.models import User
from annotations.models import ColumnChoice, Job, SavedFilter, VariantNote
from tests.site.explored import HOSTILE, LHON_ROW, at, names, read

pytestmark = pytest.mark.django_db


def test_a_note_is_kept_shown_marked_and_removed(alices: Client, job: Job) -> None:
    query = "impact=MODERATE"
    response = alices.post(at("write_note", job, LHON_ROW), {"text": f" seen {HOSTILE} ", "query": query})
    assert response.headers["Location"] == f"{at('variant', job, LHON_ROW)}?{query}"
    assert VariantNote.objects.get().text == f"seen {HOSTILE}"
    assert f"seen {html.escape(HOSTILE)}" in read(alices, at("variant", job, LHON_ROW))
    assert read(alices, at("variants", job)).count("with a note") == 1
    alices.post(at("write_note", job, LHON_ROW), {"text": "x" * 10_001})
    assert VariantNote.objects.get().text == f"seen {HOSTILE}"
    alices.post(at("write_note", job, LHON_ROW), {"text": " "})
    assert not VariantNote.objects.exists()


def test_columns_are_chosen_ordered_and_remembered(alices: Client, bobs: Client, job: Job) -> None:
    chosen = {"column": ["qual", "pos", "nonsense"], "place-qual": "2", "place-pos": "1", "query": "impact=MODERATE"}
    response = alices.post(at("variant_columns", job), chosen)
    assert response.headers["Location"] == f"{at('variants', job)}?impact=MODERATE&columns=pos%2Cqual"
    for url in (response.headers["Location"], at("variants", job)):
        head = read(alices, url).split("<thead")[1].split("</thead>")[0]
        assert head.index("Position") < head.index("Quality")
        assert "Impact" not in head
    assert ColumnChoice.objects.get().columns == "pos,qual"


def test_a_filter_is_saved_listed_used_and_removed(alices: Client, job: Job) -> None:
    query = "impact=MODERATE&quality=50"
    alices.post(at("save_filter", job), {"name": f"mine {HOSTILE}", "query": query})
    saved = SavedFilter.objects.get()
    assert saved.query == query
    text = read(alices, at("variants", job))
    assert f'href="{at("variants", job)}?impact=MODERATE&amp;quality=50">mine {html.escape(HOSTILE)}' in text
    assert names(read(alices, f"{at('variants', job)}?saved={saved.pk}")) == ["m.3460G>A"]
    assert names(read(alices, f"{at('variants', job)}?saved={saved.pk}&quality=")) == names(
        read(alices, at("variants", job) + "?impact=MODERATE")
    )
    alices.post(at("remove_filter", job, saved.pk))
    assert not SavedFilter.objects.exists()


def test_a_pasted_list_that_no_address_can_hold_stays_behind_its_name(alices: Client, job: Job) -> None:
    genes = "\n".join(["MT-ND4", *(f"GENE{number:05}" for number in range(1_000))])
    response = alices.post(at("save_filter", job), {"name": "panel", "genes": genes, "query": "impact=MODERATE"})
    location = response.headers["Location"]
    assert parse_qs(urlsplit(location).query) == {"saved": [str(SavedFilter.objects.get().pk)]}
    text = read(alices, location)
    assert names(text) == ["m.11778G>A"]
    longest = max(len(part.split('"')[0]) for part in text.split('href="')[1:])
    assert longest < 4_000
    without = next(part for part in text.split('<a class="chip" href="')[1:] if "1 gene" in part.split("</a>")[0])
    assert names(read(alices, html.unescape(without.split('"')[0]))) == [
        "m.3460G>A",
        "m.8993T>G",
        "m.8993T>C",
        "m.11778G>A",
    ]


def test_a_filter_of_somebody_else_is_neither_used_nor_removed(alices: Client, job: Job, bob: User) -> None:
    other = SavedFilter.objects.create(user=bob, name="secret", query="impact=HIGH")
    text = read(alices, f"{at('variants', job)}?saved={other.pk}")
    assert len(names(text)) == 6
    assert "secret" not in text
    assert alices.post(at("remove_filter", job, other.pk)).status_code == 404
    assert SavedFilter.objects.filter(pk=other.pk).exists()
