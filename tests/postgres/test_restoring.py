"""A database that is brought back to an earlier moment: what ran then runs again, once; what came later is gone."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from dramatiq import Actor

from annotations import moves
from annotations.models import Job, JobEvent, JobStatus
from annotations.sweep import take_from_dead_workers
from sandbox.postgresql import programs
from tests.billing.conftest import make_plans
from tests.site.factories import make_job, make_user


def run(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on the test's database, to which nobody is connected meanwhile."""
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # of Django's PostgreSQL backend alone
    found = connection.settings_dict
    where = ["--host", str(found["HOST"]), "--username", str(found["USER"]), "--dbname", str(found["NAME"])]
    subprocess.run([f"{programs()}/{program}", *where, *arguments], check=True, capture_output=True)


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    sent: list[tuple[str, ...]] = []

    def collect(self: Actor[Any, Any], args: tuple[str, ...] = (), **options: Any) -> None:
        sent.append((self.actor_name, *args))

    monkeypatch.setattr(Actor, "send_with_options", collect)
    return sent


def test_after_a_restoration_the_jobs_of_that_moment_are_completed_once(
    transactional_db: None, messages: list[tuple[str, ...]], tmp_path: Path
) -> None:
    make_plans()
    owner, now = make_user(), timezone.now()
    done, waiting = make_job(owner), make_job(owner, JobStatus.PENDING)
    running = make_job(owner, JobStatus.RUNNING, lease_expires_at=now - timedelta(hours=1))
    run("pg_dump", "--format=custom", f"--file={tmp_path / 'dump'}")

    assert moves.complete(running, {"total": 1})
    later = make_job(owner)
    run("pg_restore", "--clean", "--if-exists", "--exit-on-error", "--single-transaction", f"{tmp_path / 'dump'}")

    assert set(Job.objects.values_list("pk", "status")) == {
        (done.pk, JobStatus.COMPLETED),
        (waiting.pk, JobStatus.PENDING),
        (running.pk, JobStatus.RUNNING),
    }
    assert not Job.objects.filter(pk=later.pk).exists()
    messages.clear()
    take_from_dead_workers()
    assert messages == [("annotate", str(running.pk))]
    claimed = moves.claim(running.pk, "worker after the restoration")
    assert claimed is not None
    assert claimed.attempt == 2, "it writes beside what the first attempt left in the store"
    assert moves.complete(claimed, {"total": 1})
    assert JobEvent.objects.filter(job=running, status=JobStatus.COMPLETED).count() == 1
    assert make_job(make_user()).pk, "new rows find free numbers"
