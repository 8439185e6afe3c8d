"""What cold storage did this month, and what that costs by the table of prices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Sum
from django.utils import timezone

from archive.costs import archiving, keeping, restoring
from archive.models import HOT, Deed, DeedKind, HoldingFile
from archive.prices import DAYS_A_MONTH, StorageClass
from archive.vaults import vault


@dataclass(frozen=True)
class Row:
    """One kind of deed this month: how many files and bytes, and US dollars (None where the vault has no price)."""

    label: str
    files: int
    size: int
    cost: float | None


@dataclass(frozen=True)
class Month:
    """The month so far, and what a month of leaving everything cold costs against having it in the file store."""

    since: datetime
    place: StorageClass | None
    rows: list[Row]
    cold_files: int
    cold_size: int

    @property
    def cost(self) -> float | None:
        """Return what the deeds of this month cost together."""
        return sum(row.cost or 0 for row in self.rows) if self.place else None

    @property
    def cold_cost(self) -> float | None:
        """Return what a month of what is cold now costs, beyond the least duration that was paid with the archiving."""
        if self.place is None:
            return None
        months = self.place.least_days / DAYS_A_MONTH
        whole = archiving(self.cold_files, self.cold_size, self.place.least_days, self.place)
        return (whole - self.cold_files * self.place.per_archive) / months

    @property
    def hot_cost(self) -> float:
        """Return what a month of the same bytes would cost in the file store."""
        return keeping(self.cold_size, DAYS_A_MONTH)


def this_month() -> Month:
    """Add the month up, in UTC."""
    since = timezone.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    place = vault().prices
    sums = Deed.objects.filter(at__gte=since).values("kind", "tier").annotate(files=Count("pk"), bytes=Sum("size"))
    rows = [
        Row(_label(kind, tier), files, size, _cost(kind, tier, files, size, place) if place else None)
        for kind, tier, files, size in sums.order_by("kind", "tier").values_list("kind", "tier", "files", "bytes")
    ]
    cold = HoldingFile.objects.exclude(holding__state__in=HOT).aggregate(files=Count("pk"), bytes=Sum("size"))
    return Month(since, place, rows, cold["files"], cold["bytes"] or 0)


def _label(kind: str, tier: str) -> str:
    return f"{DeedKind(kind).label}, {tier}" if tier else DeedKind(kind).label


def _cost(kind: str, tier: str, files: int, size: int, place: StorageClass) -> float:
    if kind == DeedKind.ARCHIVED:
        return archiving(files, size, 0, place)
    return restoring(files, size, place, tier) if tier in place.tiers else 0.0
