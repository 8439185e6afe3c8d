"""Pages of the site itself: landing, theme, health, errors."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from accounts.models import Plan
from annotations.catalogue import installed_references
from annotations.example import example_job, example_summary
from annotations.figures.report import figures_for
from gas_site.metrics import exposition
from gas_site.readiness import readiness

YEAR_SECONDS = 365 * 24 * 3600


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """Show what GAS does, with the bundled example's own figure."""
    plans = list(Plan.objects.order_by("slug"))
    example, references = example_summary(), installed_references()
    rcrs = next((reference for reference in references if reference.name == "rCRS"), None)
    context = {
        "plans": plans,
        "free": next((plan for plan in plans if plan.slug == Plan.FREE), None),
        "example": example,
        "example_figures": figures_for(example, rcrs) if example else None,
        # Every mark of the figure is a link to its rows, where the example's files are here.
        "variants_url": reverse("example:variants") if example and example_job() else "",
        "references": references,
        "start_url": _start_url(request),
    }
    return render(request, "landing.html", context)


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """Answer what people ask; about cold storage only where the free plan has a retention."""
    free = Plan.objects.filter(slug=Plan.FREE).exclude(retention=None).first()
    return render(request, "help.html", {"cold_plan": free})


def _start_url(request: HttpRequest) -> str:
    """Return where a file goes in: the form, for strangers by way of the sign-up."""
    form = reverse("annotate")
    return form if request.user.is_authenticated else reverse("account_signup", query={"next": form})


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember light, dark or auto in a cookie, and go back to the page."""
    target = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        target = "/"
    response = HttpResponseRedirect(target)
    chosen = request.POST.get("theme", "auto")
    if chosen in {"light", "dark"}:
        response.set_cookie("theme", chosen, max_age=YEAR_SECONDS, samesite="Lax", secure=settings.HTTPS, httponly=True)
    else:
        response.delete_cookie("theme", samesite="Lax")
    return response


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Say that this process answers; it asks nothing of anybody else."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Say whether what the work needs answers: 200 when everything does, else 503 with what is away."""
    found = readiness()
    status = HTTPStatus.OK if all(found.values()) else HTTPStatus.SERVICE_UNAVAILABLE
    return JsonResponse({name: "ok" if answers else "away" for name, answers in found.items()}, status=status)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Give Prometheus its numbers, for the bearer of METRICS_TOKEN; without one set, there is no such page."""
    wanted = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "")
    if not wanted or not constant_time_compare(given, f"Bearer {wanted}"):
        raise Http404
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Show the 400 page, or the 413 page when Django gave the body up as too large."""
    if isinstance(exception, RequestDataTooBig):
        return render(request, "413.html", status=413)
    return render(request, "400.html", status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Show the 403 page."""
    return render(request, "403.html", status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Show what to do when the form's token does not fit."""
    return render(request, "403_csrf.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Show the 404 page."""
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Show the 500 page, which needs no database, session or context."""
    return HttpResponse(_server_error_page(), status=500)


@cache
def _server_error_page() -> str:
    context: dict[str, Any] = {"site_name": settings.SITE_NAME, "contact_email": settings.CONTACT_EMAIL}
    return render_to_string("500.html", context)
