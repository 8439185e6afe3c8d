"""Middleware about people: their time zone, and the second factor of staff."""

from __future__ import annotations

from collections.abc import Callable

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from accounts.models import User

View = Callable[[HttpRequest], HttpResponse]


def own_time_zone(get_response: View) -> View:
    """Show every time in the signed-in person's own zone; in UTC to everybody else."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with timezone.override(
            request.user.zone if isinstance(request.user, User) else timezone.get_default_timezone()
        ):
            return get_response(request)

    return middleware


def staff_second_factor(get_response: View) -> View:
    """Send staff without a second factor from the admin to where they set one up, unless the setting says otherwise.

    Whoever has one was asked for it when they signed in: with the first one, all other sessions end.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        user = request.user
        wanted = settings.STAFF_SECOND_FACTOR and request.path.startswith(reverse("admin:index"))
        if wanted and isinstance(user, User) and user.is_staff and not is_mfa_enabled(user):
            messages.info(request, "The admin asks staff for a second factor. Set one up, then open it again.")
            return redirect("mfa_index")
        return get_response(request)

    return middleware
