"""URLs of the example that everybody may look at, below /example/."""

from __future__ import annotations

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from annotations.example import example_job
from annotations.explorer.door import Door
from annotations.visitors import Visit, visitor_urls

app_name = "example"
_DOOR = Door("example", ())


def _find(request: HttpRequest) -> Visit:
    """Return the example; 404 on a machine that has not made it."""
    job = example_job()
    if job is None:
        raise Http404
    return Visit(job, _DOOR, {"is_example": True}, _answered)


def _answered(response: HttpResponseBase, what: str) -> None:
    """A filter's pages are without end; a search engine has no use for them."""
    if what != "result":
        response["X-Robots-Tag"] = "noindex, nofollow"


urlpatterns = visitor_urls(_find)
