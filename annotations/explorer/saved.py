"""Filters saved with a name: kept for every result of their user. A long one is named in URLs by its number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import QueryDict

from accounts.models import User
from annotations.explorer.filters import Filter
from annotations.models import SavedFilter

if TYPE_CHECKING:
    from annotations.explorer.page import View

MOST_SAVED = 100
MOST_CHARACTERS = 200_000
#: gunicorn takes a request line of 4,094 bytes; a filter beyond this stays behind its number.
LONGEST_IN_URL = 2_500


class NotSaved(Exception):
    """A filter that cannot be saved, with the sentence that says why."""


@dataclass(frozen=True)
class Saved:
    """A saved filter as a page shows it."""

    pk: int
    name: str
    url: str
    current: bool


def saved_for(user: User, view: View) -> list[Saved]:
    """Return the user's filters with the address of each on this result."""
    return [
        Saved(one.pk, one.name, _url(one, view), one.query == view.plan.filter.to_text())
        for one in SavedFilter.objects.filter(user=user)
    ]


def save(user: User, name: str, chosen: Filter) -> SavedFilter:
    """Save under a name; a filter of the same name is replaced. Raises NotSaved."""
    name = "".join(filter(str.isprintable, name)).strip()[:80]
    if not name:
        raise NotSaved("A saved filter needs a name.")
    if not chosen:
        raise NotSaved("There is no filter to save: all variants are shown.")
    text = chosen.to_text()
    if len(text) > MOST_CHARACTERS:
        raise NotSaved("This filter is too long to be saved. Shorten the list of genes.")
    if SavedFilter.objects.filter(user=user).exclude(name=name).count() >= MOST_SAVED:
        raise NotSaved(f"There are {MOST_SAVED} saved filters. Remove one first.")
    return SavedFilter.objects.update_or_create(user=user, name=name, defaults={"query": text})[0]


def saved_named(user: User, query: QueryDict) -> SavedFilter | None:
    """Return the user's filter that a query names (``saved=12``); None for any other number."""
    number = query.get("saved", "")
    if not (number.isascii() and number.isdecimal() and len(number) < 15):
        return None
    return SavedFilter.objects.filter(user=user, pk=int(number)).first()


def filter_over(saved: SavedFilter | None, query: QueryDict) -> Filter:
    """Return a query's filter on top of a saved one: a parameter that the query names wins, an empty one clears."""
    if saved is None:
        return Filter.from_query(query)
    under = {name: list(values) for name, values in Filter.from_text(saved.query).items if name not in query}
    return Filter.of({**under, **{name: query.getlist(name) for name in query}})


def text_over(saved: SavedFilter, chosen: Filter) -> dict[str, list[str]]:
    """Return the parameters that make ``chosen`` of a saved filter: ``filter_over`` turned round."""
    under = dict(Filter.from_text(saved.query).items)
    wanted = dict(chosen.items)
    different = [name for name in {**under, **wanted} if under.get(name) != wanted.get(name)]
    return {"saved": [str(saved.pk)], **{name: list(wanted.get(name, ("",))) for name in different}}


def _url(one: SavedFilter, view: View) -> str:
    if len(one.query) > LONGEST_IN_URL:
        return view.url(Filter(), saved=one.pk)
    return view.url(Filter.from_text(one.query))
