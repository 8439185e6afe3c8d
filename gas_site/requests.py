"""Requests as our middleware leaves them, for the type checker."""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


class HtmxRequest(HttpRequest):
    """A request that HtmxMiddleware has seen; ``request.htmx`` is true when htmx sent it."""

    htmx: HtmxDetails
