"""What SQS alone is asked for: visibility, dead letters by its own policy, few requests, and its bad days.

moto keeps these rules nearly as Amazon does. It is lax in one: it takes the receipt of an earlier reception, which
Amazon may not; nothing here depends on that.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dramatiq
import pytest
from botocore.exceptions import EndpointConnectionError
from dramatiq.errors import BrokerError

from gas_site import aws, queues, sqs_consumer
from gas_site.queue_counts import redrive
from gas_site.queues import make_broker, make_queues, queue_answers, send_after_commit
from gas_site.sqs import SqsBroker
from tests.cloud.jobs import declare
from tests.cloud.proxy import Proxy, proxy_before
from tests.cloud.queues import VISIBILITY_SECONDS, Queue, sqs_queue, until

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue(amazon: str, tmp_path: Path) -> Iterator[Queue]:
    with sqs_queue(tmp_path) as made:
        yield made


@pytest.fixture
def impatient(amazon: str, tmp_path: Path) -> Iterator[Queue]:
    """Give a queue whose messages come again soon; too soon for the beats of a busy machine."""
    with sqs_queue(tmp_path, visibility="1s", beat="0.3s") as made:
        yield made


def broker_of(queue: Queue) -> SqsBroker:
    assert isinstance(queue.broker, SqsBroker)
    return queue.broker


def clients_of(queue: Queue) -> list[Any]:
    """Return the one that sends and the one that does the rest."""
    broker = broker_of(queue)
    return [broker.sqs.meta.client, broker.client]


def calls_of(queue: Queue, operation: str) -> list[dict[str, Any]]:
    """Collect the parameters of each call of an operation from now on."""
    seen: list[dict[str, Any]] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        seen.append(dict(params))

    for client in clients_of(queue):
        client.meta.events.register(f"provide-client-params.sqs.{operation}", note)
    return seen


class Outage:
    """Makes the calls of one operation fail before they leave, until it is over."""

    def __init__(self, queue: Queue, operation: str) -> None:
        self.on = True
        self.failed = 0
        for client in clients_of(queue):
            client.meta.events.register(f"before-send.sqs.{operation}", self._fail)

    def _fail(self, request: Any, **_: Any) -> None:
        if self.on:
            self.failed += 1
            raise EndpointConnectionError(endpoint_url=request.url)


def test_a_job_of_a_killed_worker_is_taken_over_within_two_visibility_timeouts(queue: Queue) -> None:
    with queue.worker_process(threads=1) as process:
        queue.jobs.hold.send(str(queue.log), "a", 60)
        until(lambda: queue.lines() == ["begun a"])
        os.killpg(process.pid, signal.SIGKILL)
        killed = time.monotonic()
        with queue.worker():
            until(lambda: queue.lines() == ["begun a", "begun a"])
            assert time.monotonic() - killed < 2 * VISIBILITY_SECONDS
            queue.log.with_name("go").touch()
            until(lambda: queue.counts().in_flight == 0)
    assert queue.lines() == ["begun a", "begun a", "done a"]


def test_a_message_that_kills_its_worker_reaches_the_dead_letters_after_three(impatient: Queue) -> None:
    impatient.jobs.die.send(str(impatient.log), "poison")
    for times in (1, 2, 3):
        with impatient.worker_process(threads=1) as process:
            until(lambda times=times: len(impatient.lines()) == times)  # type: ignore[misc]
            until(lambda process=process: process.poll() is not None)  # type: ignore[misc]
    with impatient.worker():
        impatient.jobs.note.send(str(impatient.log), "well")
        until(lambda: impatient.counts().dead == 1)
    assert impatient.lines() == ["poison"] * 3 + ["well"]


def test_what_no_broker_of_ours_sent_is_left_to_the_dead_letters_unread_in_the_log(
    impatient: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    url, _ = broker_of(impatient).urls("storage")
    bodies = ["NA12878 not base64", "bm90IGpzb24=", "e30=", "W10="]  # not JSON, {} and []
    for body in bodies:
        broker_of(impatient).client.send_message(QueueUrl=url, MessageBody=body)
    with impatient.worker():
        impatient.jobs.note.send(str(impatient.log), "well")
        until(lambda: impatient.counts().dead == len(bodies))
    assert impatient.lines() == ["well"]
    assert "not one of ours" in caplog.text
    assert "NA12878" not in caplog.text


def test_a_busy_worker_leaves_what_waits_to_an_idle_one(queue: Queue) -> None:
    with queue.worker_process(threads=1):
        queue.jobs.hold.send(str(queue.log), "long", 60)
        until(lambda: queue.lines() == ["begun long"])
        with queue.worker(threads=1):
            for name in ("b", "c", "d"):
                queue.jobs.note.send(str(queue.log), name)
            until(lambda: len(queue.lines()) == 4)
    assert set(queue.lines()) == {"begun long", "b", "c", "d"}


def test_messages_that_cannot_be_acknowledged_take_no_place_from_others(impatient: Queue) -> None:
    outage = Outage(impatient, "DeleteMessage")
    names = [f"n{number}" for number in range(5)]
    with impatient.worker(threads=1):
        for name in names:
            impatient.jobs.note.send(str(impatient.log), name)
        until(lambda: set(impatient.lines()) == set(names))
        outage.on = False
        # What was received three times meanwhile lies in the dead letters: it has been done, and nobody misses it.
        until(lambda: (impatient.counts().waiting, impatient.counts().in_flight) == (0, 0))
    assert outage.failed >= len(names)


def test_a_retry_that_cannot_be_sent_is_not_taken_for_sent(impatient: Queue) -> None:
    impatient.jobs.stumble.send(str(impatient.log), "a", 1)
    outage = Outage(impatient, "SendMessage")
    with impatient.worker():
        until(lambda: outage.failed > 0)
        until(lambda: len(impatient.lines()) == 2)  # the message itself has come again
        until(lambda: impatient.counts().in_flight == 0)
    assert impatient.lines() == ["a", "a"]


def test_what_a_worker_has_not_begun_is_for_others_at_once(amazon: str, tmp_path: Path) -> None:
    with sqs_queue(tmp_path, visibility="1h", beat="10m") as queue:
        for name in ("a", "b", "c"):
            queue.jobs.note.send(str(queue.log), name)
        consumer = queue.broker.consume("storage", prefetch=3)
        first = next(consumer)
        assert first is not None
        assert queue.counts().in_flight == 3
        consumer.requeue([first])  # what dramatiq had not given to a thread
        consumer.close()  # and what it had not even asked for
        assert (queue.counts().waiting, queue.counts().in_flight) == (3, 0)
        with queue.worker():
            until(lambda: set(queue.lines()) == {"a", "b", "c"})


def test_a_delay_is_rounded_up_and_ends_at_fifteen_minutes(queue: Queue) -> None:
    sent = calls_of(queue, "SendMessage")
    for delay in (None, 1, 1_001, 900_000, 7 * 86_400_000):
        queue.jobs.note.send_with_options(args=(str(queue.log), "a"), delay=delay)
    assert [call["DelaySeconds"] for call in sent] == [0, 1, 2, 900, 900]


def test_no_actor_of_the_site_waits_longer_for_a_retry_than_sqs_takes() -> None:
    for name in sorted(dramatiq.get_broker().get_declared_actors()):
        longest = dramatiq.get_broker().get_actor(name).options.get("max_backoff", queues.MAX_BACKOFF_MS)
        assert longest <= 900_000, name


def test_an_idle_worker_asks_once_a_poll_and_not_more(amazon: str, tmp_path: Path) -> None:
    with sqs_queue(tmp_path) as queue:
        polls = calls_of(queue, "ReceiveMessage")
        with queue.worker():
            until(lambda: len(polls) == 1)
            began = time.monotonic()
            until(lambda: len(polls) == 3)
            assert time.monotonic() - began >= 1.9
    assert {(call["WaitTimeSeconds"], call["VisibilityTimeout"]) for call in polls} == {(1, VISIBILITY_SECONDS)}


def test_a_busy_worker_does_not_poll(queue: Queue) -> None:
    polls = calls_of(queue, "ReceiveMessage")
    beats = calls_of(queue, "ChangeMessageVisibilityBatch")
    with queue.worker(threads=1):
        queue.jobs.hold.send(str(queue.log), "long", 60)
        until(lambda: queue.lines() == ["begun long"])
        before = len(polls)
        until(lambda: len(beats) == 3)
        assert len(polls) == before
        queue.log.with_name("go").touch()
        until(lambda: queue.counts().in_flight == 0)


def test_ten_messages_are_kept_hidden_with_one_request(queue: Queue) -> None:
    beats = calls_of(queue, "ChangeMessageVisibilityBatch")
    with queue.worker(threads=11):
        for number in range(11):
            queue.jobs.hold.send(str(queue.log), f"n{number}", 60)
        until(lambda: len(queue.lines()) == 11)
        beats.clear()
        until(lambda: len(beats) >= 2)
        assert sorted(len(call["Entries"]) for call in beats[:2]) == [1, 10]
        queue.log.with_name("go").touch()
        until(lambda: queue.counts().in_flight == 0)


def test_messages_are_extended_again_after_beats_that_failed(queue: Queue) -> None:
    outage = Outage(queue, "ChangeMessageVisibilityBatch")
    with queue.worker(threads=1), queue.worker_process():
        queue.jobs.hold.send(str(queue.log), "a", VISIBILITY_SECONDS * 2.5)
        until(lambda: outage.failed >= 1)
        outage.on = False
        until(lambda: "done a" in queue.lines())
    assert queue.lines() == ["begun a", "done a"]


@pytest.fixture
def proxy(amazon: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    monkeypatch.setattr(aws, "ATTEMPTS", 2)
    monkeypatch.setattr(sqs_consumer, "MAX_PAUSE_SECONDS", 0.5)
    with proxy_before(amazon) as made:
        monkeypatch.setenv("AWS_ENDPOINT_URL", made.address)
        yield made


def test_a_bad_day_of_sqs_loses_nothing(proxy: Proxy, tmp_path: Path) -> None:
    names = [f"n{number}" for number in range(12)]
    with sqs_queue(tmp_path) as queue, queue.worker():
        for name in names[:4]:
            queue.jobs.stumble.send(str(queue.log), name, 1)
        until(lambda: len(queue.lines()) >= 2)
        sending = threading.Thread(target=send_until_sent, args=(queue, names[4:]))
        sending.start()
        for fault in ("500", "slow", "cut", "lost"):
            proxy.plan = lambda method, path, fault=fault: fault  # type: ignore[misc]
            until(lambda fault=fault: proxy.done.count(("POST", fault)) >= 6)  # type: ignore[misc]
        proxy.plan = lambda method, path: ""
        sending.join(30)
        # An answer with a message that is lost three times has made it a dead letter, tried by nobody: not lost.
        until(lambda: redrive(queue.broker, "storage") >= 0 and set(done(queue)) == set(names))
        until(lambda: (queue.counts().waiting, queue.counts().in_flight) == (0, 0))


def send_until_sent(queue: Queue, names: list[str]) -> None:
    """Send as the site does: what could not be sent is sent again by the sweep."""
    for name in names:
        while True:
            try:
                queue.jobs.stumble.send(str(queue.log), name, 1)
            except BrokerError:
                time.sleep(0.1)
            else:
                break


def done(queue: Queue) -> list[str]:
    """Return the names of the messages that stumbled once and then were done."""
    return [name for name, times in Counter(queue.lines()).items() if times >= 2]


def test_a_queue_that_is_away_is_logged_and_stops_nobody(
    queue: Queue,
    django_capture_on_commit_callbacks: Callable[..., Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    Outage(queue, "SendMessage")
    with django_capture_on_commit_callbacks(execute=True):
        send_after_commit(queue.jobs.note, str(queue.log), "a")
    assert "queue away, the sweep will send note again: SqsUnavailable" in caplog.text


def test_the_queue_answers_as_long_as_sqs_does(queue: Queue) -> None:
    assert queue_answers(queue.broker)
    outage = Outage(queue, "GetQueueUrl")
    assert not queue_answers(queue.broker)
    outage.on = False
    assert queue_answers(queue.broker)


def test_whoever_presses_a_button_waits_for_two_attempts_and_no_more(queue: Queue) -> None:
    outage = Outage(queue, "SendMessage")
    with pytest.raises(BrokerError, match="SQS in eu-west-1: EndpointConnectionError"):
        queue.jobs.note.send(str(queue.log), "a")
    assert outage.failed == 2


def test_queues_are_made_once_with_all_they_need_and_put_right_when_they_differ(queue: Queue) -> None:
    broker = broker_of(queue)
    url, dead = broker.urls("storage")
    wanted = attributes(broker, url)
    assert wanted["RedrivePolicy"].count("_storage_dlq") == 1
    assert '"maxReceiveCount": 3' in wanted["RedrivePolicy"].replace('":3', '": 3')
    assert (wanted["VisibilityTimeout"], wanted["SqsManagedSseEnabled"]) == (str(VISIBILITY_SECONDS), "true")
    assert attributes(broker, dead)["MessageRetentionPeriod"] == str(14 * 86_400)
    changes = calls_of(queue, "SetQueueAttributes")
    made = calls_of(queue, "CreateQueue")
    make_queues(broker)
    assert (changes, made) == ([], [])
    broker.client.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "43200"})
    changes.clear()
    make_queues(broker)
    assert [call["Attributes"] for call in changes] == [{"VisibilityTimeout": str(VISIBILITY_SECONDS)}]


def attributes(broker: SqsBroker, url: str) -> dict[str, str]:
    found = broker.client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return {str(name): value for name, value in found.items()}


def test_queues_that_nobody_made_are_named_with_what_makes_them(amazon: str) -> None:
    broker = make_broker("sqs://eu-west-1/nobody", None)
    jobs = declare(broker)
    assert not queue_answers(broker)
    with pytest.raises(BrokerError, match=r"has no queue nobody_storage for us; manage\.py prepare makes it"):
        jobs.note.send("log", "a")
    make_queues(broker)
    assert queue_answers(broker)
