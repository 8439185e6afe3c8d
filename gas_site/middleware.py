"""Middleware of our own: the answer to a load balancer, pages for refusals and a store that is away, the way out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.loader import render_to_string

from gas_site.storage import StoreAway
from gas_site.views import healthz

logger = logging.getLogger(__name__)

# When it is worth asking again.
RETRY_SECONDS = 60


def answer_probes(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer ``/healthz`` before anybody looks at the Host: a load balancer puts the task's own address there.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        return healthz(request) if request.path_info == "/healthz" else get_response(request)

    return middleware


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


def store_away_page(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer 503 with a page where the file store is away: it is no error of the site's, and it passes."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_exception(request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, StoreAway):
            return None
        logger.warning("the file store is away: %s", exception.strerror)
        headers = {"Retry-After": str(RETRY_SECONDS)}
        return HttpResponse(render_to_string("503.html", {}, request), status=503, headers=headers)

    middleware.process_exception = process_exception  # type: ignore[attr-defined]  # where Django looks for it
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
