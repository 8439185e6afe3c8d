"""What archiving a result costs or saves against leaving it in the file store, in US dollars by archive.prices.

An archive is paid for its least duration from the day it is written, however soon it is asked back; each file is an
archive of its own. So small files, files that come back soon, and expedited retrievals cost more than they save.
"""

from __future__ import annotations

from dataclasses import dataclass

from archive.prices import DAYS_A_MONTH, GIGABYTE, KEEPING_PER_GB_MONTH, WRITING_PER_REQUEST, StorageClass


@dataclass(frozen=True)
class Comparison:
    """One result over so many days: what keeping it costs, what archiving and a restore (0 without one) cost."""

    keeping: float
    archiving: float
    restoring: float

    @property
    def saved(self) -> float:
        """Return what archiving saves; below zero it costs more."""
        return self.keeping - self.archiving - self.restoring

    @property
    def total(self) -> float:
        """Return what archiving and the restore cost together."""
        return self.archiving + self.restoring

    @property
    def times(self) -> str:
        """Return the ratio as people write it: "0.16" saves, "391" does not."""
        return f"{self.ratio:,.0f}" if self.ratio >= 10 else f"{self.ratio:.2g}"

    @property
    def ratio(self) -> float:
        """Return how many times the price of keeping it archiving costs."""
        return (self.archiving + self.restoring) / self.keeping if self.keeping else float("inf")


def compare(files: int, size: int, days: float, place: StorageClass, tier: str | None = None) -> Comparison:
    """Compare for files of ``size`` bytes together, cold for ``days`` and then restored in ``tier``, or never (None).

    Raises KeyError for a tier that the storage class does not have.
    """
    return Comparison(
        keeping=keeping(size, days),
        archiving=archiving(files, size, days, place),
        restoring=restoring(files, size, place, tier) if tier else 0.0,
    )


def keeping(size: int, days: float) -> float:
    """Return what ``size`` bytes cost in the file store."""
    return size / GIGABYTE * KEEPING_PER_GB_MONTH * days / DAYS_A_MONTH


def archiving(files: int, size: int, days: float, place: StorageClass) -> float:
    """Return what it costs to write files into cold storage and to leave them there."""
    months = max(days, place.least_days) / DAYS_A_MONTH
    cold = (size + files * place.cold_overhead) / GIGABYTE * place.per_gb_month
    hot = files * place.hot_overhead / GIGABYTE * KEEPING_PER_GB_MONTH
    return files * place.per_archive + (cold + hot) * months


def restoring(files: int, size: int, place: StorageClass, tier: str) -> float:
    """Return what it costs to ask files back and to write them into the file store. Raises KeyError."""
    asked = place.tiers[tier]
    return files * (asked.per_request + WRITING_PER_REQUEST) + size / GIGABYTE * asked.per_gb


def smallest_worth_archiving(files: int, days: float, place: StorageClass, tier: str | None = None) -> int | None:
    """Return from how many bytes a result of so many files saves money when archived; None where none ever does.

    Every price is a fixed part a file and a part a byte, so it is where two straight lines cross.
    """
    nothing, gigabyte = (compare(files, size, days, place, tier).saved for size in (0, GIGABYTE))
    gain_per_byte = (gigabyte - nothing) / GIGABYTE
    if gain_per_byte <= 0:
        return None
    return max(int(-nothing / gain_per_byte) + 1, 0)
