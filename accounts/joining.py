"""Which account a sign-in provider's verified address leads to, and what becomes of the account's other ways in.

An address that nobody has confirmed proves nothing. Whoever typed it in may have been a squatter who waits for its
owner, and may have left ways back in: a password, another provider, a second address that a new password can be
mailed to, a passkey, an open browser.
"""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.signals import social_account_added
from django.db import transaction
from django.dispatch import receiver

from accounts.models import User


def account_with(email: str) -> User | None:
    """Return the account that has confirmed ``email``, else the one whose own address it is; None when there is none.

    An unconfirmed further address of somebody else's account leads nowhere, because its owner could read what comes
    in; it goes, because it would keep the address from the one who has it.
    """
    named = EmailAddress.objects.filter(email__iexact=email)
    confirmed = named.filter(verified=True).first()
    if confirmed:
        return User.objects.get(pk=confirmed.user_id)
    named.exclude(user__email__iexact=email).delete()
    return User.objects.filter(email__iexact=email).first()


@receiver(social_account_added)
def take_over(sender: type[SocialLogin], sociallogin: SocialLogin, **kwargs: Any) -> None:
    """Leave the provider as the only way into an account that never confirmed the address it was joined by.

    allauth has taken the password away and ended the sessions by now. The address counts as confirmed from here on:
    otherwise the next provider to join would end the first.
    """
    email, user = sociallogin._did_authenticate_by_email, sociallogin.user
    if sociallogin.state.get("process") == AuthProcess.CONNECT:
        return  # somebody who is signed in adds a provider to their account
    if not email or EmailAddress.objects.filter(user=user, email__iexact=email, verified=True).exists():
        return
    with transaction.atomic():
        SocialAccount.objects.filter(user=user).exclude(pk=sociallogin.account.pk).delete()
        Authenticator.objects.filter(user=user).delete()
        EmailAddress.objects.filter(user=user).delete()
        EmailAddress.objects.create(user=user, email=email.lower(), verified=True, primary=True)
