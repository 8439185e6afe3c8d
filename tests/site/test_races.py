"""Threads that really race, each on a connection of its own: one wins, every time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Notification, Plan, PlanChange
from accounts.notifications import deliver, notify
from accounts.plans import set_plan
from annotations import moves, sweep
from annotations.models import Job, JobEvent, JobStatus, Shard
from annotations.queueing.claiming import claim_next
from annotations.queueing.waking import send_what_is_missing
from annotations.sharding import moves as shard_moves
from annotations.sharding.sweep import sweep_shards
from tests.site.conftest import Sent
from tests.site.factories import SUMMARY, make_job, make_user
from tests.site.sharded import cut, states, take

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def plans() -> None:
    """Put back the rows of the migrations, which a test with real transactions empties afterwards."""
    for slug in (Plan.FREE, Plan.PREMIUM):
        Plan.objects.get_or_create(slug=slug, defaults={"name": slug.title()})


def at_once(*deeds: Callable[[], object]) -> list[object]:
    """Run the deeds in threads that start together; return what each returned or raised."""
    barrier = threading.Barrier(len(deeds))
    results: list[object] = [None] * len(deeds)

    def run(number: int, deed: Callable[[], object]) -> None:
        try:
            barrier.wait()
            results[number] = deed()
        except Exception as error:  # noqa: BLE001 (handed to the test)
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_of_six_workers_one_claims_the_job() -> None:
    job = make_job(status=JobStatus.PENDING)
    claims = at_once(*[lambda: moves.claim(job.pk, "host")] * 6)
    assert sum(isinstance(claim, Job) for claim in claims) == 1
    assert claims.count(None) == 5
    assert Job.objects.get(pk=job.pk).attempt == 1
    assert JobEvent.objects.filter(job=job, status=JobStatus.RUNNING).count() == 1


def test_of_cancel_and_complete_one_wins(sent: list[Sent]) -> None:
    for _ in range(5):
        job = make_job(status=JobStatus.RUNNING)
        same = Job.objects.get(pk=job.pk)
        cancelled, completed = at_once(partial(moves.cancel, job, "owner"), partial(moves.complete, same, SUMMARY))
        assert {cancelled, completed} == {True, False}
        status = Job.objects.get(pk=job.pk).status
        assert status == (JobStatus.CANCELLED if cancelled else JobStatus.COMPLETED)
        assert Notification.objects.filter(about=str(job.pk)).exists() is completed


def test_two_sweeps_at_once_send_a_forgotten_job_once(sent: list[Sent]) -> None:
    job = make_job(status=JobStatus.PENDING, last_sent_at=timezone.now() - timedelta(hours=1))
    assert at_once(send_what_is_missing, send_what_is_missing) == [None, None]
    assert sent == [Sent("annotate", (str(job.pk),))]


def test_two_sweeps_at_once_count_a_death_once(sent: list[Sent]) -> None:
    job = make_job(status=JobStatus.RUNNING, lease_expires_at=timezone.now() - timedelta(minutes=1))
    assert at_once(sweep.take_from_dead_workers, sweep.take_from_dead_workers) == [None, None]
    fresh = Job.objects.get(pk=job.pk)
    assert (fresh.status, fresh.deaths) == (JobStatus.PENDING, 1)
    assert len(sent) == 1


def test_a_plan_changed_by_four_at_once_changes_once() -> None:
    user = make_user()
    premium = Plan.objects.get(pk=Plan.PREMIUM)
    results = at_once(*[lambda: set_plan(user, premium, reason="paid")] * 4)
    assert sorted(map(str, results)) == ["False", "False", "False", "True"]
    assert PlanChange.objects.count() == 1


def test_a_notification_noted_and_sent_by_three_at_once_goes_once(sent: list[Sent], mailoutbox: list[object]) -> None:
    user = make_user()
    context = {"job_id": "1", "short_id": "1", "outcome": "completed", "path": "/"}
    assert at_once(*[lambda: notify(user, "job_ended", "1", context)] * 3) == [None] * 3
    row = Notification.objects.get()
    assert sent == [Sent("send_notification", (str(row.pk),))]
    delivered = at_once(*[lambda: deliver(row.pk)] * 3)
    assert sorted(map(str, delivered)) == ["False", "False", "True"]
    assert len(mailoutbox) == 1


def test_workers_woken_together_each_take_another_job_and_none_takes_one_twice() -> None:
    now = timezone.now()
    jobs = [make_job(status=JobStatus.PENDING, created_at=now + timedelta(seconds=number)) for number in range(4)]
    claimed = at_once(*[partial(claim_next, f"host:{number}") for number in range(6)])
    taken: list[object] = [each.pk for each in claimed if isinstance(each, Job)]
    assert claimed.count(None) == 6 - len(taken)
    # Where one is passed over because another is just taking it, the next message takes it.
    while late := claim_next("host:late"):
        taken.append(late.pk)
    assert sorted(map(str, taken)) == sorted(str(job.pk) for job in jobs)
    assert set(Job.objects.values_list("attempt", flat=True)) == {1}


def test_of_two_parts_that_end_together_one_lets_gather_and_one_worker_gathers(sent: list[Sent]) -> None:
    for _ in range(5):
        job = cut(make_user(), parts=2)
        before = len(sent)
        assert at_once(*[partial(shard_moves.done, take()) for _ in range(2)]) == [True, True]
        assert states(job) == ["done", "done", "waiting"]
        assert len(sent) == before + 1
        claimed = at_once(*[partial(claim_next, f"host:{number}") for number in range(3)])
        assert len(claimed) - claimed.count(None) == 1
        moves.cancel(job, "over")


def test_two_sweeps_at_once_count_the_death_of_a_shard_once(sent: list[Sent]) -> None:
    cut(make_user(), parts=1)
    shard = take()
    Shard.objects.filter(pk=shard.pk).update(lease_expires_at=timezone.now() - timedelta(minutes=1))
    assert at_once(sweep_shards, sweep_shards, sweep_shards) == [None, None, None]
    fresh = Shard.objects.get(pk=shard.pk)
    assert (fresh.state, fresh.deaths) == ("waiting", 1)


def test_two_sweeps_at_once_clear_what_is_left_over(sent: list[Sent], files: Path) -> None:
    job = cut(make_user(), parts=2)
    moves.cancel(job, "over")
    assert at_once(sweep_shards, sweep_shards) == [None, None]
    assert not Shard.objects.exists()
