"""Middleware of our own: a page for a method that a URL does not take, and one on the way to another site."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

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


def leave_by_page(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer a form that leads to another site with a page that goes there, instead of a redirect.

    The policy allows forms to this site alone (form-action 'self'), and Chromium holds every redirect after a form
    against it: also those of the site we lead to, which nobody here can list. A page that moves on by itself is a
    navigation of its own.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        target = response.headers.get("Location", "")
        parts = urlsplit(target)
        if request.method != "POST" or not parts.netloc or parts.netloc == request.get_host():
            return response
        if parts.scheme not in {"http", "https"} or not request.accepts("text/html"):
            return response
        page = render_to_string("leaving.html", {"target": target, "host": parts.netloc}, request)
        leaving = HttpResponse(page)
        leaving.cookies = response.cookies
        return leaving

    return middleware
