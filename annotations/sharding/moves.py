"""The one place where a shard's state changes: conditional updates, so that of two that race one wins.

A shard is fenced twice: by its own attempt, and by that of its job, which must still run and not be deleted. So the
shards of a job that was cancelled, deleted or begun anew stop by themselves, and none of them is claimed again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, Sum
from django.utils import timezone

from annotations import moves
from annotations.engine.sharding.cut_file import Part
from annotations.engine.task import Progress
from annotations.models import SHARD_MOVES, Job, JobStatus, Shard, ShardState
from annotations.models.shards import shard_claimable_at, still_wanted
from annotations.queueing.costs import shard_seconds
from annotations.queueing.turns import turns_for
from gas_site.queues import send_after_commit

#: The shares of a job's progress that cutting and gathering have; the rest is the shards'.
CUTTING, GATHERING = 0.1, 0.1


def move(shard_id: int, to: ShardState, *, where: Q | None = None, **changes: Any) -> bool:
    """Move a shard; return False when somebody else won. What must still hold beside the table stands in ``where``."""
    sources = [source for source, targets in SHARD_MOVES.items() if to in targets]
    return bool(Shard.objects.filter(where or Q(), pk=shard_id, state__in=sources).update(state=to, **changes))


def expect_files(job: Job) -> bool:
    """Write a row before the first part is in the store: if cutting is killed, the sweep finds by it what is there.

    A part that is held back: nobody takes it, and while it is there nobody gathers. ``begin`` puts the parts' own rows
    in its place. False where the job has ended meanwhile; whoever purges a deleted one waits until the row is there.
    """
    turn = {"turn_at": job.turn_at, "share_from": job.share_from, "share_until": job.share_until}
    held = {"state": ShardState.HELD, "queued_at": timezone.now()}
    same = Job.objects.filter(pk=job.pk, attempt=job.attempt, status=JobStatus.RUNNING, deleted_at=None)
    with transaction.atomic():
        wanted = same.select_for_update().first() is not None
        if wanted:
            Shard.objects.create(job=job, job_attempt=job.attempt, number=0, **held, **turn)
    return wanted


def begin(job: Job, parts: Sequence[Part]) -> bool:
    """Leave a job to its shards, whose files are in the store: their rows and the job's in one transaction."""
    now = timezone.now()
    costs = shard_seconds(job, [part.records for part in parts])
    turns = turns_for(job.user_id, costs, now, premium=job.user.is_premium)
    common = {"job": job, "job_attempt": job.attempt, "queued_at": now, "last_sent_at": now}
    rows = [
        Shard(number=part.number, file=part.file, size=part.size, records=part.records, **common, **vars(turn))
        for part, turn in zip(parts, turns, strict=False)
    ]
    gathering = Shard(number=len(rows), gathers=True, state=ShardState.HELD, **common, **vars(next(turns)))
    with transaction.atomic():
        if not moves.leave_to_shards(job, f"cut into {len(rows)} shards", fraction=CUTTING):
            return False
        Shard.objects.of(job).delete()
        for shard in Shard.objects.bulk_create([*rows, gathering])[:-1]:
            wake(shard)
    return True


def wake(shard: Shard, delay_ms: int | None = None) -> None:
    """Send the message that makes a worker look for what is next, at once or later."""
    from annotations.actors import annotate_shard  # noqa: PLC0415 (the actors import the domain)

    send_after_commit(annotate_shard, str(shard.pk), delay_ms=delay_ms)


def claim(shard_id: int, worker: str) -> Shard | None:
    """Take a waiting shard under a lease, or return None when it is not there to be taken."""
    now = timezone.now()
    won = move(
        shard_id,
        ShardState.RUNNING,
        where=shard_claimable_at(now),
        attempt=F("attempt") + 1,
        worker=worker,
        started_at=now,
        lease_expires_at=now + settings.LEASE,
        progress_fraction=0,
        progress_records=0,
    )
    if not won:
        return None
    return fenced(Shard.objects.select_related("job__user").get(pk=shard_id))


def fenced(shard: Shard) -> Shard:
    """Return a shard whose job bears the attempt that was cut: what is done to it later fails in another attempt."""
    shard.job.attempt = shard.job_attempt
    return shard


