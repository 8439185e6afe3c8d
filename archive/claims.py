"""Claims: of all the workers that a message, a sweep or a retry brings to a holding, one may do its deed.

A claim is a lease on the row and a fencing number. Every write of a deed is conditional on the number, and the
number is looked at again right before anything is deleted. What that cannot exclude is a worker that sleeps for
longer than the lease between that look and the deletion; the lease is four times as long as the pause between two
renewals for that reason.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import Plan
from accounts.plans import lock
from archive.models import Holding, retry_delay


class LostClaim(Exception):
    """Somebody else has the holding now, or it is gone: stop, and leave no trace."""


@dataclass
class Claim:
    """The right to work on one holding, as long as its row bears ``fence``."""

    pk: int
    fence: int
    job_id: UUID
    _renewed: float = field(default_factory=time.monotonic)

    @property
    def held(self) -> Q:
        """Return the condition that the claim still holds."""
        return Q(fence=self.fence)

    def holding(self) -> Holding:
        """Read the row. Raises LostClaim."""
        row = Holding.objects.filter(self.held, pk=self.pk).first()
        if row is None:
            raise LostClaim
        return row

    def renew(self) -> None:
        """Prolong the lease; also the last look before a deletion. Raises LostClaim."""
        self._renewed = time.monotonic()
        until = timezone.now() + settings.LEASE
        if not Holding.objects.filter(self.held, pk=self.pk).update(lease_expires_at=until, wake_at=until):
            raise LostClaim

    def beat(self, size: int) -> None:
        """Renew when a quarter of the lease is over; called for every piece of a copy."""
        if time.monotonic() - self._renewed >= settings.LEASE.total_seconds() / 4:
            self.renew()

    def watched(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Pass pieces on, beating."""
        for piece in pieces:
            self.beat(len(piece))
            yield piece


def take(pk: int) -> Claim | None:
    """Claim a holding that wants work, or return None when there is nothing to be done or somebody does it."""
    now = timezone.now()
    until = now + settings.LEASE
    won = (
        Holding.objects.claimable(now)
        .filter(pk=pk)
        .update(
            fence=F("fence") + 1,
            worker=f"{socket.gethostname()}:{os.getpid()}"[:120],
            lease_expires_at=until,
            wake_at=until,
        )
    )
    # Nobody else can claim it before the lease ends, so the number that is read here is the one written above.
    return Claim(pk, *Holding.objects.values_list("fence", "job_id").get(pk=pk)) if won else None


@contextmanager
def fenced(claim: Claim) -> Iterator[None]:
    """Run a transaction whose first statement locks the row and proves the claim. Raises LostClaim."""
    with transaction.atomic():
        claim.renew()
        yield


@contextmanager
def owner_locked(claim: Claim) -> Iterator[Plan]:
    """Run a transaction in which the owner's plan stands still, and give the plan. Raises LostClaim.

    ``set_plan`` locks the same row first. Without this, an archive that ends while an upgrade commits would see the
    old plan, the upgrade would see the old state, and the result would stay cold for a premium user.
    """
    with transaction.atomic():
        yield lock(claim.holding().owner_id).plan


def note_failure(claim: Claim, reason: str) -> None:
    """Keep the state, say in the row why, and put the next try off, longer with each failure in a row."""
    row = Holding.objects.filter(claim.held, pk=claim.pk).first()
    if row is not None:
        Holding.objects.filter(claim.held, pk=claim.pk).update(
            attempts=row.attempts + 1,
            last_error=reason[:300],
            retry_at=timezone.now() + retry_delay(row.attempts + 1),
        )
