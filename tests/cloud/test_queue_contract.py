"""What the site asks of a queue, the same cases over the embedded Redis and over SQS (moto over HTTP).

moto is lax in what could matter here: it never delivers a message twice or out of order, its counts are exact, and
it takes a receipt that is out of date. The code relies on none of it; the archive's stateful test tries doubled and
reordered messages.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cloud.queues import VISIBILITY_SECONDS, Queue, redis_queue, sqs_queue, until


@pytest.fixture(params=["redis", "sqs"])
def queue(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Queue]:
    """Give the queue of each kind in turn."""
    if request.param == "sqs":
        request.getfixturevalue("amazon")
    with (sqs_queue if request.param == "sqs" else redis_queue)(tmp_path) as made:
        yield made


def test_a_message_is_worked_on_once(queue: Queue) -> None:
    with queue.worker():
        queue.jobs.note.send(str(queue.log), "a")
        until(lambda: queue.lines() == ["a"])
        queue.jobs.note.send(str(queue.log), "b")
        until(lambda: len(queue.lines()) == 2)
    assert queue.lines() == ["a", "b"]


def test_a_delayed_message_never_comes_before_its_time(queue: Queue) -> None:
    with queue.worker():
        sent = time.time()
        queue.jobs.note.send_with_options(args=(str(queue.log), "later"), delay=1_200)
        queue.jobs.note.send(str(queue.log), "now")
        until(lambda: len(queue.lines()) == 2)
    assert queue.lines() == ["now", "later"]
    assert queue.log.stat().st_mtime - sent >= 1.2


def test_a_message_that_fails_is_tried_again_until_it_is_done(queue: Queue) -> None:
    with queue.worker():
        queue.jobs.stumble.send(str(queue.log), "a", 2)
        until(lambda: len(queue.lines()) == 3)


def test_a_storm_of_retries_loses_nothing(queue: Queue) -> None:
    names = [f"n{number}" for number in range(40)]
    with queue.worker(threads=8):
        for name in names:
            queue.jobs.stumble.send(str(queue.log), name, 2)
        until(lambda: len(queue.lines()) >= 3 * len(names), 60)
    assert Counter(queue.lines()) == dict.fromkeys(names, 3)


def test_a_message_that_always_fails_ends_in_the_dead_letters_and_holds_up_nobody(queue: Queue) -> None:
    with queue.worker(threads=1):
        queue.jobs.refuse.send(str(queue.log), "poison")
        queue.jobs.note.send(str(queue.log), "well")
        until(lambda: queue.lines().count("poison") == 3)
        until(lambda: queue.counts().dead == 1)
    assert "well" in queue.lines()
    assert queue.lines().count("poison") == 3
    assert (queue.counts().waiting, queue.counts().in_flight) == (0, 0)


def test_no_message_bears_what_an_error_said(queue: Queue) -> None:
    """An error's text may name a file or a variant; a dead letter is kept for a fortnight."""
    with queue.worker(threads=1):
        queue.jobs.refuse.send(str(queue.log), "poison")
        until(lambda: queue.counts().dead == 1)
    [letter] = queue.raw()
    assert letter["args"] == [str(queue.log), "poison"]
    assert letter["options"]["retries"] == 2
    assert "traceback" not in letter["options"]
    assert "RuntimeError" not in json.dumps(letter)


def test_a_job_longer_than_the_visibility_timeout_runs_once(queue: Queue) -> None:
    with queue.worker(), queue.worker_process() as other:
        queue.jobs.hold.send(str(queue.log), "long", VISIBILITY_SECONDS * 2)
        until(lambda: "done long" in queue.lines())
        assert other.poll() is None
        assert queue.lines() == ["begun long", "done long"]
        until(lambda: queue.counts().in_flight == 0)


def test_a_worker_told_to_stop_finishes_ten_running_jobs_and_gives_the_others_back(queue: Queue) -> None:
    names = [f"n{number}" for number in range(15)]
    with queue.worker_process(threads=10) as process:
        for name in names:
            queue.jobs.hold.send(str(queue.log), name, 60)
        until(lambda: len(queue.lines()) == 10)
        process.terminate()
        until(queue.stopping.exists)
        queue.log.with_name("go").touch()
        assert process.wait(30) == 0
    first = queue.lines()
    assert len(first) == len(set(first)) == 20
    with queue.worker():
        until(lambda: len(queue.lines()) == 30)
    assert Counter(queue.lines()) == Counter([f"{verb} {name}" for name in names for verb in ("begun", "done")])


def test_a_job_that_gives_up_when_its_worker_is_told_to_stop_is_for_the_next_worker(queue: Queue) -> None:
    with queue.worker_process(threads=1) as process:
        queue.jobs.linger.send(str(queue.log), "a")
        until(lambda: queue.lines() == ["begun a"])
        process.terminate()
        assert process.wait(30) == 0
    with queue.worker():
        until(lambda: queue.lines() == ["begun a", "begun a"])
        queue.log.with_name("go").touch()
        until(lambda: queue.lines() == ["begun a", "begun a", "done a"])
        until(lambda: (queue.counts().waiting, queue.counts().in_flight) == (0, 0))
