"""Large jobs in shards, for tests: what is large, workers that come by when told to, and what a result holds."""

from __future__ import annotations

import gzip
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.conf import settings as site_settings
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from annotations import running
from annotations.engine.sharding.cut_file import Part
from annotations.models import Job, JobStatus, Shard
from annotations.queueing.claiming import claim_next
from annotations.sharding import moves as shard_moves
from annotations.sharding.sweep import sweep_shards
from tests.site.conftest import Sent
from tests.site.factories import make_job

RCRS: Path = site_settings.BUNDLED_REFERENCES / "rCRS"
Content = tuple[bytes, list[dict[str, Any]], dict[str, Any]]


@pytest.fixture(scope="module")
def example() -> bytes:
    """Give the file that comes with the bundled reference."""
    content: bytes = (RCRS / "example.vcf").read_bytes()
    return content


@pytest.fixture(autouse=True)
def large(settings: Settings, tmp_path: Path, sent: list[Sent]) -> None:
    """Call every file large: 30 records a shard make two of the example. Nothing is sent, workers come by."""
    settings.WORK_DIR = tmp_path / "work"
    settings.SHARD_ABOVE, settings.SHARD_RECORDS = 2, 30


def work(most: int = 1_000) -> int:
    """Let a worker do what is next until nothing is left, or so many pieces; return how many it did."""
    done = 0
    while done < most and (Job.objects.claimable(timezone.now()) or Shard.objects.claimable(timezone.now())):
        running.run_next()
        done += 1
    return done


def states(job: Job) -> list[str]:
    return list(Shard.objects.filter(job=job).values_list("state", flat=True))


def completed(job: Job) -> Job:
    """Do all that is to be done; the job is then completed."""
    work()
    job.refresh_from_db()
    assert (job.status, job.failure) == (JobStatus.COMPLETED, "")
    return job


def content_in(vcf: Path, table: Path, summary: dict[str, Any]) -> Content:
    """Return the text of a result's VCF, the rows of its table and its summary."""
    return gzip.decompress(vcf.read_bytes()), pq.read_table(table).to_pylist(), summary


def content_of(job: Job, files: Path) -> Content:
    """Return the same of a job's result."""
    keys = dict(job.files.values_list("kind", "key"))
    return content_in(files / keys["vcf"], files / keys["table"], job.summary)


def cut(user: User, parts: int = 3, **fields: Any) -> Job:
    """Make a job that was cut into parts of ten records each; no files are there."""
    job = make_job(user, JobStatus.RUNNING, **fields)
    found = [Part(n, f"parts/{n:05}.vcf.gz", 100, "", 10, 10, n * 10, (("MT", 10),)) for n in range(parts)]
    assert shard_moves.begin(job, found)
    return Job.objects.get(pk=job.pk)


def take() -> Shard:
    """Let a worker claim what is next, a shard."""
    piece = claim_next("host:1")
    assert isinstance(piece, Shard)
    return piece


def vanish(shard: Shard) -> None:
    """Let the lease of a shard run out, as if its worker had been killed, and sweep."""
    Shard.objects.filter(pk=shard.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    sweep_shards()
