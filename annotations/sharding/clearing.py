"""Removes what is left of a job's shards once the job has ended, or begun anew: the files first, then the rows."""

from __future__ import annotations

from uuid import UUID

from annotations.models import ResultFile, Shard
from annotations.models.shards import parts_prefix
from gas_site.storage import file_store


def clear(job_id: UUID, attempt: int) -> None:
    """Remove the parts of one attempt of a job with all that was made of them, and results that were not published.

    Raises what the file store raises; then the rows stay, and the sweep comes back to them.
    """
    shards = Shard.objects.filter(job_id=job_id, job_attempt=attempt)
    for gathering in shards.filter(gathers=True):
        for number in range(1, gathering.attempt + 1):
            gathering.attempt = number
            if not ResultFile.objects.filter(job_id=job_id, key__startswith=f"{gathering.result_prefix}/").exists():
                file_store().remove_tree(gathering.result_prefix)
    file_store().remove_tree(parts_prefix(job_id, attempt))
    shards.delete()
