"""`python -m bench.pages`: the list and a job's page with 100,000 jobs in the database, against the empty list.

Every second completed result is in cold storage.

Everything in one process, through Django's test client: what is compared is the work of a view, its middleware and its
template, and not the web server, which is the same for all. DATABASE_URL chooses the database; it is migrated and
filled, so it must be one to throw away. JOBS (100,000) and ROUNDS (200) in the environment.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.test import Client

    from accounts.models import User
    from annotations.models import Job

JOBS = int(os.environ.get("JOBS", "100000"))
ROUNDS = int(os.environ.get("ROUNDS", "200"))
OWN = 1_000  # how many of the jobs one reader has; another has all the rest
BATCH = 2_000
SEED = 5
LIST, TEXT = "/annotations/", "/privacy/"


def main() -> None:
    """Fill a database of its own and print a row a page."""
    with tempfile.TemporaryDirectory(prefix="gas-pages-") as directory:
        os.environ["DATA_DIR"] = directory
        os.environ.update(DJANGO_SETTINGS_MODULE="gas_site.settings", LOG_LEVEL="WARNING", DEBUG="no", SANDBOX="no")
        os.environ["ALLOWED_HOSTS"] = "testserver"
        import django  # noqa: PLC0415 (the settings are read here)

        django.setup()
        from django.core.management import call_command  # noqa: PLC0415 (not before setup)

        call_command("prepare", verbosity=0)
        rows = measured()
    sys.stdout.write("| page | own jobs | queries | p50 | p95 | p95 / empty view |\n|---|---|---|---|---|---|\n")
    empty = rows[0][-1]
    for page, reader, queries, median, slow in rows:
        line = f"| {page} | {reader} | {queries} | {median:.1f} ms | {slow:.1f} ms | {slow / empty:.2f} |"
        sys.stdout.write(line + "\n")


def measured() -> list[tuple[str, str, int, float, float]]:
    """Return page, reader, queries, and median and 95th percentile in milliseconds; the empty view first."""
    from accounts.models import User  # noqa: PLC0415 (not before setup)

    nobody, everyday, busy = (
        User.objects.create_user(f"{name}@example.org", None) for name in ("nobody", "everyday", "busy")
    )
    fill(busy, JOBS - OWN)
    fill(everyday, OWN)
    pages = [("list", "none: the empty view", reader(nobody), LIST), ("a page of text", "any", reader(nobody), TEXT)]
    for words, user in {f"{OWN:,}": everyday, f"{JOBS - OWN:,}": busy}.items():
        browser, job = reader(user), newest(user)
        paths = {"list": LIST, "list, ready": f"{LIST}?status=ready", "list, cold": f"{LIST}?status=cold"}
        paths |= {"list, active": f"{LIST}?status=active", "list, searched": f"{LIST}?q=patient77"}
        paths |= {"list, searched in vain": f"{LIST}?q=nobody", "a job": f"{LIST}{job.pk}/"}
        pages += [(page, words, browser, path) for page, path in paths.items()]
    counts = [queries(browser, path) for _, _, browser, path in pages]
    took: list[list[float]] = [[] for _ in pages]
    for _ in range(ROUNDS):  # in turn, so that all of them meet the same load of the machine
        for times, (_, _, browser, path) in zip(took, pages, strict=True):
            times.append(_milliseconds(browser, path))
    rows = zip(pages, counts, took, strict=True)
    return [(page, words, count, statistics.median(t), _slow(t)) for (page, words, _, _), count, t in rows]


def reader(user: User) -> Client:
    """Return a browser in which the user is signed in."""
    from django.test import Client  # noqa: PLC0415 (not before setup)

    client = Client()
    client.force_login(user)
    return client


def queries(browser: Client, path: str) -> int:
    """Return how many queries a page takes, once what a first request fetches is cached."""
    from django.db import connection  # noqa: PLC0415 (not before setup)
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415 (not before setup)

    browser.get(path)
    with CaptureQueriesContext(connection) as captured:
        answer = browser.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answered {answer.status_code}")
    return len(captured)


def _slow(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)]


def _milliseconds(browser: Client, path: str) -> float:
    began = time.perf_counter()
    browser.get(path)
    return (time.perf_counter() - began) * 1_000


def fill(user: User, number: int) -> None:
    """Make jobs of every state, ten minutes apart, the completed ones with a summary and a holding."""
    from django.utils import timezone  # noqa: PLC0415 (not before setup)

    from annotations.models import Job, JobStatus  # noqa: PLC0415 (not before setup)
    from archive.models import Holding, HoldingState  # noqa: PLC0415 (not before setup)

    drawn, now = random.Random(SEED), timezone.now()
    states = [JobStatus.COMPLETED] * 18 + [JobStatus.FAILED, JobStatus.CANCELLED]
    for start in range(0, number, BATCH):
        jobs = []
        for place in range(start, min(start + BATCH, number)):
            at = now - timedelta(minutes=10 * (place + 1))
            job = Job(user=user, status=drawn.choice(states), reference="rCRS", created_at=at, attempt=1)
            job.file_name = f"patient{drawn.randrange(100_000)}.vcf"
            job.queued_at = job.started_at = job.finished_at = at
            job.summary = summary() if job.status == JobStatus.COMPLETED else {}
            job.away = job.status == JobStatus.COMPLETED and place % 2 == 1
            jobs.append(job)
        Job.objects.bulk_create(jobs)
        Holding.objects.bulk_create(
            Holding(job=job, owner=user, state=HoldingState.ARCHIVED if job.away else HoldingState.AVAILABLE)
            for job in jobs
            if job.status == JobStatus.COMPLETED
        )


def newest(user: User) -> Job:
    """Return a user's newest completed job."""
    from annotations.models import Job, JobStatus  # noqa: PLC0415 (not before setup)

    return Job.objects.filter(user=user, status=JobStatus.COMPLETED).order_by("-created_at")[:1].get()


def summary() -> dict[str, Any]:
    """Return a summary as the tests' factory has it."""
    from tests.site.factories import SUMMARY  # noqa: PLC0415 (not before setup)

    return SUMMARY


if __name__ == "__main__":
    main()
