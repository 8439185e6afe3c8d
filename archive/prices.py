"""What Amazon asks for keeping, archiving and restoring: one dated table, in US dollars, for US East (N. Virginia).

Prices change and other regions differ by some tens of per cent; the table is for deciding, not for accounting.

- Storage, requests, retrieval: https://aws.amazon.com/s3/pricing/ and https://aws.amazon.com/s3/glacier/pricing/
- What an archived object has on top of its own bytes, and how long it is paid for at least:
  https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

AS_OF = date(2026, 11, 25)
GIGABYTE = 1024**3
DAYS_A_MONTH = 30
# The first 50 TB a month; what a result costs while it stays in the file store.
KEEPING_PER_GB_MONTH = 0.023
# Writing a restored file back into the file store.
WRITING_PER_REQUEST = 0.005 / 1000


@dataclass(frozen=True)
class Tier:
    """A way to have an archive back: what one request and one gigabyte cost."""

    per_request: float
    per_gb: float


@dataclass(frozen=True)
class StorageClass:
    """A cold storage class. The overheads are bytes an archive, paid at the cold and at the hot rate."""

    name: str
    per_gb_month: float
    per_archive: float
    least_days: int
    cold_overhead: int
    hot_overhead: int
    tiers: Mapping[str, Tier]


GLACIER = StorageClass(
    name="S3 Glacier Flexible Retrieval",
    per_gb_month=0.0036,
    per_archive=0.03 / 1000,
    least_days=90,
    cold_overhead=32 * 1024,
    hot_overhead=8 * 1024,
    tiers={
        "expedited": Tier(10.00 / 1000, 0.03),
        "standard": Tier(0.05 / 1000, 0.01),
        "bulk": Tier(0.0, 0.0),
    },
)
DEEP_ARCHIVE = StorageClass(
    name="S3 Glacier Deep Archive",
    per_gb_month=0.00099,
    per_archive=0.05 / 1000,
    least_days=180,
    cold_overhead=32 * 1024,
    hot_overhead=8 * 1024,
    tiers={"standard": Tier(0.10 / 1000, 0.02), "bulk": Tier(0.025 / 1000, 0.0025)},
)
# The vault's own service keeps the name of an archive in its 32 KB; nothing of it lies in S3.
GLACIER_VAULT = StorageClass(
    name="S3 Glacier vault",
    per_gb_month=0.0036,
    per_archive=0.03 / 1000,
    least_days=90,
    cold_overhead=32 * 1024,
    hot_overhead=0,
    tiers=GLACIER.tiers,
)
