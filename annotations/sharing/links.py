"""Makes, finds, revokes and counts shared links."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from annotations.models import Job, JobStatus, LinkVisits, SharedLink

#: Bytes of a token: 192 bits.
TOKEN_BYTES = 24
#: How long a link may live, in days, the first choice first.
LIVES = (7, 1, 30, 90)
#: Links of one job that are open.
MOST_OPEN = 20


class TooManyLinks(Exception):
    """The job has as many open links as it may."""


def create(job: Job, *, days: int, with_variants: bool, with_exports: bool, label: str = "") -> tuple[SharedLink, str]:
    """Make a link and return it with its token, which cannot be had again. Raises TooManyLinks."""
    now = timezone.now()
    if SharedLink.objects.filter(job=job, revoked_at=None, expires_at__gt=now).count() >= MOST_OPEN:
        raise TooManyLinks(f"This result has {MOST_OPEN} open links. Revoke one first.")
    token = secrets.token_urlsafe(TOKEN_BYTES)
    link = SharedLink.objects.create(
        job=job,
        token_hash=_hash(token),
        label="".join(filter(str.isprintable, label)).strip()[:80],
        with_variants=with_variants,
        with_exports=with_variants and with_exports,
        expires_at=now + timedelta(days=days),
    )
    return link, token


def find(token: str) -> SharedLink | None:
    """Return the open link of a token, its job completed and not deleted."""
    return (
        SharedLink.objects.select_related("job")
        .filter(
            token_hash=_hash(token),
            revoked_at=None,
            expires_at__gt=timezone.now(),
            job__status=JobStatus.COMPLETED,
            job__deleted_at=None,
        )
        .first()
    )


def revoke(job: Job, pk: int) -> bool:
    """Close a link for good; False when the job has no such open link."""
    return bool(SharedLink.objects.filter(job=job, pk=pk, revoked_at=None).update(revoked_at=timezone.now()))


def count_visit(link: SharedLink, what: str) -> None:
    """Count one use within its hour."""
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    row, _ = LinkVisits.objects.get_or_create(link=link, hour=hour, what=what)
    LinkVisits.objects.filter(pk=row.pk).update(count=F("count") + 1)


def _hash(token: str) -> str:
    """A token is random and long, so a plain hash of it cannot be guessed back."""
    return hashlib.sha256(token.encode()).hexdigest()
