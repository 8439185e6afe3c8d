"""Messages over a real broker: lost, doubled, late and cut short, the job is done once."""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import dramatiq
import pytest
import redis
from django.conf import settings as site_settings
from django.db import transaction
from django.utils import timezone
from dramatiq import Worker
from pytest_django import Settings

from accounts.models import Notification, Plan
from annotations import moves, running
from annotations.actors import annotate
from annotations.engine.task import Result, Task
from annotations.models import Job, JobStatus, ResultFile, Shard
from annotations.queueing.waking import send_what_is_missing
from gas_site.metrics import exposition
from gas_site.queue_counts import Held, count_held
from gas_site.queues import make_broker, send_after_commit, socket_path
from gas_site.supervisor import redis_command
from gas_site.sweeping import sweep_all
from tests.site.annotators import SlowShards, annotator
from tests.site.factories import make_job, make_user, stored
from tests.site.sharded import cut, states

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE_SECONDS = 20


@pytest.fixture(scope="module")
def redis_server() -> Iterator[None]:
    """Run the embedded Redis as the stack does, where the broker of this process looks for it."""
    directory = site_settings.QUEUE_DIRECTORY
    assert directory is not None
    process = subprocess.Popen(redis_command(directory), stdout=subprocess.DEVNULL)
    client: redis.Redis = dramatiq.get_broker().client  # type: ignore[attr-defined]
    until(lambda: answers(client))
    yield
    client.close()
    process.terminate()
    process.wait(10)


def answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def until(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)


@pytest.fixture
def broker(redis_server: None, settings: Settings, tmp_path: Path) -> Iterator[dramatiq.Broker]:
    """Give the site's broker with empty queues, and the plans that transactions of other tests flushed."""
    settings.WORK_DIR = tmp_path / "work"
    for slug in (Plan.FREE, Plan.PREMIUM):
        Plan.objects.get_or_create(slug=slug, defaults={"name": slug.title()})
    broker = dramatiq.get_broker()
    broker.flush_all()
    yield broker
    broker.flush_all()


@pytest.fixture
def worker(broker: dramatiq.Broker) -> Iterator[Worker]:
    """Give a worker with two threads on every queue."""
    worker = Worker(broker, worker_timeout=50, worker_threads=2)
    worker.start()
    yield worker
    worker.stop()


def ended(job: Job) -> bool:
    return Job.objects.get(pk=job.pk).is_terminal


def mailed() -> bool:
    return Notification.objects.filter(sent_at__isnull=False).exists()


def test_an_accepted_job_is_annotated_and_its_owner_mailed_once(worker: Worker, mailoutbox: list[Any]) -> None:
    job = make_job(status=JobStatus.UPLOADING)
    assert moves.enqueue(job.pk, "rCRS")
    until(lambda: ended(job) and mailed())
    assert Job.objects.get(pk=job.pk).status == JobStatus.COMPLETED
    assert len(mailoutbox) == 1


def test_the_metrics_tell_what_lies_in_the_queues(broker: dramatiq.Broker) -> None:
    annotate.send(str(UUID(int=7)))
    annotate.send_with_options(args=(str(UUID(int=8)),), delay=600_000)
    text = exposition().decode()
    assert "gas_queue_up 1.0" in text
    assert 'gas_queue_messages{queue="annotate",state="waiting"} 1.0' in text
    assert 'gas_queue_messages{queue="annotate",state="delayed"} 1.0' in text
    assert 'gas_queue_messages{queue="storage",state="waiting"} 0.0' in text


def test_a_lost_message_is_sent_again_by_the_sweep(worker: Worker) -> None:
    job = make_job(status=JobStatus.PENDING, last_sent_at=timezone.now() - timedelta(minutes=5))
    time.sleep(0.3)
    assert not ended(job)
    sweep_all()
    until(lambda: ended(job))
    assert Job.objects.get(pk=job.pk).status == JobStatus.COMPLETED


