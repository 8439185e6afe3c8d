"""What is killed in the middle of a job: the job completes, once, with one result and one mail."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.stack.genome import NAME
from tests.stack.processes import alive, kill, until
from tests.stack.stacks import Stack

RECORDS = 300_000  # not so few that it would be taken beside another
Variants = Callable[[int], Path]


def start_large_job(stack: Stack, variants: Variants) -> str:
    """Start a job, and keep it in its middle."""
    job = stack.person().annotate(variants(RECORDS), NAME)
    stack.hold(job)
    return job


def assert_completed_once(stack: Stack, job: str, attempt: int) -> None:
    """Hold row, events, files and mails of a job against each other."""
    stack.wait_for([job], 120)
    row = stack.job(job)
    assert (row["status"], row["failure"], row["attempt"]) == ("completed", "", attempt)
    assert [status for status, _ in stack.events(job)].count("completed") == 1
    assert json.loads(row["summary"])["total"] == RECORDS
    assert stack.attempts(job) == [str(attempt)]
    files = stack.rows("SELECT kind, key, size, sha256 FROM annotations_resultfile WHERE job_id = ?", row["id"])
    assert sorted(file["kind"] for file in files) == ["index", "log", "summary", "table", "vcf"]
    for file in files:
        content = (stack.data_dir / "files" / file["key"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file["size"], file["sha256"])
    assert_told_once(stack, job)


def assert_told_once(stack: Stack, job: str) -> None:
    until(lambda: stack.mails(job), 30, "the mail is written")
    stack.settle()
    assert len(stack.mails(job)) == 1
    [told] = stack.rows("SELECT attempts, sent_at FROM accounts_notification WHERE about = ?", job)
    assert told["attempts"] == 1
    assert told["sent_at"]


def test_after_the_worker_is_killed_the_stack_goes_down_and_the_next_one_completes_the_job(
    own_stack: Stack, variants: Variants
) -> None:
    job = start_large_job(own_stack, variants)
    engine = [process.pid for process in own_stack.engine()]
    assert len(engine) >= 3  # the child, its bcftools, its finisher
    kill([own_stack.worker()])
    assert own_stack.wait() == 1
    assert "GAS has stopped: annotate ended by itself" in own_stack.said_now()
    until(lambda: alive(engine) == [], 30, "the engine has ended with its worker")
    assert own_stack.job(job)["status"] == "running"
    own_stack.start()
    assert_completed_once(own_stack, job, attempt=2)
    assert ("pending", "worker lost") in own_stack.events(job)


def test_after_the_whole_stack_is_killed_the_next_one_completes_the_job(own_stack: Stack, variants: Variants) -> None:
    job = start_large_job(own_stack, variants)
    own_stack.kill()
    # As if it had been killed while it moved its files into the store.
    leftover = own_stack.data_dir / "files" / "results" / job / "1" / f"{RECORDS}.annot.vcf.gz"
    leftover.parent.mkdir(parents=True)
    leftover.write_bytes(b"the first half of")
    own_stack.start()
    assert_completed_once(own_stack, job, attempt=2)


def is_at(stack: Stack, job: str, attempt: int) -> bool:
    return bool(stack.job(job)["attempt"] == attempt)


def test_a_job_that_kills_its_worker_three_times_fails_with_a_sentence(own_stack: Stack, variants: Variants) -> None:
    job = own_stack.person().annotate(variants(RECORDS), NAME)
    for attempt in (1, 2, 3):
        until(partial(is_at, own_stack, job, attempt), 60, f"attempt {attempt} has begun")
        own_stack.hold(job)
        kill([own_stack.worker()])
        own_stack.wait()
        own_stack.start()
    own_stack.wait_for([job], 60)
    row = own_stack.job(job)
    assert (row["status"], row["attempt"], row["deaths"]) == ("failed", 3, 3)
    assert row["failure"] == (
        "The worker stopped 3 times while annotating this file, so we do not try again. "
        f"Write to gas@localhost and name job {job[:8]}."
    )
    assert own_stack.attempts(job) == []
    assert_told_once(own_stack, job)


def test_a_stack_told_to_end_hands_its_job_back_and_the_next_one_completes_it(
    own_stack: Stack, variants: Variants
) -> None:
    job = start_large_job(own_stack, variants)
    engine = [process.pid for process in own_stack.engine()]
    assert own_stack.stop(signal.SIGTERM) == 0
    until(lambda: alive(engine) == [], 30, "the engine has ended with its stack")
    row = own_stack.job(job)
    assert (row["status"], row["attempt"], row["deaths"]) == ("pending", 1, 0)
    assert own_stack.events(job)[-1] == ("pending", "worker shut down")
    assert list((own_stack.data_dir / "work").glob(f"{job}*")) == []
    own_stack.start()
    assert_completed_once(own_stack, job, attempt=2)


def test_cancelling_ends_the_engines_processes_and_the_worker_takes_the_next_job(
    own_stack: Stack, variants: Variants
) -> None:
    owner = own_stack.person()
    job, following = owner.annotate(variants(RECORDS), NAME), owner.annotate(variants(RECORDS), NAME)
    own_stack.hold(job)
    engine = [process.pid for process in own_stack.engine()]
    owner.post(f"/annotations/{job}/cancel/", {}, form=f"/annotations/{job}/")
    until(lambda: alive(engine) == [], 30, "the engine's processes have ended")
    own_stack.wait_for([following], 60)
    assert own_stack.job(job)["status"] == "cancelled"
    assert own_stack.job(following)["status"] == "completed"
    assert own_stack.attempts(job) == []
    assert list((own_stack.data_dir / "work").glob(f"{job}*")) == []
    assert own_stack.mails(job) == []


def test_jobs_whose_messages_are_lost_with_the_queue_are_sent_again(own_stack: Stack, variants: Variants) -> None:
    owner = own_stack.person()
    job, waiting = owner.annotate(variants(RECORDS), NAME), owner.annotate(variants(RECORDS), NAME)
    own_stack.hold(job)
    own_stack.kill()
    shutil.rmtree(own_stack.data_dir / "queue")
    own_stack.start()
    assert_completed_once(own_stack, job, attempt=2)
    own_stack.wait_for([waiting], 60)
    assert (own_stack.job(waiting)["status"], own_stack.attempts(waiting)) == ("completed", ["1"])
    assert_told_once(own_stack, waiting)
