"""Middleware of our own: a page for a method that a URL does not take."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.loader import render_to_string


def styled_method_not_allowed(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Give the empty 405 of ``require_http_methods`` a page, for whoever reads HTML."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not response.content and request.accepts("text/html"):
            response.content = render_to_string("405.html", {"allowed": response["Allow"]}, request)
            # CommonMiddleware counted the empty body; the server would send that many bytes of the page: none.
            response["Content-Length"] = str(len(response.content))
        return response

    return middleware
