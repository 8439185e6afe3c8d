"""Small files of many people beside one person's whole genome, over the real stack with its real workers.

`python -m bench.fairness`. LARGE (5,000,000 variants), SMALL (200 jobs of 1,000 variants, each of somebody else) and
EVERY (0: all at once; 2: one every two seconds) in the environment change the load. The small ones are sent alone
first, and again once the large one is at work; what counts is how long each waits from the queue to its start.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.engine_runs import REFERENCE, install
from bench.genome import make_genome, make_variants
from bench.site import ROOT, Site, running_site

LARGE = int(os.environ.get("LARGE", "5000000"))
SMALL = int(os.environ.get("SMALL", "200"))
EVERY = float(os.environ.get("EVERY", "0"))
SMALL_RECORDS = 1_000
GOAL = 2.0
PATIENCE_SECONDS = 3_600
WORDS = {
    "mean": "mean wait",
    "median": "median wait",
    "p95": "95th percentile of the waits",
    "to_result": "to the result",
}


@dataclass(frozen=True)
class Waits:
    """How long small jobs waited for their start, and took from the queue to their result, in seconds."""

    waited: list[float]
    took: list[float]

    def figures(self) -> dict[str, float]:
        """Return mean, median and 95th percentile of the waits, and the mean time to the result."""
        return {
            "mean": statistics.mean(self.waited),
            "median": statistics.median(self.waited),
            "p95": statistics.quantiles(self.waited, n=20)[-1],
            "to_result": statistics.mean(self.took),
        }


def main() -> dict[str, Any]:
    """Make the files, measure, print a table and a line of JSON, and return the figures."""
    cache = Path(os.environ.get("BENCH_DIR", tempfile.gettempdir())) / "gas-bench"
    genome = make_genome(cache)
    large = make_variants(cache / f"{LARGE}.vcf", LARGE)
    small = make_variants(cache / f"{SMALL_RECORDS}.vcf", SMALL_RECORDS)
    with tempfile.TemporaryDirectory(prefix="gas-bench-") as scratch:
        settings = {"EMAIL_URL": f"file:{scratch}/mail", "LOG_LEVEL": "WARNING"}
        with running_site(Path(scratch) / "data", **settings) as site:
            install(genome, site.environment)
            site.sign_in()
            figures = measure(site, large, small)
    print_table(figures)
    print(json.dumps({"fairness": figures}))
    return figures


def measure(site: Site, large: Path, small: Path) -> dict[str, Any]:
    """Send the small files alone, the large one alone, and both."""
    _in_own_process(site, "send", str(small), "4", "0")  # a worker's first jobs import what it needs
    alone = send(site, small)
    large_alone = _took(site, site.annotate(large, REFERENCE))
    job = site.annotate(large, REFERENCE)
    _in_own_process(site, "watch", job, "running")
    beside = send(site, small)
    outlasted = site.jobs([job])[0]["status"] == "running"
    return {
        "records": LARGE,
        "jobs": SMALL,
        "every": EVERY,
        "cores": os.cpu_count(),
        "alone": alone.figures(),
        "beside": beside.figures(),
        "mean_ratio": statistics.mean(beside.waited) / statistics.mean(alone.waited),
        "large_alone": large_alone,
        "large_beside": _took(site, job),
        "large_outlasted_the_small": outlasted,
    }


def send(site: Site, file: Path) -> Waits:
    """Have SMALL new people send a file each, and wait until all are annotated."""
    rows = _in_own_process(site, "send", str(file), str(SMALL), str(EVERY))
    return Waits([waited for waited, _ in rows], [took for _, took in rows])


def _took(site: Site, job: str) -> float:
    [(_, took)] = _in_own_process(site, "watch", job, "completed")
    return took


def _in_own_process(site: Site, *arguments: str) -> list[tuple[float, float]]:
    """Run ``send_here`` or ``watch_here`` with the stack's settings: one process, so that looking on costs little."""
    command = [sys.executable, "-m", "bench.fairness", *arguments]
    told = subprocess.run(command, cwd=ROOT, env=site.environment, check=True, stdout=subprocess.PIPE, text=True)
    return [(waited, took) for waited, took in json.loads(told.stdout.splitlines()[-1])]


def send_here(file: Path, count: int, every: float) -> list[tuple[float, float]]:
    """Queue the jobs straight in the database, since pages are not measured, and wait for them."""
    from annotations import moves  # noqa: PLC0415

    tickets = [_ticket(file) for _ in range(count)]
    for ticket in tickets:
        moves.enqueue(ticket, REFERENCE)
        time.sleep(every)
    return watch_here(tickets, "completed")


def watch_here(jobs: list[Any], status: str) -> list[tuple[float, float]]:
    """Wait until all jobs have a status; return for each the seconds it waited, and took to its end."""
    from annotations.models import Job  # noqa: PLC0415

    rows = Job.objects.filter(pk__in=jobs)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while rows.filter(status=status).count() < len(jobs):
        if rows.filter(status__in=["failed", "cancelled"]).exists() or time.monotonic() > deadline:
            raise RuntimeError(f"the jobs do not get {status}")
        time.sleep(0.5)
    return [_seconds(job) for job in rows]


def _seconds(job: Any) -> tuple[float, float]:
    waited = (job.started_at - job.queued_at).total_seconds()
    return waited, (job.finished_at - job.queued_at).total_seconds() if job.finished_at else 0.0


def _ticket(file: Path) -> Any:
    from accounts.models import User  # noqa: PLC0415
    from annotations.models import Job  # noqa: PLC0415
    from gas_site.storage import file_store  # noqa: PLC0415

    user = User.objects.create_user(f"{os.urandom(8).hex()}@example.org", mail_jobs=False)
    job = Job(user=user, file_name=file.name, reference=REFERENCE, input_size=file.stat().st_size)
    job.verdict = {"compression": "plain", "complete": True, "records": SMALL_RECORDS}  # as the check would say
    job.input_key = f"uploads/{job.pk}/input"
    with file.open("rb") as content:
        file_store().receive(iter(lambda: content.read(1 << 20), b""), job.input_key)
    job.save(force_insert=True)
    return job.pk


def print_table(figures: dict[str, Any]) -> None:
    """Print the figures for people."""
    alone, beside = figures["alone"], figures["beside"]
    how = f"one every {EVERY:g} s" if EVERY else "all at once"
    print(f"\n{SMALL} small jobs of as many people ({how}), alone and beside one of {LARGE:,} variants\n")
    for name, words in WORDS.items():
        print(f"  {words:<46} {alone[name]:>9.2f} s {beside[name]:>9.2f} s")
    print(f"  {'mean wait, beside / alone':<46} {figures['mean_ratio']:>9.2f}  <= {GOAL:g}")
    large_alone, large_beside = figures["large_alone"], figures["large_beside"]
    print(f"  {'the large one, to its result':<46} {large_alone:>9.1f} s {large_beside:>9.1f} s\n")


def in_the_stack(what: str, *arguments: str) -> list[tuple[float, float]]:
    """Do what a process of the stack's own settings is asked."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gas_site.settings")
    import django  # noqa: PLC0415 (after the environment is made)

    django.setup()
    if what == "watch":
        return watch_here([arguments[0]], arguments[1])
    return send_here(Path(arguments[0]), int(arguments[1]), float(arguments[2]))


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(in_the_stack(*sys.argv[1:])))
    else:
        main()
