"""How much is hot, how much is cold, and what has waited longest: for the admin's first page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min, Q, Sum
from django.utils import timezone

from archive.models import HOT, Holding, HoldingFile, HoldingState


@dataclass(frozen=True)
class Totals:
    """Bytes that count in the file store and in the vault; since when the oldest unfinished move waits; errors."""

    hot_bytes: int
    cold_bytes: int
    oldest_pending: datetime | None
    errors: int


def totals() -> Totals:
    """Add everything up. Two of its queries read every holding; staff look at it, nothing else does."""
    hot = Q(holding__state__in=HOT)
    sizes = HoldingFile.objects.aggregate(hot=Sum("size", filter=hot), cold=Sum("size", filter=~hot))
    moving = Holding.objects.filter(state__in=[HoldingState.ARCHIVING, HoldingState.RESTORING])
    overdue = Holding.objects.filter(state=HoldingState.AVAILABLE, due_at__lt=timezone.now())
    waiting = [
        moving.aggregate(oldest=Min("since"))["oldest"],
        overdue.aggregate(oldest=Min("due_at"))["oldest"],
    ]
    return Totals(
        hot_bytes=sizes["hot"] or 0,
        cold_bytes=sizes["cold"] or 0,
        oldest_pending=min((at for at in waiting if at), default=None),
        errors=Holding.objects.exclude(last_error="").count(),
    )
