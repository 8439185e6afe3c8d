"""Messages about holdings: an id in, call the domain."""

from __future__ import annotations

import dramatiq

from archive import tending, verifying

# A copy of a large result takes a while; the lease is renewed as it goes.
TEND_LIMIT_MS = 12 * 3_600_000


@dramatiq.actor(queue_name="storage", time_limit=TEND_LIMIT_MS)
def tend_holding(pk: str) -> None:
    """Archive, restore or tidy one holding, whatever its row asks for."""
    tending.tend(int(pk))


@dramatiq.actor(queue_name="storage", time_limit=TEND_LIMIT_MS)
def verify_holding(pk: str) -> None:
    """Read one holding's copies again; its row says what was found."""
    verifying.verify_by_key(int(pk))


@dramatiq.actor(queue_name="storage", time_limit=TEND_LIMIT_MS)
def retrieval_completed(archive_id: str) -> None:
    """Look at the holding whose archive the vault has retrieved."""
    tending.retrieval_completed(archive_id)
