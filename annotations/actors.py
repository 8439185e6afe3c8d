"""Messages about jobs: an id in, call the domain.

What an actor calls is loaded when one runs, where it loads much (DuckDB, Arrow, NumPy, pysam): every process of the
site, a sweep or a command as well, knows the actors in order to send to them.
"""

from __future__ import annotations

from uuid import UUID

import dramatiq
from django.conf import settings

from annotations.deleting import look_again, purge

# The engine's child has its own time limit; this one is the safety net above it.
ANNOTATE_LIMIT_MS = int(settings.JOB_TIMEOUT.total_seconds() * 1000) + 600_000


@dramatiq.actor(queue_name="annotate", time_limit=ANNOTATE_LIMIT_MS)
def annotate(job_id: str) -> None:
    """Annotate what is next in turn: the message about one job wakes a worker for whichever that is."""
    from annotations.running import run_next  # noqa: PLC0415 (loads much)

    run_next()


@dramatiq.actor(queue_name="annotate", time_limit=ANNOTATE_LIMIT_MS)
def annotate_shard(shard_id: str) -> None:
    """Do what is next in turn: the message about one shard wakes a worker as that about a job does."""
    from annotations.running import run_next  # noqa: PLC0415 (loads much)

    run_next()


@dramatiq.actor(queue_name="storage", time_limit=3_600_000)
def purge_job(job_id: str) -> None:
    """Remove what a deleted job left."""
    purge(UUID(job_id))


@dramatiq.actor(queue_name="storage", time_limit=3_600_000)
def look_again_for_job(job_id: str) -> None:
    """Remove what was written while a job was being removed."""
    look_again(UUID(job_id))


@dramatiq.actor(queue_name="default", time_limit=6 * 3_600_000)
def make_export(export_id: str) -> None:
    """Make a large export."""
    from annotations.exports.making import make  # noqa: PLC0415 (loads much)

    make(UUID(export_id))
