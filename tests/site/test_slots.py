"""A worker whose slots are all at large work takes small jobs beside them; no wake-up call is lost by that."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from queue import Queue
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Plan
from annotations import moves
from annotations.models import Job, JobStatus, PrivateSource, Shard
from annotations.queueing import costs, slots
from annotations.queueing.slots import next_piece
from tests.site.conftest import Sent
from tests.site.factories import VERDICT, make_job, make_user
from tests.site.sharded import cut

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE_SECONDS = 20
Piece = Job | Shard | None


@pytest.fixture(autouse=True)
def one_slot(sent: list[Sent], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have one slot, look often, keep a call as long as a test takes; send nothing."""
    for slug in (Plan.FREE, Plan.PREMIUM):
        Plan.objects.get_or_create(slug=slug, defaults={"name": slug.title()})
    monkeypatch.setattr(slots, "LOOK_EVERY_SECONDS", 0.02)
    monkeypatch.setattr(slots, "HOLD_SECONDS", PATIENCE_SECONDS)
    slots.slots.limit(1)
    yield
    slots.slots.limit(math.inf)


def small(**fields: Any) -> Job:
    return make_job(make_user(), JobStatus.PENDING, small=True, **fields)


class Thread:
    """A thread of the worker: woken once, it works on what it gets until it is told that this is done."""

    def __init__(self) -> None:
        self.got: Queue[Piece] = Queue()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def piece(self) -> Piece:
        return self.got.get(timeout=PATIENCE_SECONDS)

    def end(self) -> None:
        self._done.set()
        self._thread.join(PATIENCE_SECONDS)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        try:
            with next_piece("host:1") as piece:
                self.got.put(piece)
                self._done.wait(PATIENCE_SECONDS)
        finally:
            connection.close()


@contextmanager
def woken() -> Iterator[Thread]:
    thread = Thread()
    try:
        yield thread
    finally:
        thread.end()


def test_a_small_job_is_taken_while_the_only_slot_is_at_a_shard_and_a_large_one_is_not() -> None:
    cut(make_user(), parts=2)
    with woken() as first, woken() as second:
        assert isinstance(first.piece(), Shard)
        assert second.got.empty(), "the other shard is not for it"
        job = small()
        assert second.piece() == job
    assert list(Shard.objects.values_list("state", flat=True)) == ["running", "waiting", "held"]


def test_the_call_that_is_kept_in_hand_goes_to_the_slot_that_becomes_free() -> None:
    cut(make_user(), parts=2)
    with woken() as at_work:
        assert isinstance(at_work.piece(), Shard)
        with woken() as waiting:
            at_work.end()
            taken = waiting.piece()
            assert isinstance(taken, Shard)
            assert taken.number == 1


def test_the_small_job_whose_turn_is_first_goes_first_and_premium_keeps_its_lane(settings: Settings) -> None:
    settings.PREMIUM_LEAD = timedelta(seconds=30)
    cut(make_user(), parts=1)
    with woken() as shard:
        assert isinstance(shard.piece(), Shard)
        people = [make_user(), make_user(plan=Plan.PREMIUM)]
        jobs = []
        for person in people:
            ticket = make_job(person, JobStatus.UPLOADING)
            assert moves.enqueue(ticket.pk, "rCRS")
            jobs.append(Job.objects.get(pk=ticket.pk))
        for expected in reversed(jobs):
            with woken() as thread:
                assert thread.piece() == expected


def test_small_jobs_leave_the_slot_to_large_ones() -> None:
    now = timezone.now()
    jobs = [small(created_at=now - timedelta(minutes=2)), small(created_at=now - timedelta(minutes=1))]
    large = make_job(make_user(), JobStatus.PENDING)
    with woken() as first, woken() as second, woken() as third:
        taken = [first.piece(), second.piece(), third.piece()]
    assert sorted(map(str, taken)) == sorted(map(str, [*jobs, large]))


def test_a_call_too_many_is_not_kept() -> None:
    cut(make_user(), parts=1)
    with woken() as first, woken() as second:
        assert isinstance(first.piece(), Shard)
        assert second.piece() is None


def test_a_call_that_is_not_used_for_long_is_sent_on_to_whoever_is_idle(
    sent: list[Sent], monkeypatch: pytest.MonkeyPatch
) -> None:
    cut(make_user(), parts=2)
    waiting = Shard.objects.get(number=1)
    monkeypatch.setattr(slots, "HOLD_SECONDS", 0.05)
    with woken() as first:
        assert isinstance(first.piece(), Shard)
        sent.clear()
        with woken() as second:
            assert second.piece() is None
    assert sent == [Sent("annotate_shard", (str(waiting.pk),))]
    make_job(make_user(), JobStatus.PENDING, created_at=timezone.now() - timedelta(hours=1))
    with woken() as first:
        first.piece()
        sent.clear()
        with woken() as second:
            assert second.piece() is None
    assert [message.actor for message in sent] == ["annotate_shard"]


def test_a_process_that_is_told_to_stop_claims_nothing_and_sends_the_call_on(
    sent: list[Sent], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = small()
    monkeypatch.setattr(slots.slots, "stopping", True)
    with woken() as thread:
        assert thread.piece() is None
    assert sent == [Sent("annotate", (str(job.pk),))]


def test_what_goes_wrong_while_claiming_leaves_the_slot_free(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: Any, **options: Any) -> Any:
        raise RuntimeError("the database is away")

    cut(make_user(), parts=2)
    with monkeypatch.context() as patch:
        patch.setattr(slots, "claim_next", away)
        with pytest.raises(RuntimeError), next_piece("host:1"):
            pass
    with pytest.raises(ZeroDivisionError), next_piece("host:1") as piece:
        raise ZeroDivisionError(piece)
    with next_piece("host:1") as piece:
        assert isinstance(piece, Shard)


@pytest.mark.parametrize(
    ("size", "verdict", "expected"),
    [
        (10_000_000, {}, True),
        (10_000_001, {}, False),
        (2_000_000, {"compression": "bgzf"}, True),
        (2_000_001, {"compression": "bgzf"}, False),
        (10_000_000, {"complete": False}, True),
        (1_000, {"complete": False, "compression": "gzip"}, False),  # nobody has seen its end
        (1_000, {"compression": "gzip", "records": 20_000, "sample_count": 125}, True),
        (1_000, {"compression": "gzip", "records": 20_000, "sample_count": 126}, False),  # genotypes that are all alike
    ],
)
def test_small_is_what_is_short_and_if_it_is_packed_was_read_to_its_end(
    settings: Settings, size: int, verdict: dict[str, Any], *, expected: bool
) -> None:
    settings.EXPRESS_BELOW = 10_000_000
    ticket = make_job(make_user(), JobStatus.UPLOADING, input_size=size, verdict={**VERDICT, **verdict})
    assert moves.enqueue(ticket.pk, "rCRS")
    assert Job.objects.get(pk=ticket.pk).small is expected


def test_sources_of_ones_own_count_and_what_is_cut_is_never_small(settings: Settings) -> None:
    settings.EXPRESS_BELOW, settings.SHARD_ABOVE = 5_000, 10_000
    job = make_job(make_user(), JobStatus.UPLOADING, input_size=3_000)
    assert costs.is_small(job)
    source = {"label": "own", "file_name": "own.bed", "key": "uploads/own", "size": 2_001}
    own = PrivateSource.objects.create(job=job, format="bed", match="overlap", fields="own", **source)
    assert not costs.is_small(job)
    own.delete()
    settings.SHARD_ABOVE = 5_999
    assert not costs.is_small(job)
