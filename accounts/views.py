"""The profile: who somebody is, how they sign in, what is mailed to them, their data, and the way out."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import closing
from accounts.export import export
from accounts.models import User
from accounts.profile_forms import CloseForm, MailForm, PersonForm
from accounts.signed_in import signed_in_user

FORMS: dict[str, type[ModelForm[User]]] = {"person": PersonForm, "mail": MailForm}


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Show the profile; save the one of its forms that was sent."""
    user = signed_in_user(request)
    sent = request.POST.get("section", "person") if request.method == "POST" else ""
    if sent and sent not in FORMS:
        sent = "person"
    forms = {name: form(request.POST if name == sent else None, instance=user) for name, form in FORMS.items()}
    if sent and forms[sent].is_valid():
        forms[sent].save()
        messages.success(request, "Saved.")
        return redirect("profile")
    shown = User.objects.select_related("plan").get(pk=user.pk)  # a refused form has changed the other one's fields
    context = {"person_form": forms["person"], "mail_form": forms["mail"], "shown": shown, **_sign_in(user)}
    return render(request, "accounts/profile.html", context, status=422 if sent else 200)


def _sign_in(user: User) -> dict[str, Any]:
    """Return the ways in: addresses, password, providers, second factors, sessions."""
    factors = {factor.type: factor for factor in Authenticator.objects.filter(user=user)}
    return {
        "address": EmailAddress.objects.filter(user=user, email__iexact=user.email).first(),
        "providers": SocialAccount.objects.filter(user=user).order_by("date_joined"),
        "totp": factors.get(Authenticator.Type.TOTP),
        "codes": factors.get(Authenticator.Type.RECOVERY_CODES),
        "passkeys": Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).order_by("created_at"),
        "sessions": UserSession.objects.filter(user=user).count(),
    }


@login_required
@never_cache
@require_POST
def download(request: HttpRequest) -> HttpResponseBase:
    """Send all own data as one zip."""
    name = f"gas-export-{timezone.now():%Y-%m-%d}.zip"
    response = StreamingHttpResponse(export(signed_in_user(request)), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@login_required
@require_POST
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign one other browser of one's own out."""
    get_object_or_404(UserSession, pk=pk, user=signed_in_user(request)).end()
    messages.success(request, "That browser is signed out.")
    return redirect("usersessions_list")


@login_required
@never_cache
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]  # allauth has no types
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest) -> HttpResponse:
    """Ask once more, with the address to type; then close the account and sign out."""
    user = signed_in_user(request)
    form = CloseForm(user, request.POST or None)
    if request.method != "POST" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return render(request, "accounts/close.html", {"form": form}, status=status)
    closing.close(user, reason="asked for by its owner")
    logout(request)
    messages.success(request, "Your account is closed. A receipt comes by mail once everything is removed.")
    return redirect("landing")
