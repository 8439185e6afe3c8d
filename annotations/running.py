"""Runs one job: claim, engine child, publish. What an actor calls, and what `kill -9` may stop at any line."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import time
import traceback
from pathlib import Path

from django.conf import settings
from dramatiq.middleware import Shutdown

from annotations import moves
from annotations.catalogue import UnknownReference, reference_named
from annotations.engine.child import run_child
from annotations.engine.errors import EngineError, InputRefused, ReferenceBroken, Stopped
from annotations.engine.task import Progress, Result, Task
from annotations.figures.words import span
from annotations.models import Job, ResultFile
from annotations.private_sources import own_sources
from annotations.queueing.claiming import claim_next
from gas_site.log_context import about_job
from gas_site.storage import StoreAway, file_store

logger = logging.getLogger(__name__)

# Each renewal is a write; the page polls once a second, so a write a second shows all that can be seen.
RENEW_EVERY_SECONDS = 1.0
# A file store that is away is waited for: a job that finds it away so often (an hour and more) is given up.
MOST_ATTEMPTS = 30
STORE_PAUSE_MS = 120_000


class Lease:
    """Holds a claimed job: renews it with the progress, and says when to stop."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.lost = False
        self._progress = Progress(stage="starting", fraction=0, records=0)
        self._renewed = time.monotonic()

    def note(self, progress: Progress) -> None:
        """Remember how far the engine is."""
        self._progress = progress

    def should_stop(self) -> bool:
        """Renew when it is time; return True once the job is no longer ours. The engine's parent polls this."""
        if not self.lost and time.monotonic() - self._renewed >= RENEW_EVERY_SECONDS:
            self._renewed = time.monotonic()
            last = self._progress
            self.lost = not moves.renew(self.job, stage=last.stage, fraction=last.fraction, records=last.records)
        return self.lost

    def beat(self, size: int) -> None:
        """Renew while a file moves. Raises Stopped once the job is no longer ours."""
        if self.should_stop():
            raise Stopped


def run_next() -> None:
    """Annotate what is next in turn, one piece. A message too many finds nothing to claim, and returns."""
    job = claim_next(worker=f"{socket.gethostname()}:{os.getpid()}")
    if job is not None:
        with about_job(job.pk):
            _run(job)


def _run(job: Job) -> None:
    work = _work_directory(job, job.attempt)
    try:
        _clear_earlier_attempts(job)
        _annotate_and_publish(job, work)
    except Shutdown:
        moves.hand_back(job, "worker shut down")
        raise
    except StoreAway as error:
        _wait_for_store(job, error)
    except InputRefused as error:
        moves.fail(job, str(error))
    except Stopped:
        # Cancelled, deleted or taken over: whoever did that has moved the row. Only the time limit is ours to say.
        allowed = span(settings.JOB_TIMEOUT.total_seconds())
        moves.fail(job, f"This job ran longer than {allowed} and was stopped. Split the file, or ask us for more time.")
    except UnknownReference as error:
        moves.fail(job, str(error))
    except ReferenceBroken as error:
        logger.error("job %s failed in attempt %d: %s", job.pk, job.attempt, error)  # noqa: TRY400  (it says all)
        moves.fail(job, str(error))
    except (EngineError, OSError) as error:
        # The stack without the message: that of an OSError names the file, and a stage's may quote a record.
        stack = "".join(traceback.format_tb(error.__traceback__))
        logger.error("job %s failed in attempt %d: %s\n%s", job.pk, job.attempt, type(error).__name__, stack)  # noqa: TRY400
        moves.fail(job, _our_fault(job))
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _work_directory(job: Job, attempt: int) -> Path:
    return Path(settings.WORK_DIR) / f"{job.pk}.{attempt}"


def _clear_earlier_attempts(job: Job) -> None:
    """Remove what a worker left that was killed while it wrote, or while it moved its files into the store."""
    if job.attempt == 1:
        return
    for attempt in range(1, job.attempt):
        shutil.rmtree(_work_directory(job, attempt), ignore_errors=True)
    _, results = job.keys
    file_store().remove_tree(results)  # nothing of a job that has not completed is published


def _wait_for_store(job: Job, error: StoreAway) -> None:
    """Give the job back to the queue for later: nothing is wrong with it or its file."""
    logger.warning("job %s put off in attempt %d: %s", job.pk, job.attempt, error.strerror)
    if job.attempt < MOST_ATTEMPTS:
        moves.hand_back(job, "the file store is away", delay_ms=STORE_PAUSE_MS)
    else:
        moves.fail(job, _our_fault(job))


def _our_fault(job: Job) -> str:
    return (
        "Something went wrong on our side, not with your file. Run it again; if it fails again, write to "
        f"{settings.CONTACT_EMAIL} and name job {job.short_id}."
    )


def _annotate_and_publish(job: Job, work: Path) -> None:
    lease = Lease(job)
    reference = reference_named(job.reference)
    output = work / "output"
    work.mkdir(parents=True, mode=0o700)
    with file_store().local(job.input_key, lease.beat) as source, own_sources(job) as own:
        task = Task(
            input=source,
            name=job.file_name,
            reference=reference.directory,
            output_dir=output,
            own_sources=own,
            haplotype_aware=job.haplotype_aware,
        )
        result = run_child(
            task,
            on_progress=lease.note,
            should_stop=lease.should_stop,
            timeout=settings.JOB_TIMEOUT.total_seconds(),
        )
    _publish(job, result, lease)


def _publish(job: Job, result: Result, lease: Lease) -> None:
    """Put the files under this attempt's own keys, then complete the row if it still bears the attempt.

    The files come first: a row that says completed has its files. When the row was taken meanwhile, they go again.
    """
    store = file_store()
    for file in result.files:
        store.adopt(file.path, f"{job.result_prefix}/{file.path.name}", lease.beat)
    rows = [
        ResultFile(
            job=job,
            kind=file.kind,
            file_name=file.path.name,
            key=f"{job.result_prefix}/{file.path.name}",
            size=file.size,
            sha256=file.sha256,
        )
        for file in result.files
    ]
    if not moves.complete(job, result.summary, rows):
        store.remove_tree(job.result_prefix)
