"""What a worker takes while others are just taking what stands before it, as only PostgreSQL lets it see."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from annotations.models import Job, JobStatus, Shard
from annotations.queueing.claiming import claim_next
from tests.billing.conftest import make_plans
from tests.site.conftest import Sent
from tests.site.factories import make_job, make_user
from tests.site.sharded import cut

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
