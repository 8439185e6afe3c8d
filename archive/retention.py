"""When results go cold: what a completion, a change of plan and staff say about it."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import Plan, PlanChange, User
from accounts.notifications import notify
from accounts.plans import lock
from annotations.figures.words import span
from annotations.models import COLD_KINDS, Job
from archive import waking
from archive.models import Holding, HoldingFile, HoldingState
from archive.moves import move, without_claim
from archive.policy import due_at, large_enough, stays
from archive.requests import ask_back


def hold(job: Job) -> Holding:
    """Make the holding of a job that has just been completed, inside that transaction.

    The owner's row is locked: a change of plan either is seen here, or sees the new holding.
    """
    with transaction.atomic():
        owner = lock(job.user_id)
        now = timezone.now()
        holding = Holding.objects.create(job=job, owner=owner, since=now)
        HoldingFile.objects.bulk_create(
            HoldingFile(holding=holding, kind=file.kind, key=file.key, size=file.size, sha256=file.sha256)
            for file in job.files.filter(kind__in=COLD_KINDS)
        )
        holding.due_at = due_at(holding, owner.plan, now)
        if holding.due_at:
            holding.wake_at = waking.hop(holding.due_at, now)
            holding.save(update_fields=["due_at", "wake_at"])
            waking.send(holding.pk, holding.wake_at)
    return holding


def follow_plan(user: User, before: Plan, after: Plan) -> None:
    """Act on a change of plan, inside its transaction, in which the user's row is locked."""
    if after.retention is None:
        keep(user)
        return
    # What is being archived stays cold when it is done; what is being restored is restored, then its time starts.
    Holding.objects.of(user).filter(state=HoldingState.ARCHIVING).update(request=None)
    count = start_retention(user, after.retention)
    if before.retention is None or after.retention < before.retention:
        _tell(user, after.retention, count)


def keep(user: User) -> None:
    """Call off what was to go cold, and ask everything back."""
    available = Holding.objects.of(user).filter(state=HoldingState.AVAILABLE)
    available.exclude(due_at=None).update(due_at=None)
    ask_back(user, "upgrade")


def start_retention(user: User, retention: timedelta) -> int:
    """Give every available result a full retention from now; return how many there are."""
    now = timezone.now()
    due = now + retention
    stop = waking.hop(due, now)
    available = large_enough(Holding.objects.of(user).filter(state=HoldingState.AVAILABLE))
    keys = list(available.values_list("pk", flat=True))
    # A row that a worker holds, to tidy it, keeps the end of its lease; its worker sends the next message.
    available.filter(lease_expires_at=None, untidy=False).update(due_at=due, wake_at=stop)
    available.update(due_at=due)
    for pk in keys:
        waking.send(pk, stop)
    return len(keys)


def _tell(user: User, retention: timedelta, count: int) -> None:
    change = PlanChange.objects.filter(user=user).first()
    context = {"length": span(retention.total_seconds()), "count": count, "path": reverse("annotations:list")}
    notify(user, "results_go_cold", change.pk if change else user.pk, context)


def archive_now(holding: Holding) -> bool:
    """Make an available result due at once, for staff; False where its owner's plan keeps it, or it is too small."""
    now = timezone.now()
    with transaction.atomic():
        owner = lock(holding.owner_id)
        if owner.plan.retention is None or stays(holding):
            return False
        available = Holding.objects.filter(pk=holding.pk, state=HoldingState.AVAILABLE)
        won = bool(available.update(due_at=now, retry_at=None, wake_at=now))
        if won:
            waking.send(holding.pk)
    return won


def call_off(holding: Holding) -> bool:
    """Stop what is planned or under way, for staff: the copy that counted before counts again.

    A worker at it finds its claim gone. What it has written so far is removed by the next one.
    """
    back = {HoldingState.ARCHIVING: HoldingState.AVAILABLE, HoldingState.RESTORING: HoldingState.ARCHIVED}
    with transaction.atomic():
        for state, before in back.items():
            stopped = move(
                holding.pk,
                before,
                where=Q(state=state),
                note="called off by staff",
                **without_claim(),
                untidy=True,
                wake_at=timezone.now(),
                due_at=None,
                request=None,
                tier="",
                expected_at=None,
            )
            if stopped:
                waking.send(holding.pk)
                return True
    pending = Holding.objects.filter(pk=holding.pk, state=HoldingState.AVAILABLE).exclude(due_at=None)
    return bool(pending.update(due_at=None))
