"""What workers and the sweep do while others hold rows that they want, as only PostgreSQL lets them see."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from annotations.models import Job, JobStatus, Shard
from annotations.queueing.claiming import claim_next
from annotations.sharding import moves as shard_moves
from tests.billing.conftest import make_plans
from tests.site.conftest import Sent
from tests.site.factories import make_job, make_user
from tests.site.sharded import cut, take

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("first", [Job, Shard])
def test_a_worker_woken_for_a_shard_takes_it_while_another_is_taking_the_only_job_and_the_other_way_round(
    first: type[Job] | type[Shard], sent: list[Sent]
) -> None:
    make_plans()
    cut(make_user(), parts=1)
    make_job(status=JobStatus.PENDING)
    waiting = first.objects.claimable(timezone.now())
    waiting.update(turn_at=timezone.now() - timedelta(hours=1))
    claimed: list[object] = []

    def claim() -> None:
        try:
            claimed.append(claim_next("host:2"))
        finally:
            connection.close()

    with transaction.atomic():
        assert waiting.select_for_update().get()
        another = threading.Thread(target=claim)
        another.start()
        another.join()
    assert isinstance(claimed[0], Shard if first is Job else Job)


def test_a_shard_that_breaks_off_waits_for_the_purge_of_its_job_and_holds_nothing_that_this_wants(
    sent: list[Sent],
) -> None:
    make_plans()
    job = cut(make_user(), parts=1)
    shard = take()
    broken_off: list[bool] = []

    def break_off() -> None:
        try:
            broken_off.append(shard_moves.break_off(shard, "worn out"))
        finally:
            connection.close()

    with transaction.atomic():
        assert Job.objects.select_for_update().get() == job
        another = threading.Thread(target=break_off)
        another.start()
        while not somebody_waits_for_us():
            assert another.is_alive()
        Shard.objects.select_for_update(nowait=True).get(pk=shard.pk)
        job.delete()
    another.join()
    assert broken_off == [False]


def somebody_waits_for_us() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        )
        return bool(cursor.fetchone()[0])
