"""Tells people things by mail, once each.

``notify`` writes a row inside the caller's transaction; ``deliver`` sends it later. A worker that dies between
sending and noting it may lead to a second copy after five minutes; both bear the same Message-ID, by which mail
programs fold them into one.
"""

from __future__ import annotations

import logging
from smtplib import SMTPException
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.models import Notification, User
from gas_site.queues import send_after_commit

logger = logging.getLogger(__name__)

# Which kinds of mail a person may switch off, and by which of their preferences. The rest is about money and safety.
CHOICES = {
    "job_ended": "mail_jobs",
    "export_ready": "mail_jobs",
    "results_restored": "mail_storage",
    "results_go_cold": "mail_storage",
}


def notify(user: User, kind: str, about: object, context: dict[str, Any]) -> None:
    """Note that ``user`` is to be told; the second call for the same kind and matter changes nothing.

    Somebody who switched this kind of mail off, or whose account is being closed, is not told.
    """
    from accounts.actors import send_notification  # noqa: PLC0415 (actors import this module)

    wanted = getattr(user, CHOICES[kind]) if kind in CHOICES else True
    if not wanted or not user.is_active:
        return
    row, created = Notification.objects.get_or_create(
        kind=kind, about=str(about), defaults={"user": user, "context": context}
    )
    if created:
        send_after_commit(send_notification, str(row.pk))


def deliver(pk: int) -> bool:
    """Send one notification if it is still to be sent; return whether this call sent it."""
    if not Notification.objects.claim(pk):
        return False
    row = Notification.objects.select_related("user").get(pk=pk)
    try:
        _message(row).send()
    except (OSError, SMTPException) as error:
        # Not raised: an error of SMTP quotes the address, and the queue would log it. The sweep tries again.
        later, name = timezone.now() + row.pause, type(error).__name__
        Notification.objects.filter(pk=pk).update(claimed_at=None, retry_at=later, last_error=name)
        logger.warning("notification %d not sent: %s", pk, name)
        return False
    Notification.objects.filter(pk=pk).update(sent_at=timezone.now(), last_error="")
    return True


def _message(row: Notification) -> EmailMessage:
    context = {**row.context, "user": row.user, "site_name": settings.SITE_NAME, "site_url": settings.SITE_URL}
    subject = render_to_string(f"mail/{row.kind}_subject.txt", context).strip().replace("\n", " ")
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    return EmailMessage(
        subject=subject,
        body=render_to_string(f"mail/{row.kind}.txt", context),
        to=[row.user.email],
        headers={"Message-ID": f"<{row.kind}.{row.about}@{host}>", "Auto-Submitted": "auto-generated"},
    )
