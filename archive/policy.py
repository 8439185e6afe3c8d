"""What staff decided of cold storage: how small a result may be to go cold, and which tiers bring it back."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Sum

from accounts.models import Plan
from archive.models import Holding, HoldingFile, HoldingQuerySet, Policy


def smallest() -> int:
    """Return from how many bytes on a result goes cold; 0 where nobody decided."""
    return Policy.objects.values_list("smallest", flat=True).first() or 0


def tiers(first: str = "") -> list[str]:
    """Return the tiers to try in turn: ``first`` (staff chose it) if given, then the policy's or RESTORE_TIERS."""
    decided = Policy.objects.exclude(tiers="").values_list("tiers", flat=True).first()
    names = [word.strip() for word in decided.split(",")] if decided else settings.RESTORE_TIERS
    return list(dict.fromkeys([first, *names] if first else names))


def stays(holding: Holding) -> bool:
    """Say whether a holding is too small to go cold."""
    least = smallest()
    if not least:
        return False
    size = HoldingFile.objects.filter(holding=holding).aggregate(size=Sum("size"))["size"]
    return (size or 0) < least


def large_enough(rows: HoldingQuerySet) -> HoldingQuerySet:
    """Return those of the holdings that are not too small to go cold."""
    least = smallest()
    if not least:
        return rows
    sizes = HoldingFile.objects.values("holding").annotate(size=Sum("size")).filter(size__gte=least)
    return rows.filter(pk__in=sizes.values("holding"))


def due_at(holding: Holding, plan: Plan, now: datetime) -> datetime | None:
    """Return when an available result goes cold: its plan's retention from now, or never."""
    retention: timedelta | None = plan.retention
    return None if retention is None or stays(holding) else now + retention
