"""`manage.py queues`: what lies in the queues, and the way back for dead letters.

moto's counts are exact where Amazon's are approximate, and it takes measurements under AWS/SQS from anybody, which
Amazon keeps for itself: that is how the age of the oldest message comes into these tests.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import dramatiq
import pytest
from django.core.management import CommandError, call_command

from gas_site import aws
from gas_site.queue_counts import Counts, count, redrive
from gas_site.queues import make_broker
from gas_site.sqs import SqsBroker
from tests.cloud.queues import Queue, redis_queue, sqs_queue, until


@pytest.fixture(params=["redis", "sqs"])
def queue(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Queue]:
    """Give the queue of each kind in turn, as the site's own."""
    if request.param == "sqs":
        request.getfixturevalue("amazon")
    with (sqs_queue if request.param == "sqs" else redis_queue)(tmp_path) as made:
        monkeypatch.setattr(dramatiq, "get_broker", lambda: made.broker)
        yield made


def printed(*arguments: str) -> str:
    out = StringIO()
    call_command("queues", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_it_counts_what_waits_what_is_put_off_and_what_is_in_work(queue: Queue) -> None:
    assert printed().splitlines() == [
        "queue        waiting   delayed in flight      dead       oldest",
        "storage            0         0         0         0            -",
    ]
    with queue.worker(threads=1):
        queue.jobs.hold.send(str(queue.log), "a", 60)
        until(lambda: queue.lines() == ["begun a"])
        until(lambda: queue.counts().in_flight == 1)
        assert json.loads(printed("--json"))["in_flight"] == 1
        queue.log.with_name("go").touch()
        until(lambda: queue.counts().in_flight == 0)
    for delay in (None, None, None, 60_000, 60_000):
        queue.jobs.note.send_with_options(args=(str(queue.log), "b"), delay=delay)
    row = json.loads(printed("--json"))
    row.pop("oldest")
    assert row == {"queue": "storage", "waiting": 3, "delayed": 2, "in_flight": 0, "dead": 0}


def test_dead_letters_are_sent_again_as_if_never_tried(queue: Queue) -> None:
    with queue.worker():
        queue.jobs.refuse.send(str(queue.log), "a")
        queue.jobs.refuse.send(str(queue.log), "b")
        until(lambda: queue.counts().dead == 2)
    assert len(queue.lines()) == 6
    *row, age = printed("--redrive", "storage").splitlines()[1].split()
    assert row == ["storage", "2", "0", "0", "0"]
    assert age == "-" if isinstance(queue.broker, SqsBroker) else "0:00:00" <= age <= age_of(queue)
    with queue.worker():
        until(lambda: queue.counts().dead == 2)
    assert sorted(queue.lines()) == ["a"] * 6 + ["b"] * 6
    assert redrive(queue.broker, "storage") == 2
    assert redrive(queue.broker, "storage") == 0


def age_of(queue: Queue) -> str:
    """Return how the age of Redis's oldest message stands in the table by now; moto measures none."""
    oldest = queue.counts().oldest
    assert oldest is not None
    return str(timedelta(seconds=int(oldest.total_seconds())))


def test_a_queue_that_is_not_there_is_refused_by_name(queue: Queue) -> None:
    with pytest.raises(CommandError, match=r"There is no queue 'storrage'. It is one of storage\."):
        printed("--redrive", "storrage")


def test_redis_says_how_long_its_oldest_message_waits(tmp_path: Path) -> None:
    with redis_queue(tmp_path) as queue:
        for seconds in (5, 3_700, 60):
            message = queue.jobs.note.message(str(queue.log), "a")
            object.__setattr__(message, "message_timestamp", message.message_timestamp - seconds * 1000)
            queue.broker.enqueue(message)
        oldest = queue.counts().oldest
    assert oldest is not None
    assert 3_700 <= oldest.total_seconds() < 3_730


@pytest.mark.usefixtures("amazon")
def test_the_age_of_sqs_is_cloudwatchs_newest(tmp_path: Path) -> None:
    with sqs_queue(tmp_path) as queue:
        assert isinstance(queue.broker, SqsBroker)
        now = datetime.now(UTC)
        name = queue.broker.full_name("storage")
        for minutes, seconds in ((10, 999), (2, 42), (40, 7_777)):
            aws.cloudwatch("eu-west-1").put_metric_data(
                Namespace="AWS/SQS",
                MetricData=[
                    {
                        "MetricName": "ApproximateAgeOfOldestMessage",
                        "Dimensions": [{"Name": "QueueName", "Value": name}],
                        "Timestamp": now - timedelta(minutes=minutes),
                        "Value": seconds,
                    }
                ],
            )
        assert queue.counts() == Counts("storage", 0, 0, 0, 0, timedelta(seconds=42))


@pytest.mark.usefixtures("amazon")
def test_a_foreign_dead_letter_stays_where_it_is(tmp_path: Path) -> None:
    with sqs_queue(tmp_path) as queue:
        assert isinstance(queue.broker, SqsBroker)
        _, dead = queue.broker.urls("storage")
        queue.broker.client.send_message(QueueUrl=dead, MessageBody="none of ours")
        assert redrive(queue.broker, "storage") == 0
        assert count(queue.broker, "storage").waiting == 0


def test_a_queue_that_does_not_answer_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broker = make_broker("redis+embedded://nowhere", tmp_path)
    broker.declare_queue("storage")
    monkeypatch.setattr(dramatiq, "get_broker", lambda: broker)
    with pytest.raises(CommandError, match=r"The queue does not answer: .* Check QUEUE_URL\."):
        printed()
