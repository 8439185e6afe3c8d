"""The two queues that the same cases run over, and a worker in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dramatiq
from dramatiq import Worker
from dramatiq.brokers.redis import RedisBroker

from gas_site import aws
from gas_site.queue_counts import Counts, count
from gas_site.queues import make_broker, make_queues, queue_answers
from gas_site.supervisor import redis_command
from tests.cloud.jobs import Jobs, declare

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_SECONDS = 30
VISIBILITY_SECONDS = 2


@dataclass(frozen=True)
class Queue:
    """A queue with the tests' actors on it; ``log`` is where they write down what they did."""

    url: str
    directory: Path | None
    log: Path
    broker: dramatiq.Broker
    jobs: Jobs

    @property
    def stopping(self) -> Path:
        """Return the file that a worker process makes once it has heard that it is to stop."""
        return self.log.with_name("stopping")

    def lines(self) -> list[str]:
        """Return what the actors have written so far."""
        return self.log.read_text().splitlines() if self.log.exists() else []

    def counts(self) -> Counts:
        """Return what lies in the queue."""
        return count(self.broker, "storage")

    def raw(self) -> list[dict[str, Any]]:
        """Return the messages that wait, are put off or are dead, as the queue keeps them."""
        if isinstance(self.broker, RedisBroker):
            kept = [self.broker.client.hvals(f"dramatiq:storage{kind}.msgs") for kind in ("", ".DQ", ".XQ")]
            return [json.loads(text) for texts in kept for text in texts]
        client, found = aws.sqs("eu-west-1"), []
        for url in self.broker.urls("storage"):  # type: ignore[attr-defined]  # the only other one is gas_site.sqs's
            received = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
            found += [json.loads(b64decode(message["Body"])) for message in received.get("Messages", [])]
        return found

    @contextmanager
    def worker(self, threads: int = 2) -> Iterator[Worker]:
        """Run a worker in this process."""
        worker = Worker(self.broker, worker_timeout=50, worker_threads=threads)
        worker.start()
        try:
            yield worker
        finally:
            worker.stop()

    @contextmanager
    def worker_process(self, threads: int = 2) -> Iterator[subprocess.Popen[bytes]]:
        """Run a worker as the stack runs them; what is left of it afterwards is killed."""
        environ = {**os.environ, "TEST_QUEUE_URL": self.url, "TEST_QUEUE_DIRECTORY": str(self.directory or "")}
        environ["TEST_STOPPING"] = str(self.stopping)
        command = [sys.executable, "-m", "dramatiq", "tests.cloud.worker", "--processes", "1"]
        process = subprocess.Popen(
            [*command, "--threads", str(threads)], cwd=ROOT, env=environ, stderr=subprocess.DEVNULL, process_group=0
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, 9)
            process.wait(10)


@contextmanager
def redis_queue(directory: Path) -> Iterator[Queue]:
    """Run the embedded Redis as the stack does."""
    server = subprocess.Popen(redis_command(directory / "queue"), stdout=subprocess.DEVNULL)
    url = f"redis+embedded://{directory / 'queue'}"
    broker = make_broker(url, directory / "queue")
    try:
        until(lambda: queue_answers(broker))
        yield Queue(url, directory / "queue", directory / "log", broker, declare(broker))
    finally:
        broker.close()
        server.terminate()
        server.wait(10)


@contextmanager
def sqs_queue(directory: Path, **options: str) -> Iterator[Queue]:
    """Make queues of the test's own on moto."""
    given = {"visibility": f"{VISIBILITY_SECONDS}s", "beat": "0.5s", "wait": "1s", **options}
    query = "&".join(f"{name}={value}" for name, value in given.items())
    url = f"sqs://eu-west-1/t{uuid.uuid4().hex[:12]}?{query}"
    broker = make_broker(url, None)
    jobs = declare(broker)
    make_queues(broker)
    yield Queue(url, None, directory / "log", broker, jobs)
    broker.close()


def until(condition: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)
