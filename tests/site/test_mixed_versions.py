"""A large job that workers of two versions had in hand, as while one replaces the other."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.models import User
from annotations.models import Job, JobStatus
from tests.sharding.earlier import made_by_an_earlier_version
from tests.site.conftest import Sent
from tests.site.factories import make_job
from tests.site.sharded import RCRS, completed, states, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(alice: User, settings: Settings, tmp_path: Path, sent: list[Sent]) -> Job:
    """Cut the example into two; nothing is sent, workers come by."""
    settings.WORK_DIR = tmp_path / "work"
    settings.SHARD_ABOVE, settings.SHARD_RECORDS = 2, 30
    job = make_job(alice, JobStatus.PENDING, content=(RCRS / "example.vcf").read_bytes())
    work(1)
    assert states(job) == ["waiting", "waiting", "held"]
    return job


def done_part(files: Path, number: int) -> Path:
    [output] = files.glob(f"results/*/1.parts/done/{number}/1")
    return output


def test_a_job_whose_parts_both_versions_made_is_annotated_in_one_pass(job: Job, files: Path) -> None:
    work(1)
    made_by_an_earlier_version(done_part(files, 0))
    completed(job)
    assert (job.attempt, job.in_one_piece, job.summary["total"]) == (2, True, 60)


def test_a_job_whose_parts_an_earlier_version_made_is_gathered(job: Job, files: Path) -> None:
    work(2)
    for number in range(2):
        made_by_an_earlier_version(done_part(files, number))
    completed(job)
    assert (job.attempt, job.in_one_piece, job.summary["total"]) == (1, False, 60)
