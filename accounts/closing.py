"""Closes an account: signed out at once, then everything it owns, then its row, then a receipt by mail.

The row of the closing is what a worker goes by, and the sweep sends again until it is through: a step that fails
(Stripe away, a file that cannot be removed) leaves the account closed and the rest to the next try.
"""

from __future__ import annotations

import logging
from smtplib import SMTPException

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.models import Closing, User
from accounts.signals import account_closing
from gas_site.queues import send_after_commit

logger = logging.getLogger(__name__)


def close(user: User, reason: str = "") -> Closing:
    """Close the account for good; the second call changes nothing."""
    from accounts.actors import finish_closing  # noqa: PLC0415 (the actors import the domain)

    with transaction.atomic():
        closing, created = Closing.objects.get_or_create(
            user=user, finished_at=None, defaults={"email": user.email, "reason": reason[:200]}
        )
        if created:
            User.objects.filter(pk=user.pk).update(is_active=False)
            sessions = UserSession.objects.filter(user=user)
            Session.objects.filter(session_key__in=sessions.values("session_key")).delete()
            send_after_commit(finish_closing, str(closing.pk))
    return closing


def finish(pk: int) -> None:
    """Remove what the account owns, the account, and tell its owner. Safe to run twice at once.

    Raises what a receiver raises, to be tried again.
    """
    Closing.objects.filter(pk=pk).update(attempts=F("attempts") + 1)
    closing = Closing.objects.select_related("user").get(pk=pk)
    if closing.finished_at is None:
        _remove(closing)
    _send_receipt(pk)


def _remove(closing: Closing) -> None:
    user = closing.user
    told = _ask_everybody(user) if user else []
    with transaction.atomic():
        won = Closing.objects.filter(pk=closing.pk, finished_at=None).update(finished_at=timezone.now(), told=told)
        if won and user:
            user.delete()
    if won:
        logger.info("account closed, %s", closing)


def _ask_everybody(user: User) -> list[str]:
    """Have every app remove its part, whatever comes of the others, and return their sentences.

    A file that cannot be removed must not keep a subscription alive. Raises the first error, once all were asked.
    """
    answers = [answer for _, answer in account_closing.send_robust(User, user=user)]
    failures = [answer for answer in answers if isinstance(answer, Exception)]
    for failure in failures:
        logger.warning("the closing of user %d is put off: %s", user.pk, type(failure).__name__)
    if failures:
        raise failures[0]
    return [str(sentence) for sentence in answers if sentence]


def _send_receipt(pk: int) -> None:
    now = timezone.now()
    waiting = Closing.objects.filter(pk=pk, finished_at__isnull=False, mailed_at=None).exclude(email="")
    if not waiting.update(mailed_at=now):
        return
    closing = Closing.objects.get(pk=pk)
    context = {"told": closing.told, "at": closing.finished_at, "site_name": settings.SITE_NAME}
    subject = render_to_string("mail/account_closed_subject.txt", context).strip()
    try:
        EmailMessage(subject, render_to_string("mail/account_closed.txt", context), to=[closing.email]).send()
    except (OSError, SMTPException) as error:
        # Not raised: an error of SMTP quotes the address, and the queue would log it. The sweep tries again.
        Closing.objects.filter(pk=pk).update(mailed_at=None)
        logger.warning("receipt of %s not sent: %s", closing, type(error).__name__)
        return
    Closing.objects.filter(pk=pk).update(email="")
