"""The one place where a job's status changes, and the deeds that go with each move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.notifications import notify
from annotations.availability import availability_of
from annotations.models import MOVES, Job, JobEvent, JobStatus, ResultFile, claimable_at
from annotations.queueing.costs import is_small, job_seconds
from annotations.queueing.turns import turns_for
from annotations.signals import annotation_completed
from gas_site.queues import send_after_commit

# A job that takes its worker down with it is not started a fourth time.
MAX_DEATHS = 3
# What is put off may be taken so much before its message comes: the clock of the worker that it wakes may be behind.
CLOCKS_DIFFER = timedelta(seconds=5)
MAX_NOTE = 200  # characters an event's note takes


def move(job_id: UUID, to: JobStatus, *, where: Q | None = None, note: str = "", **changes: Any) -> bool:
    """Move a job and write the event, in one transaction; return False when somebody else won.

    The UPDATE names the states it may come from, and ``where`` what else must still hold: of two that race, one
    changes the row and the other changes none.
    """
    sources = [source for source, targets in MOVES.items() if to in targets]
    rows = Job.objects.filter(where or Q(), pk=job_id, status__in=sources)
    with transaction.atomic():
        if not rows.update(status=to, **changes):
            return False
        JobEvent.objects.create(job_id=job_id, status=to, note=note[:MAX_NOTE])
    return True


def enqueue(job_id: UUID, reference: str, *, haplotype_aware: bool | None = None) -> bool:
    """Accept a checked job into the queue; the row is the outbox, the message follows the commit.

    None leaves the ticket's own choice of consequences.
    """
    chosen: dict[str, Any] = {} if haplotype_aware is None else {"haplotype_aware": haplotype_aware}
    ticket = Job.objects.select_related("user").only("user__plan", "input_size", "verdict").filter(pk=job_id).first()
    if ticket is None:
        return False
    now = timezone.now()
    [turn] = turns_for(ticket.user_id, [job_seconds(ticket)], now, premium=ticket.user.is_premium)
    looked_at = Q(awaits_upload=False)
    with transaction.atomic():
        won = move(
            job_id,
            JobStatus.PENDING,
            where=looked_at,
            reference=reference,
            queued_at=now,
            last_sent_at=now,
            small=is_small(ticket),
            **asdict(turn),
            **chosen,
        )
        if won:
            wake(job_id)
    return won


def wake(job_id: UUID, delay_ms: int | None = None) -> None:
    """Send the message that makes a worker look at the row, at once or later."""
    from annotations.actors import annotate  # noqa: PLC0415 (the actors import the domain)

    send_after_commit(annotate, str(job_id), delay_ms=delay_ms)


def claim(job_id: UUID, worker: str) -> Job | None:
    """Take a pending job under a lease, or return None when it is not there to be taken."""
    now = timezone.now()
    won = move(
        job_id,
        JobStatus.RUNNING,
        where=claimable_at(now),
        note=f"attempt by {worker}",
        worker=worker,
        attempt=F("attempt") + 1,
        started_at=now,
        lease_expires_at=now + settings.LEASE,
        progress_stage="",
        progress_fraction=0,
        progress_records=0,
    )
    return Job.objects.get(pk=job_id) if won else None


def renew(job: Job, *, stage: str, fraction: float, records: int) -> bool:
    """Prolong the lease and note the progress; False means cancelled, deleted or taken over: stop working."""
    return bool(
        Job.objects.filter(pk=job.pk, status=JobStatus.RUNNING, attempt=job.attempt, deleted_at=None).update(
            lease_expires_at=timezone.now() + settings.LEASE,
            progress_stage=stage[:40],
            progress_fraction=fraction,
            progress_records=records,
        )
    )


def _held(job: Job) -> Q:
    """Return the condition that this attempt still has the row: same fencing number, and running.

    Without the status, a worker that lost its lease could end a job that the sweep has put back into the queue.
    """
    return Q(attempt=job.attempt, status=JobStatus.RUNNING)


def complete(job: Job, summary: dict[str, Any], files: Sequence[ResultFile] = ()) -> bool:
    """Publish the result of this attempt with its files' rows, and tell the owner and the apps downstream.

    One transaction: whoever hears of the completion finds the rows.
    """
    with transaction.atomic():
        won = move(
            job.pk,
            JobStatus.COMPLETED,
            where=_held(job),
            summary=summary,
            finished_at=timezone.now(),
            lease_expires_at=None,
            progress_fraction=1,
            progress_records=summary.get("total", 0),
        )
        if won:
            ResultFile.objects.bulk_create(files)
            job.refresh_from_db()
            annotation_completed.send(Job, job=job)
            _tell(job, JobStatus.COMPLETED)
    return won


def fail(job: Job, reason: str, *, where: Q | None = None, **changes: Any) -> bool:
    """End a job with a sentence for its owner, and tell them."""
    with transaction.atomic():
        won = move(
            job.pk,
            JobStatus.FAILED,
            where=where if where is not None else _held(job),
            failure=reason,
            finished_at=timezone.now(),
            lease_expires_at=None,
            **changes,
        )
        if won:
            _tell(job, JobStatus.FAILED)
    return won


def hand_back(job: Job, note: str, delay_ms: int = 0) -> bool:
    """Return a running job to the queue: its worker is told to stop, or cannot do it before ``delay_ms``.

    It keeps its turn. A message about another job does not take it before its time, either.
    """
    # The sweep counts its patience from when the message arrives.
    sent = timezone.now() + timedelta(milliseconds=delay_ms)
    put_off = {"not_before": sent - CLOCKS_DIFFER if delay_ms else None, "last_sent_at": sent, "lease_expires_at": None}
    with transaction.atomic():
        won = move(job.pk, JobStatus.PENDING, where=_held(job), note=note, **put_off)
        if won:
            wake(job.pk, delay_ms or None)
    return won


def take_from_dead_worker(job: Job, now: datetime) -> bool:
    """Put a job whose lease ran out back into the queue, or end it when this happens the third time."""
    expired = _held(job) & Q(lease_expires_at__lt=now)
    if job.deaths + 1 >= MAX_DEATHS:
        return fail(job, worn_out(job), where=expired, deaths=F("deaths") + 1)
    with transaction.atomic():
        won = move(
            job.pk,
            JobStatus.PENDING,
            where=expired,
            note="worker lost",
            deaths=F("deaths") + 1,
            lease_expires_at=None,
            last_sent_at=now,
        )
        if won:
            wake(job.pk)
    return won


def worn_out(job: Job) -> str:
    """Return why a job is given up that took its worker down with it again and again."""
    return (
        f"The worker stopped {MAX_DEATHS} times while annotating this file, so we do not try again. "
        f"Write to {settings.CONTACT_EMAIL} and name job {job.short_id}."
    )


def leave_to_shards(job: Job, note: str, *, fraction: float) -> bool:
    """Give up the lease of a job that is cut: it runs on in this attempt, and its shards hold leases of their own.

    Its rows of shards belong into the same transaction.
    """
    with transaction.atomic():
        won = Job.objects.filter(_held(job), pk=job.pk).update(
            lease_expires_at=None, worker="", progress_stage="annotating", progress_fraction=fraction
        )
        if won:
            note_event(job, note)
    return bool(won)


def note_progress(job: Job, *, stage: str, fraction: float, records: int) -> None:
    """Write down how far the shards of a job are."""
    Job.objects.filter(_held(job), pk=job.pk).update(
        progress_stage=stage[:40], progress_fraction=fraction, progress_records=records
    )


def note_event(job: Job, note: str) -> None:
    """Write down what happened to a running job beside its moves."""
    JobEvent.objects.create(job_id=job.pk, status=JobStatus.RUNNING, note=note[:MAX_NOTE])


def begin_in_one_piece(job: Job) -> bool:
    """Put a job back into the queue that cannot be annotated in shards; what these have done is left over."""
    now = timezone.now()
    note = "needs one pass over the whole file"
    with transaction.atomic():
        won = move(
            job.pk,
            JobStatus.PENDING,
            where=_held(job),
            note=note,
            in_one_piece=True,
            expected_seconds=job_seconds(job, in_one_piece=True),
            lease_expires_at=None,
            last_sent_at=now,
        )
        if won:
            wake(job.pk)
    return won


def cancel(job: Job, note: str) -> bool:
    """Cancel a job that has not ended; the worker that runs it notices at its next renewal and stops."""
    return move(job.pk, JobStatus.CANCELLED, note=note, finished_at=timezone.now(), lease_expires_at=None)


def _tell(job: Job, outcome: JobStatus) -> None:
    availability = availability_of([job]).get(job.pk)
    due_at = availability.due_at if availability else None
    context = {
        "job_id": str(job.pk),
        "short_id": job.short_id,
        "outcome": outcome.value,
        "path": job.get_absolute_url(),
        "ready_until": _in_words(due_at.astimezone(job.user.zone)) if due_at else "",
    }
    notify(job.user, "job_ended", job.pk, context)


def _in_words(at: datetime) -> str:
    """Return a moment for a mail, with its time zone: "17:30 (Asia/Kolkata) on 25 November"."""
    return f"{at:%H:%M} ({at.tzinfo}) on {at.day} {at:%B}"
