"""Cuts a large job that a worker has claimed: every check of the file, the parts into the store, a row for each."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

from django.conf import settings

from annotations import moves
from annotations.engine.errors import NotShardable, Stopped
from annotations.engine.sharding.children import run_cut
from annotations.engine.sharding.size import ShardSize, worth_cutting
from annotations.engine.task import Progress, Task
from annotations.lease import Lease
from annotations.models import Job
from annotations.sharding import moves as shard_moves
from annotations.sharding.clearing import clear
from annotations.sharding.files import keep_cut


def is_to_be_cut(job: Job, source: Path) -> bool:
    """Say whether a job's file is so large that it is cut; guessed from the file's beginning and its size."""
    by_text_alone = ShardSize(records=sys.maxsize, text_bytes=max(settings.SHARD_ABOVE // 2, 1))
    return not job.in_one_piece and worth_cutting(source, by_text_alone)


def cut_into_shards(job: Job, task: Task, work: Path) -> bool:
    """Cut a claimed job's file and leave the job to its shards; False where only one pass over the whole file will do.

    Raises what ``run_child`` raises; Stopped also where the job has ended meanwhile.
    """
    lease = Lease(partial(_renew, job))
    directory = work / "cut"
    size = ShardSize(records=settings.SHARD_RECORDS)
    try:
        cut = run_cut(
            replace(task, shards=size),
            directory,
            on_progress=lease.note,
            should_stop=lease.should_stop,
            timeout=settings.JOB_TIMEOUT.total_seconds(),
        )
    except NotShardable:
        return False
    if not shard_moves.expect_files(job):
        raise Stopped
    # Whatever else breaks off here is left to the sweep: it knows whether the job has its shards by then.
    try:
        keep_cut(job, cut, directory, lease.beat)
    except Stopped:  # the sweep may have been here before the last of these files
        clear(job.pk, job.attempt)
        raise
    if not shard_moves.begin(job, cut.parts):
        clear(job.pk, job.attempt)
    return True


def _renew(job: Job, progress: Progress) -> bool:
    """Prolong the lease; the records read so far are checked, and none of them is annotated."""
    return moves.renew(job, stage="cutting", fraction=shard_moves.CUTTING * progress.fraction, records=0)
