"""Puts right what lost messages, dead workers and forgotten tickets leave behind. Safe to run twice at once."""

from __future__ import annotations

import logging
import math
import shutil
import time
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from annotations import deleting, moves
from annotations.explorer import spill
from annotations.exports.sweep import sweep_exports
from annotations.models import TICKET_LIFE, DeletionReceipt, Job
from annotations.queueing.waking import send_what_is_missing
from annotations.sharding.sweep import sweep_shards
from gas_site.queues import send_after_commit

logger = logging.getLogger(__name__)

# A purge is sent again so long after the deletion; a doubled message finds nothing to remove.
RESEND_AFTER = timedelta(minutes=2)
# A worker that lost its job has long noticed, or is dead.
SECOND_LOOK_AFTER = timedelta(hours=1)
WORK_LIFE = timedelta(days=2)
BATCH = 500


def sweep() -> None:
    """Run every step."""
    take_from_dead_workers()
    send_what_is_missing()
    drop_abandoned_tickets()
    finish_deletions()
    look_again_at_deletions()
    sweep_exports()
    sweep_shards()
    clean_work_directory()


def take_from_dead_workers() -> None:
    """Put jobs whose lease ran out back into the queue."""
    now = timezone.now()
    for job in Job.objects.lease_expired(now)[:BATCH]:
        if moves.take_from_dead_worker(job, now):
            logger.warning("job %s taken from a lost worker, attempt %d", job.pk, job.attempt)


def drop_abandoned_tickets() -> None:
    """Delete uploads that nobody confirmed."""
    for job in Job.objects.abandoned_tickets(timezone.now() - TICKET_LIFE)[:BATCH]:
        deleting.delete(job)


def finish_deletions() -> None:
    """Wake a worker for deleted jobs whose files may still be there."""
    from annotations.actors import purge_job  # noqa: PLC0415 (the actors import the domain)

    patience = timezone.now() - RESEND_AFTER
    for pk in Job.objects.filter(deleted_at__lt=patience).order_by("deleted_at").values_list("pk", flat=True)[:BATCH]:
        send_after_commit(purge_job, str(pk))


def look_again_at_deletions() -> None:
    """Wake a worker for each deletion that is due for its second look."""
    from annotations.actors import look_again_for_job  # noqa: PLC0415 (the actors import the domain)

    due = DeletionReceipt.objects.filter(second_look_at=None, removed_at__lt=timezone.now() - SECOND_LOOK_AFTER)
    for job_id in due.values_list("job", flat=True)[:BATCH]:
        send_after_commit(look_again_for_job, str(job_id))


def clean_work_directory() -> None:
    """Remove what killed workers and broken uploads left on this machine."""
    spill.remove_forgotten(settings.WORK_DIR)
    oldest = time.time() - max(WORK_LIFE, settings.JOB_TIMEOUT * 2).total_seconds()
    for directory in (settings.WORK_DIR, settings.FILE_UPLOAD_TEMP_DIR):
        for path in directory.iterdir() if directory.is_dir() else ():
            # A table may be open for longer: whether it is tells its lock, not its age.
            kept = path == settings.FILE_UPLOAD_TEMP_DIR or path.name.startswith(spill.LOCKED)
            if not kept and _last_touched(path) < oldest:
                _remove(path)


def _last_touched(path: Path) -> float:
    """Return the time of the last change; what a worker removed meanwhile counts as new."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return math.inf


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
