"""What the first second factor of an account does to the browsers that are signed in without it."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from allauth.usersessions.models import UserSession
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.models import User


@receiver(authenticator_added)
def end_other_sessions(
    sender: type[Authenticator], request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    """Sign them out: who came in by the password alone was never asked for the factor, and would not be."""
    others = Authenticator.objects.filter(user=user).exclude(pk=authenticator.pk)
    if others.exclude(type=Authenticator.Type.RECOVERY_CODES).exists():
        return
    for session in UserSession.objects.filter(user=user).exclude(session_key=request.session.session_key):
        session.end()
