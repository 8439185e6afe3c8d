"""Requests as our middleware leaves them, for the type checker, and how long one is waited for."""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


class HtmxRequest(HttpRequest):
    """A request that HtmxMiddleware has seen; ``request.htmx`` is true when htmx sent it."""

    htmx: HtmxDetails


def patience(request: HttpRequest, seconds: float) -> None:
    """Give up on the request's body once nothing of it has come for so long: reading it raises UnreadablePostError.

    gunicorn's threads wait for ever, and a browser that lost its network says no word: a few of those would hold all.
    """
    connection = request.META.get("gunicorn.socket")
    if connection is not None:
        connection.settimeout(seconds)
