"""Runs what is next in turn: claim, engine child, publish. What an actor calls, and `kill -9` may stop at any line."""

from __future__ import annotations

import logging
import shutil
from functools import partial
from pathlib import Path

from django.conf import settings
from dramatiq.middleware import Shutdown

from annotations import moves
from annotations.catalogue import reference_named
from annotations.engine.child import run_child
from annotations.engine.task import Progress, Task
from annotations.failing import MOST_ATTEMPTS, STORE_PAUSE_MS, our_fault, told_to_owner
from annotations.lease import Lease
from annotations.models import Job, Shard
from annotations.private_sources import own_sources
from annotations.publishing import publish
from annotations.queueing.slots import next_piece
from annotations.sharding.cutting import cut_into_shards, is_to_be_cut
from annotations.sharding.running import run_shard
from annotations.workplace import place_for, worker_name, workplace
from gas_site.log_context import about_job
from gas_site.storage import StoreAway, file_store

logger = logging.getLogger(__name__)


def run_next() -> None:
    """Do what is next in turn, one piece. A message too many finds nothing to claim, and returns."""
    with next_piece(worker_name()) as piece:
        if isinstance(piece, Job):
            with about_job(piece.pk):
                _run(piece)
        elif isinstance(piece, Shard):
            with about_job(piece.job_id):
                run_shard(piece)


def _run(job: Job) -> None:
    try:
        with told_to_owner(job), workplace(_place(job, job.attempt)) as work:
            _clear_earlier_attempts(job)
            _annotate_and_publish(job, work)
    except Shutdown:
        moves.hand_back(job, "worker shut down")
        raise
    except StoreAway as error:
        _wait_for_store(job, error)


def _place(job: Job, attempt: int) -> str:
    return f"{job.pk}.{attempt}"


def _clear_earlier_attempts(job: Job) -> None:
    """Remove what a worker left that was killed while it wrote, or while it moved its files into the store."""
    if job.attempt == 1:
        return
    for attempt in range(1, job.attempt):
        shutil.rmtree(place_for(_place(job, attempt)), ignore_errors=True)
    _, results = job.keys
    file_store().remove_tree(results)  # nothing of a job that has not completed is published
    Shard.objects.filter(job=job, job_attempt__lt=job.attempt).delete()


def _wait_for_store(job: Job, error: StoreAway) -> None:
    """Give the job back to the queue for later: nothing is wrong with it or its file."""
    logger.warning("job %s put off in attempt %d: %s", job.pk, job.attempt, error.strerror)
    if job.attempt < MOST_ATTEMPTS:
        moves.hand_back(job, "the file store is away", delay_ms=STORE_PAUSE_MS)
    else:
        moves.fail(job, our_fault(job))


def _renew(job: Job, progress: Progress) -> bool:
    return moves.renew(job, stage=progress.stage, fraction=progress.fraction, records=progress.records)


def _annotate_and_publish(job: Job, work: Path) -> None:
    """Annotate the file here and now; a large one is cut, and left to its shards."""
    lease = Lease(partial(_renew, job))
    reference = reference_named(job.reference)
    with file_store().local(job.input_key, lease.beat) as source, own_sources(job) as own:
        task = Task(
            input=source,
            name=job.file_name,
            reference=reference.directory,
            output_dir=work / "output",
            own_sources=own,
            haplotype_aware=job.haplotype_aware,
        )
        if is_to_be_cut(job, source) and cut_into_shards(job, task, work):
            return
        result = run_child(
            task,
            on_progress=lease.note,
            should_stop=lease.should_stop,
            timeout=settings.JOB_TIMEOUT.total_seconds(),
        )
    publish(job, result, lease, job.result_prefix)