def test_what_waits_long_is_sent_again_only_as_far_as_the_queue_lacks_it(broker: dramatiq.Broker) -> None:
    client: redis.Redis = broker.client  # type: ignore[attr-defined]
    make_job(status=JobStatus.COMPLETED)  # so a worker is seen to take things
    for _ in range(5):
        moves.enqueue(make_job(status=JobStatus.UPLOADING).pk, "rCRS")
    for lost in (0, 3, 1, 5):
        for _ in range(lost):
            client.lpop("dramatiq:annotate")
        assert count_held(broker, "annotate") == Held(to_come=5 - lost, in_flight=0)
        for _ in range(3):
            all_sent_long_ago()
            send_what_is_missing()
        assert count_held(broker, "annotate") == Held(to_come=5, in_flight=0)
    annotate.send_with_options(args=("later",), delay=600_000)
    client.lpop("dramatiq:annotate")
    send_what_is_missing()
    assert count_held(broker, "annotate") == Held(to_come=5, in_flight=0), "a message that is put off is one, too"


def test_what_a_worker_has_in_hand_is_not_sent_again_and_what_a_dead_one_had_is(
    broker: dramatiq.Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    client: redis.Redis = broker.client  # type: ignore[attr-defined]
    with SlowShards(monkeypatch) as shards, annotator(broker, slot_count=1):
        cut(make_user(), parts=6)
        until(lambda: shards.at_work == 1 and count_held(broker, "annotate") == Held(3, 3))
        all_sent_long_ago()
        send_what_is_missing()
        assert count_held(broker, "annotate") == Held(3, 3)
        for rows in (Job.objects.all(), Shard.objects.filter(state="running")):
            rows.update(started_at=timezone.now() - timedelta(minutes=5))
        send_what_is_missing()
        assert count_held(broker, "annotate") == Held(4, 3), "nothing was taken for long: one, in case of a wrong count"
    broker.flush_all()
    client.sadd("dramatiq:__acks__.dead.annotate", "1", "2", "3", "4", "5", "6")
    client.zadd("dramatiq:__heartbeats__", {"dead": 1})
    all_sent_long_ago()
    send_what_is_missing()
    assert count_held(broker, "annotate") == Held(6, 0)
    client.delete("dramatiq:__acks__.dead.annotate")


def all_sent_long_ago() -> None:
    long_ago = timezone.now() - timedelta(minutes=5)
    Job.objects.update(last_sent_at=long_ago)
    Shard.objects.update(last_sent_at=long_ago)


def test_doubled_messages_give_one_result(worker: Worker, files: Path, mailoutbox: list[Any]) -> None:
    job = make_job(status=JobStatus.PENDING)
    for _ in range(4):
        annotate.send(str(job.pk))
    until(lambda: ended(job) and mailed())
    until(lambda: count_held(worker.broker, annotate.queue_name) == Held(to_come=0, in_flight=0))
    job.refresh_from_db()
    assert (job.status, job.attempt) == (JobStatus.COMPLETED, 1)
    assert ResultFile.objects.filter(job=job).count() == 5
    assert len(stored(files)) == 6
    assert len(mailoutbox) == 1


def test_a_small_file_is_annotated_while_all_slots_are_at_shards_and_no_message_is_lost(
    broker: dramatiq.Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SlowShards(monkeypatch) as shards, annotator(broker, slot_count=2):
        job = cut(make_user(), parts=6)
        until(lambda: shards.at_work == 2)
        ticket = make_job(make_user(), status=JobStatus.UPLOADING)
        assert moves.enqueue(ticket.pk, "rCRS")
        until(lambda: ended(ticket))  # behind the messages of four shards that nobody can use yet
        assert Job.objects.get(pk=ticket.pk).status == JobStatus.COMPLETED
        assert (shards.at_work, states(job).count("waiting")) == (2, 4)
        shards.go_on.set()
        until(lambda: states(job) == ["done"] * 6 + ["waiting"])
    assert shards.most_at_work == 2
    assert set(Shard.objects.filter(job=job, gathers=False).values_list("attempt", flat=True)) == {1}


def test_an_annotator_that_keeps_a_call_stops_at_once_and_leaves_it_to_the_next(
    broker: dramatiq.Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SlowShards(monkeypatch) as shards:
        with annotator(broker, slot_count=1):
            job = cut(make_user(), parts=2)
            until(lambda: shards.at_work == 1 and count_held(broker, "annotate").in_flight == 2)
        assert states(job) == ["waiting", "waiting", "held"], "handed back, and not taken by the other thread"
        shards.go_on.set()
        with annotator(broker, slot_count=1):
            until(lambda: states(job) == ["done", "done", "waiting"])


def test_a_message_about_a_job_that_is_gone_does_no_harm(
    worker: Worker, broker: dramatiq.Broker, caplog: pytest.LogCaptureFixture
) -> None:
    annotate.send(str(UUID(int=7)))
    broker.join(annotate.queue_name, timeout=PATIENCE_SECONDS * 1000)
    worker.join()
    assert "Traceback" not in caplog.text


def test_a_worker_that_is_stopped_hands_its_job_to_the_next(
    broker: dramatiq.Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()

    def endless(task: Task, *, should_stop: Callable[[], bool], **options: Any) -> Result:
        begun.set()
        while not should_stop():
            time.sleep(0.01)
        raise AssertionError("nobody cancelled it")

    job = make_job(status=JobStatus.PENDING)
    with monkeypatch.context() as patch:
        patch.setattr(running, "run_child", endless)
        first = Worker(broker, worker_timeout=50, worker_threads=1)
        first.start()
        annotate.send(str(job.pk))
        assert begun.wait(PATIENCE_SECONDS)
        first.stop()
    job.refresh_from_db()
    assert (job.status, job.deaths) == (JobStatus.PENDING, 0)
    second = Worker(broker, worker_timeout=50, worker_threads=1)
    second.start()
    until(lambda: ended(job))
    second.stop()
    job.refresh_from_db()
    assert (job.status, job.attempt) == (JobStatus.COMPLETED, 2)
    assert [event.status for event in job.events.all()] == ["pending", "running", "pending", "running", "completed"]


def test_nothing_is_sent_when_the_transaction_is_taken_back(broker: dramatiq.Broker) -> None:
    job = make_job(status=JobStatus.UPLOADING)

    class TakenBackError(Exception):
        pass

    def taken_back() -> None:
        with transaction.atomic():
            assert moves.enqueue(job.pk, "rCRS")
            raise TakenBackError

    with pytest.raises(TakenBackError):
        taken_back()
    assert waiting(broker) == set()
    assert Job.objects.get(pk=job.pk).status == JobStatus.UPLOADING
    assert moves.enqueue(job.pk, "rCRS")
    assert waiting(broker) == {"annotate"}


def waiting(broker: dramatiq.Broker) -> set[str]:
    """Return the queues that hold a message."""
    client: redis.Redis = broker.client  # type: ignore[attr-defined]
    names = map(str, client.keys("dramatiq:*.msgs"))
    return {name.rpartition(":")[2].partition(".")[0] for name in names}


def test_a_queue_that_is_away_is_logged_and_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    monkeypatch.setattr(annotate, "broker", make_broker("redis+embedded://nowhere", tmp_path))
    annotate.broker.declare_queue(annotate.queue_name)
    send_after_commit(annotate, "1")
    assert "queue away, the sweep will send annotate again: ConnectionError" in caplog.text


def test_a_directory_too_deep_for_a_socket_gets_a_short_one_elsewhere(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    assert len(str(socket_path(deep))) < 100
    assert socket_path(deep) == socket_path(deep)
    assert socket_path(deep) != socket_path(deep / "f")
    assert socket_path(Path("/srv/gas/queue")) == Path("/srv/gas/queue/redis.sock")
