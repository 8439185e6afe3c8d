"""URLs of shared results, below /shared/<token>/: read-only, not indexed, and silent about whose they are."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

from annotations.explorer.door import Door
from annotations.sharing.links import count_visit, find
from annotations.visitors import NotOpen, Visit, visitor_urls

app_name = "shared"


def _find(request: HttpRequest, token: str) -> Visit:
    """Return what the token leads to, and count the visit when it is answered. Raises NotOpen."""
    link = find(token)
    if link is None:
        raise NotOpen(_gone)
    door = Door("shared", (token,), has_variants=link.with_variants, has_exports=link.with_exports)

    def answered(response: HttpResponseBase, what: str) -> None:
        _keep_private(response)
        if response.status_code < HTTPStatus.BAD_REQUEST:
            count_visit(link, what)

    return Visit(link.job, door, {"shared_until": link.expires_at, "is_shared": True}, answered)


def _gone(request: HttpRequest) -> HttpResponse:
    """The same for a link that has expired, was revoked, whose result was deleted, or that never was."""
    response = render(request, "annotations/sharing/gone.html", {"is_shared": True}, status=HTTPStatus.NOT_FOUND)
    _keep_private(response)
    return response


def _keep_private(response: HttpResponseBase) -> None:
    """Keep the link out of search engines, caches, and of what other sites learn of a click."""
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response["Referrer-Policy"] = "no-referrer"
    add_never_cache_headers(response)


urlpatterns = visitor_urls(_find)
