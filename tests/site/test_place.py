"""Where a waiting job stands, and when it is expected to start."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from annotations.figures.words import soon
from annotations.models import Job, JobStatus
from annotations.queueing.claiming import claim_next
from annotations.queueing.place import Place, place_of, positions_of
from tests.site.factories import make_job, make_user
from tests.site.sharded import cut

pytestmark = pytest.mark.django_db
PENDING, RUNNING = JobStatus.PENDING, JobStatus.RUNNING


def waiting(seconds_ago: float = 0, **fields: Any) -> Job:
    return make_job(status=PENDING, created_at=timezone.now() - timedelta(seconds=seconds_ago), **fields)


def place(job: Job) -> Place | None:
    return place_of(Job.objects.get(pk=job.pk), timezone.now())


def test_the_place_counts_whose_turn_is_earlier(alice: User) -> None:
    first, second, third = waiting(120), waiting(60), waiting(60)
    Job.objects.filter(pk=third.pk).update(turn_at=second.turn_at)  # the same turn, queued later
    gone = waiting(300, deleted_at=timezone.now())
    later = waiting(300, not_before=timezone.now() + timedelta(minutes=1))
    make_job(alice, RUNNING)
    found = [place(job) for job in (first, second, third)]
    assert [each and each.position for each in found] == [1, 2, 3]
    assert place(later) == Place(0, None, put_off=later.not_before)
    assert place(gone)


@pytest.mark.parametrize("status", sorted(set(JobStatus) - {PENDING}))
def test_what_does_not_wait_has_no_place(status: JobStatus) -> None:
    assert place(make_job(status=status)) is None


def test_the_expected_start_is_the_work_ahead_shared_among_the_workers_that_hold_a_lease() -> None:
    make_job(status=RUNNING, expected_seconds=100, progress_fraction=0.5)
    make_job(status=RUNNING, expected_seconds=40, progress_fraction=0.25)
    dead = timezone.now() - timedelta(seconds=1)
    make_job(status=RUNNING, expected_seconds=900, progress_fraction=0, lease_expires_at=dead)
    head, _, last = waiting(30, expected_seconds=60), waiting(20, expected_seconds=20), waiting(10)
    assert place(head) == Place(1, 30.0)
    assert place(last) == Place(3, (50 + 30 + 60 + 20) / 2)


def test_a_small_job_stands_behind_small_ones_alone_and_starts_beside_large_work() -> None:
    for number in range(2):
        make_job(status=RUNNING, expected_seconds=100, progress_fraction=0.5, worker=f"host:{number}")
    waiting(60, expected_seconds=500)
    first, second, third = (waiting(30 - number, small=True, expected_seconds=2) for number in range(3))
    assert [place(job) for job in (first, second, third)] == [Place(1, 0.0), Place(2, 1.0), Place(3, 2.0)]
    make_job(status=RUNNING, expected_seconds=2, progress_fraction=0, worker="host:0", small=True)
    make_job(status=RUNNING, expected_seconds=4, progress_fraction=0.75, worker="host:1", small=True)
    assert place(first) == Place(1, 1.0)
    # Where a slot is free sooner and nobody's turn is before, it goes there.
    Job.objects.filter(status=PENDING, small=False).delete()
    Job.objects.filter(status=RUNNING, small=False).update(progress_fraction=127 / 128)
    assert place(first) == Place(1, 100 / 128)


def test_a_small_job_at_work_beside_large_ones_is_no_worker_for_those_that_wait() -> None:
    for left in (600, 500):
        make_job(status=RUNNING, expected_seconds=left, progress_fraction=0, worker="host:0")
    head, second = waiting(10, expected_seconds=300), waiting(5)
    expected = [Place(1, 500.0), Place(2, (600 + 500 + 300) / 2)]
    assert [place(head), place(second)] == expected
    make_job(status=RUNNING, expected_seconds=2, progress_fraction=0, worker="host:0", small=True)
    assert [place(head), place(second)] == expected
    # Where nothing else is at work, it is what tells of a worker.
    Job.objects.filter(status=RUNNING, small=False).delete()
    assert [place(head), place(second)] == [Place(1, 2.0), Place(2, 302.0)]


def test_without_a_worker_at_work_a_new_job_is_taken_at_once_and_an_old_one_says_that_none_is_seen() -> None:
    assert place(waiting(1)) == Place(1, 0.0)
    Job.objects.all().delete()
    old = waiting(60)
    assert place(old) == Place(1, None, worker_seen=False)
    make_job(status=JobStatus.COMPLETED)  # between two jobs
    assert place(old) == Place(1, 0.0)


def test_the_places_of_a_list_take_one_query_and_are_those_of_the_pages(
    alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    jobs = [waiting(60 - 10 * number, user=alice, small=number % 2 == 1) for number in range(5)]
    jobs += [waiting(90, not_before=timezone.now() + timedelta(minutes=1)), make_job(status=JobStatus.COMPLETED)]
    for genome in (cut(make_user(), parts=3), cut(make_user(), parts=2)):
        now = timezone.now() - timedelta(seconds=45)  # between the second job and the third
        genome.shards.update(turn_at=now)
    now = timezone.now()
    with django_assert_num_queries(1):
        found = positions_of(jobs, now)
    assert [found[job.pk] for job in jobs[:5]] == [1, 2, 5, 6, 7]
    assert len(found) == 5
    claimed = claim_next("host:1")
    assert isinstance(claimed, Job)
    assert claimed.pk == jobs[0].pk
    jobs[0].refresh_from_db()
    found = positions_of(jobs, now)
    assert [found[job.pk] for job in jobs[1:5]] == [1, 4, 2, 6]
    for job in Job.objects.filter(pk__in=found):
        assert place(job) is not None
        assert found[job.pk] == place_of(job, now).position  # type: ignore[union-attr]
    with django_assert_num_queries(0):
        assert positions_of(jobs[6:], now) == {}


def test_a_place_takes_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    make_job(status=RUNNING)
    job = waiting(5)
    with django_assert_num_queries(1):
        place_of(job, timezone.now())


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "in a few seconds"),
        (30, "in less than a minute"),
        (50, "in about 1 minute"),
        (130, "in about 2 minutes"),
        (3_600, "in about 60 minutes"),
        (8_000, "in about 2 hours"),
    ],
)
def test_a_start_is_told_no_finer_than_it_can_be_known(seconds: float, text: str) -> None:
    assert soon(seconds) == text
