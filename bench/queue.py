"""From sending a message to its job being claimed, against a bare actor that does nothing; on Redis and on SQS.

One message at a time, as somebody who presses a button waits for it. The worker is the site's, in this process; the
claim is the real one, a conditional update of the job's row. SQS is moto on this machine: its figures say what the
code adds, not what the way to Amazon takes. MESSAGES in the environment (default 100) changes the load.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import dramatiq

MESSAGES = int(os.environ.get("MESSAGES", "100"))
GOAL = 3.0
PATIENCE_SECONDS = 60


def main() -> dict[str, Any]:
    """Measure each queue in a process of its own, print a table and a line of JSON, and return the figures."""
    figures = {kind: _in_own_process(kind) for kind in ("redis", "sqs")}
    print_table(figures)
    print(json.dumps({"queue": figures}))
    return figures


def _in_own_process(kind: str) -> dict[str, float]:
    from sandbox.amazon.server import amazon_server  # noqa: PLC0415 (moto takes its time)

    with tempfile.TemporaryDirectory(prefix="gas-bench-") as scratch, contextlib.ExitStack() as running:
        environment = {**os.environ, "DATA_DIR": scratch, "EMAIL_URL": "console:", "LOG_LEVEL": "WARNING"}
        environment.pop("QUEUE_URL", None)
        if kind == "sqs":
            keys = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench"}
            address = running.enter_context(amazon_server())
            environment |= {**keys, "AWS_ENDPOINT_URL": address, "QUEUE_URL": "sqs://eu-west-1/bench?wait=2s"}
        command = [sys.executable, "-m", "bench.queue"]
        done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def measure() -> dict[str, float]:
    """Return the medians and 95th percentiles in seconds, and their ratios."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gas_site.settings")
    import django  # noqa: PLC0415 (after the environment is made)

    django.setup()
    import dramatiq  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    broker = dramatiq.get_broker()
    with _redis(), contextlib.ExitStack() as running:
        call_command("prepare")
        arrived = _Arrivals()
        bare = dramatiq.actor(actor_name="bare", queue_name="annotate", broker=broker)(arrived.note)
        running.callback(_claims_only(arrived))
        running.callback(_start_worker(broker))
        jobs = _pending_jobs()
        # In turn, so that a ratio compares neighbours in time.
        pairs = [(arrived.time(bare, f"bare-{job}"), arrived.time(_annotate(), job)) for job in jobs]
    columns = {"bare": [pair[0] for pair in pairs], "claimed": [pair[1] for pair in pairs]}
    figures = {f"{name}_median": statistics.median(values) for name, values in columns.items()}
    figures |= {f"{name}_p95": statistics.quantiles(values, n=20)[-1] for name, values in columns.items()}
    return {**figures, "claimed_over_bare_p95": figures["claimed_p95"] / figures["bare_p95"]}


class _Arrivals:
    """When the message about a name has arrived."""

    def __init__(self) -> None:
        self._seen: dict[str, float] = {}
        self._news = threading.Condition()

    def note(self, name: str) -> None:
        with self._news:
            self._seen[name] = time.monotonic()
            self._news.notify_all()

    def time(self, actor: dramatiq.Actor[Any, Any], name: str) -> float:
        """Send a message and return the seconds until it has arrived."""
        sent = time.monotonic()
        actor.send(name)
        with self._news:
            if not self._news.wait_for(lambda: name in self._seen, PATIENCE_SECONDS):
                raise RuntimeError(f"the message about {name} has not arrived")
            return self._seen[name] - sent


@contextlib.contextmanager
def _redis() -> Iterator[None]:
    """Run the embedded Redis, where that is the queue."""
    from django.conf import settings  # noqa: PLC0415

    from gas_site.supervisor import queue_answers, redis_command  # noqa: PLC0415

    if settings.QUEUE_DIRECTORY is None:
        yield
        return
    server = subprocess.Popen(redis_command(settings.QUEUE_DIRECTORY), stdout=subprocess.DEVNULL)
    while not queue_answers():
        time.sleep(0.05)
    yield
    server.terminate()
    server.wait()


def _claims_only(arrived: _Arrivals) -> Callable[[], None]:
    """Let a job end once it is claimed; return what undoes that."""
    from annotations import running  # noqa: PLC0415

    plain = running._annotate_and_publish
    running._annotate_and_publish = lambda job, work: arrived.note(str(job.pk))
    return lambda: setattr(running, "_annotate_and_publish", plain)


def _start_worker(broker: dramatiq.Broker) -> Callable[[], None]:
    """Start the worker; return what ends it, after the work that is left."""
    import dramatiq  # noqa: PLC0415

    worker = dramatiq.Worker(broker, worker_threads=2, queues={"annotate"})
    worker.start()

    def end() -> None:
        worker.join()
        worker.stop()

    return end


def _annotate() -> dramatiq.Actor[Any, Any]:
    from annotations.actors import annotate  # noqa: PLC0415

    return annotate


def _pending_jobs() -> list[str]:
    from accounts.models import User  # noqa: PLC0415
    from annotations.models import Job, JobStatus  # noqa: PLC0415

    user = User.objects.create_user("bench@example.org")
    rows = (Job(user=user, status=JobStatus.PENDING, file_name="b.vcf", reference="rCRS") for _ in range(MESSAGES))
    return [str(job.pk) for job in Job.objects.bulk_create(rows)]


def print_table(figures: dict[str, dict[str, float]]) -> None:
    """Print the figures for people."""
    print(f"\n{MESSAGES} messages one after the other, median and 95th percentile\n")
    for kind, row in figures.items():
        for name in ("bare", "claimed"):
            value = f"{row[f'{name}_median'] * 1000:.0f} / {row[f'{name}_p95'] * 1000:.0f} ms"
            print(f"  {f'{kind}: send -> {name}':<46} {value:>18}")
        print(f"  {f'{kind}: p95 claimed / bare':<46} {row['claimed_over_bare_p95']:>18.2f}  <= {GOAL:g}")
    print()


if __name__ == "__main__":
    print(json.dumps(measure()))
