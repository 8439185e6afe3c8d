"""Whose turn it is: people take turns, whatever each has sent; nobody starves; premium goes a little faster."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Plan, User
from annotations import moves
from annotations.models import Job, JobStatus, Shard
from annotations.queueing import costs, turns
from annotations.queueing.claiming import claim_next
from tests.site.conftest import Sent
from tests.site.factories import VERDICT, make_job, make_user

pytestmark = pytest.mark.django_db
MEGABYTE = 1_000_000
UPLOADING, PENDING, RUNNING = JobStatus.UPLOADING, JobStatus.PENDING, JobStatus.RUNNING


@pytest.fixture(autouse=True)
def quiet(sent: list[Sent]) -> None:
    """Send nothing: here a worker comes by when the test says so."""


def send(user: User, size: int = MEGABYTE) -> Job:
    """Have a person send a file of so many bytes, which takes 1 s and 0.2 s a megabyte."""
    ticket = make_job(user, UPLOADING, input_size=size)
    assert moves.enqueue(ticket.pk, "rCRS")
    return Job.objects.get(pk=ticket.pk)


def claimed() -> Job | None:
    """Let a worker take what is next."""
    piece = claim_next("host:1")
    assert not isinstance(piece, Shard)
    return piece


def served(most: int = 1_000) -> list[User]:
    """Let one worker take jobs until none is left, or so many; return whose they were."""
    owners: list[User] = []
    while len(owners) < most and (job := claimed()):
        moves.complete(job, {"total": 1})
        owners.append(job.user)
    return owners


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(timezone, "now", lambda: moment)


def test_one_persons_jobs_are_annotated_in_the_order_they_were_sent(alice: User) -> None:
    jobs = [send(alice, size) for size in (5 * MEGABYTE, 10, MEGABYTE)]
    assert [claim_next("host:1") for _ in jobs] == jobs
    assert claim_next("host:1") is None


def test_a_newcomer_goes_before_what_is_left_of_a_thousand_jobs_of_somebody_else(alice: User, bob: User) -> None:
    now = timezone.now()
    given = turns.turns_for(alice.pk, [2.0] * 1_000, now, premium=False)
    row = {"status": PENDING, "queued_at": now}
    Job.objects.bulk_create(Job(user=alice, reference="rCRS", **row, **asdict(turn)) for turn in given)
    assert served(10) == [alice] * 10
    send(bob)
    send(bob)
    # Alice has had twenty seconds' worth in no time: what Bob sends within these goes before the rest.
    assert served(5) == [bob, bob, alice, alice, alice]
    assert [job.user for job in Job.objects.claimable(timezone.now())] == [alice] * 987


def test_people_with_many_jobs_take_turns_by_what_these_cost(alice: User, bob: User) -> None:
    for _ in range(4):
        send(alice, 40 * MEGABYTE)
    for _ in range(40):
        send(bob, 4 * MEGABYTE)
    order = served()
    # A job of Alice's costs as much as five of Bob's, each with the second that every job takes to start.
    assert order[:2] == [alice, bob]
    assert [order[:n].count(bob) for n in (7, 13, 19)] == [5, 10, 15]


def test_workers_that_are_behind_the_clock_do_not_put_newcomers_behind_what_is_overdue(
    alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    at(monkeypatch, now)
    for _ in range(20):
        send(alice)
    at(monkeypatch, now + timedelta(minutes=30))  # and not one was taken: they all are overdue
    send(bob)
    assert served(3) == [alice, bob, alice]


def test_whoever_comes_after_the_longest_credit_stands_behind_however_many_there_are(
    alice: User, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    now = timezone.now()
    at(monkeypatch, now)
    send(alice)
    late = send(alice)
    at(monkeypatch, now + turns.LONGEST_CREDIT + settings.PREMIUM_LEAD + timedelta(seconds=5))
    for number in range(20):
        send(make_user(plan=Plan.PREMIUM if number % 2 else Plan.FREE), 10)
    assert served(2) == [alice, alice]
    assert late.turn_at == Job.objects.get(pk=late.pk).turn_at


def test_a_turn_is_kept_when_a_worker_hands_the_job_back_or_dies(alice: User, bob: User) -> None:
    first = send(alice)
    send(bob)
    taken = claimed()
    assert taken == first
    assert moves.hand_back(taken, "worker shut down")
    taken = claimed()
    assert (taken, taken and taken.attempt) == (first, 2)
    Job.objects.filter(pk=first.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    assert moves.take_from_dead_worker(Job.objects.get(pk=first.pk), timezone.now())
    assert claim_next("host:1") == first


def test_premium_goes_before_what_came_a_little_earlier_and_not_before_what_came_long_before(
    alice: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PREMIUM_LEAD = timedelta(seconds=30)
    now = timezone.now()
    people = [make_user() for _ in range(3)]
    for person, seconds in zip(people, (60, 20, 10), strict=True):
        make_job(person, PENDING, created_at=now - timedelta(seconds=seconds))
    Job.objects.filter(user=people[0]).update(share_from=now)  # not overdue: the clock is the virtual time
    at(monkeypatch, now)
    payer = make_user(plan=Plan.PREMIUM)
    send(payer)
    assert served() == [people[0], payer, people[1], people[2]]


def test_premium_pieces_cost_a_part_and_only_the_first_of_them_goes_ahead(bob: User, settings: Settings) -> None:
    settings.PREMIUM_WEIGHT = 4
    payer = make_user(plan=Plan.PREMIUM)
    for _ in range(12):
        send(payer, 20 * MEGABYTE)
    for _ in range(4):
        send(bob, 20 * MEGABYTE)
    order = served()
    assert order[:2] == [payer, bob]
    assert [order[:n].count(bob) for n in (7, 12)] == [2, 3]


def test_a_premium_newcomer_waits_for_no_more_than_one_job_of_a_crowd(bob: User) -> None:
    for _ in range(20):
        send(make_user())
    payer = make_user(plan=Plan.PREMIUM)
    send(payer)
    assert served(1) == [payer]


def test_without_a_lane_premium_waits_like_everybody(bob: User, settings: Settings) -> None:
    settings.PREMIUM_WEIGHT, settings.PREMIUM_LEAD = 1, timedelta(0)
    payer = make_user(plan=Plan.PREMIUM)
    send(bob)
    send(payer)
    send(payer)
    send(bob)
    assert served() == [bob, payer, payer, bob]


def test_what_is_put_off_is_not_taken_before_its_time_by_a_message_about_another(
    alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = send(alice), send(bob)
    taken = claimed()
    assert taken is not None
    assert moves.hand_back(taken, "the file store is away", delay_ms=120_000)
    assert claim_next("host:1") == second
    assert claim_next("host:1") is None
    later = timezone.now() + timedelta(seconds=119)  # when the message comes, by a clock that is a second behind
    at(monkeypatch, later)
    assert claim_next("host:1") == first


def test_a_deleted_job_is_passed_over(alice: User, bob: User) -> None:
    gone, second = send(alice), send(bob)
    Job.objects.filter(pk=gone.pk).update(deleted_at=timezone.now())
    assert claim_next("host:1") == second


def test_what_a_job_costs_follows_its_size_and_the_rate_of_the_last_jobs(alice: User) -> None:
    ticket = make_job(alice, UPLOADING, input_size=10_000_000)
    assert costs.job_seconds(ticket) == 3
    ticket.verdict = {**VERDICT, "compression": "bgzf"}
    assert costs.job_seconds(ticket) == 11
    now = timezone.now()
    for seconds in (6, 11, 21):
        done: dict[str, Any] = {
            "input_size": 10_000_000,
            "started_at": now - timedelta(seconds=seconds),
            "finished_at": now,
        }
        make_job(alice, JobStatus.COMPLETED, **done)
    assert costs.measured_rate() == pytest.approx(1_000_000)
    assert costs.job_seconds(ticket) == pytest.approx(51)


def test_small_jobs_tell_nothing_of_the_rate(alice: User) -> None:
    now = timezone.now()
    make_job(alice, JobStatus.COMPLETED, input_size=1_000, started_at=now - timedelta(seconds=9), finished_at=now)
    assert costs.measured_rate() == costs.DEFAULT_RATE
