"""Deletes a job: hidden at once, its files next, its row last."""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from annotations import moves
from annotations.models import DeletionReceipt, Job
from annotations.signals import annotation_deleting, annotation_gone
from gas_site.queues import send_after_commit
from gas_site.storage import file_store

logger = logging.getLogger(__name__)


def delete(job: Job) -> None:
    """Hide the job for good and have its files and row removed; a running one is cancelled first."""
    from annotations.actors import purge_job  # noqa: PLC0415 (the actors import the domain)

    with transaction.atomic():
        moves.cancel(job, "deleted by its owner")
        Job.objects.filter(pk=job.pk, deleted_at=None).update(deleted_at=timezone.now())
        send_after_commit(purge_job, str(job.pk))


def purge(job_id: UUID) -> bool:
    """Remove the files of a deleted job, then its row; return whether there was one. Safe to run twice at once.

    The receipt is written in the transaction that removes the row: there is one for each, and for nothing else.

    Whatever raises here leaves the row, so that the next sweep tries again: a file without a row would be a genome
    that nobody knows of.
    """
    job = Job.objects.filter(pk=job_id, deleted_at__isnull=False).first()
    if job is None:
        return False
    answers: list[tuple[Any, Any]] = annotation_deleting.send(Job, job=job)
    for prefix in job.keys:
        file_store().remove_tree(prefix)
    with transaction.atomic():
        # A worker that has just cut the file may be about to write a row of it (``sharding.moves.expect_files``).
        Job.objects.select_for_update().filter(pk=job_id).first()
        _write_receipt(job, [answer for _, answer in answers if isinstance(answer, dict)])
        Job.objects.filter(pk=job_id, deleted_at__isnull=False).delete()
    logger.info("job %s removed", job_id)
    return True


def _write_receipt(job: Job, answers: list[dict[str, Any]]) -> None:
    sizes = [job.input_size, *job.files.values_list("size", flat=True)]
    sizes += job.private_sources.values_list("size", flat=True)
    DeletionReceipt.objects.get_or_create(
        job=job.pk,
        defaults={
            "owner": job.user_id,
            "asked_at": job.deleted_at or timezone.now(),
            "removed_at": timezone.now(),
            "files": len(sizes),
            "bytes": sum(sizes),
            "details": {name: number for answer in answers for name, number in answer.items()},
        },
    )


def look_again(job_id: UUID) -> None:
    """Remove what may have been written while the job was being removed, by a worker that noticed too late.

    Such a worker clears up after itself, unless it is killed, or the store or the vault is away, just then.
    """
    annotation_gone.send(Job, job_id=job_id)
    for prefix in Job(pk=job_id).keys:
        file_store().remove_tree(prefix)
    DeletionReceipt.objects.filter(job=job_id).update(second_look_at=timezone.now())