def renew(shard: Shard, progress: Progress) -> bool:
    """Prolong the lease and add the progress to the job's; False means that shard or job is not ours: stop."""
    lease = timezone.now() + settings.LEASE
    told = {"progress_fraction": progress.fraction, "progress_records": 0 if shard.gathers else progress.records}
    if not Shard.objects.filter(_held(shard), pk=shard.pk).update(lease_expires_at=lease, **told):
        return False
    _sum_up(shard, progress)
    return True


def _sum_up(shard: Shard, progress: Progress) -> None:
    """Write down how far the job is: the sum over its shards."""
    sums = Shard.objects.of(shard.job).parts().aggregate(done=Sum("progress_records"), all=Sum("records"))
    share = sums["done"] / sums["all"] if sums["all"] else 1.0
    fraction = CUTTING + (1 - CUTTING - GATHERING) * share + GATHERING * shard.gathers * progress.fraction
    stage = progress.stage if shard.gathers else "annotating"
    moves.note_progress(shard.job, stage=stage, fraction=min(fraction, 1.0), records=sums["done"])


def _held(shard: Shard) -> Q:
    """Return the condition that this attempt of a shard still has the row, and that its job wants it."""
    return Q(still_wanted(), attempt=shard.attempt, state=ShardState.RUNNING)


def done(shard: Shard) -> bool:
    """Note that a shard's files are in the store; the last part of all makes the gathering claimable.

    In a transaction of its own, after that of the shard: of two parts that end together, neither would see the other.
    """
    ended: dict[str, Any] = {"finished_at": timezone.now(), "lease_expires_at": None, "progress_fraction": 1}
    won = move(shard.pk, ShardState.DONE, where=_held(shard), progress_records=shard.records, **ended)
    if won and not shard.gathers:
        _sum_up(shard, Progress("annotating", 1, shard.records))
        let_gather(shard.job)
    return won


def let_gather(job: Job) -> bool:
    """Let a worker gather once all parts are done; of several that ask, one makes it so and sends the message."""
    now = timezone.now()
    undone = Shard.objects.filter(job_id=OuterRef("job_id"), job_attempt=OuterRef("job_attempt"), gathers=False)
    ready = Q(still_wanted()) & ~Q(Exists(undone.exclude(state=ShardState.DONE)))
    gathering = Shard.objects.of(job).filter(gathers=True, state=ShardState.HELD).first()
    if gathering is None:
        return False
    with transaction.atomic():
        won = move(gathering.pk, ShardState.WAITING, where=ready, last_sent_at=now)
        if won:
            wake(gathering)
    return won


def give_back(shard: Shard, delay_ms: int = 0) -> bool:
    """Return a running shard to the queue: its worker is told to stop, or cannot do it before ``delay_ms``."""
    sent = timezone.now() + timedelta(milliseconds=delay_ms)
    not_before = sent - moves.CLOCKS_DIFFER if delay_ms else None
    with transaction.atomic():
        won = move(
            shard.pk,
            ShardState.WAITING,
            where=_held(shard),
            lease_expires_at=None,
            last_sent_at=sent,
            not_before=not_before,
        )
        if won:
            wake(shard, delay_ms or None)
    return won


def break_off(shard: Shard, reason: str, *, where: Q | None = None) -> bool:
    """Try a shard again that broke off; the third time its job ends with ``reason``, a sentence for its owner."""
    held = _held(shard) & (where or Q())
    with transaction.atomic():
        # The job's row first, as whoever purges the job has it: each would else wait for what the other holds.
        Job.objects.select_for_update().filter(pk=shard.job_id).values_list("pk").first()
        won = move(
            shard.pk,
            ShardState.WAITING,
            where=held,
            deaths=F("deaths") + 1,
            lease_expires_at=None,
            last_sent_at=timezone.now(),
        )
        if not won:
            return False
        if shard.deaths + 1 >= moves.MAX_DEATHS:
            return moves.fail(shard.job, reason)
        moves.note_event(shard.job, f"{shard.what} broke off in its attempt {shard.attempt}")
        wake(shard)
    return True


def take_from_dead_worker(shard: Shard, now: datetime) -> bool:
    """Put a shard whose lease ran out back into the queue, or end its job when this happens the third time."""
    return break_off(shard, moves.worn_out(shard.job), where=Q(lease_expires_at__lt=now))
