"""A large job that ends while its shards wait or are at work, however it ends: nothing of it stays."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from annotations import deleting, lease, moves, running, sweep
from annotations.engine.sharding.children import run_cut, run_part
from annotations.engine.sharding.cut_file import Cut
from annotations.models import Job, JobStatus, Shard
from annotations.sharding import cutting
from annotations.sharding import moves as shard_moves
from annotations.sharding import running as shard_running
from annotations.sharding.sweep import sweep_shards
from gas_site.storage import Beat, DiskStore
from tests.site.factories import make_job, stored
from tests.site.sharded import example, large, states, work

__all__ = ["example", "large"]

pytestmark = pytest.mark.django_db


def test_a_cancelled_job_stops_the_engine_at_a_shard(
    alice: User, example: bytes, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job(alice, JobStatus.PENDING, content=example)
    work(1)
    engine = run_part

    def cancelled_meanwhile(*args: Any, **options: Any) -> None:
        moves.cancel(job, "cancelled by its owner")
        engine(*args, **options)

    monkeypatch.setattr(lease, "RENEW_EVERY_SECONDS", 0)
    monkeypatch.setattr(shard_running, "run_part", cancelled_meanwhile)
    work()
    sweep_shards()
    job.refresh_from_db()
    assert (job.status, job.failure, stored(files)) == (JobStatus.CANCELLED, "", [job.input_key])


def test_what_is_being_stored_when_a_job_has_been_ended_and_cleared_does_not_stay(
    alice: User, example: bytes, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adopt = DiskStore.adopt

    def slowly(store: DiskStore, path: Path, key: str, beat: Beat) -> None:
        if key.endswith("annot.vcf.gz"):
            moves.cancel(job, "cancelled by its owner")
            sweep_shards()
        adopt(store, path, key, beat)
        beat(1)  # as a bucket does after each piece

    job = make_job(alice, JobStatus.PENDING, content=example)
    work(1)
    monkeypatch.setattr(lease, "RENEW_EVERY_SECONDS", 0)
    monkeypatch.setattr(DiskStore, "adopt", slowly)
    work()
    sweep_shards()
    assert (stored(files), Shard.objects.count()) == ([job.input_key], 0)


def test_a_job_that_is_removed_as_its_file_has_just_been_cut_ends_quietly(
    alice: User, example: bytes, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = run_cut

    def removed_meanwhile(*args: Any, **options: Any) -> Cut:
        cut = engine(*args, **options)
        deleting.delete(job)
        assert deleting.purge(job.pk)
        return cut

    job = make_job(alice, JobStatus.PENDING, content=example)
    monkeypatch.setattr(cutting, "run_cut", removed_meanwhile)
    running.run_next()
    assert (stored(files), Shard.objects.count(), Job.objects.count()) == ([], 0, 0)


def test_the_time_that_a_job_has_holds_for_all_of_its_parts_together(
    alice: User, example: bytes, files: Path, settings: Settings
) -> None:
    job = make_job(alice, JobStatus.PENDING, content=example)
    work(2)
    assert states(job) == ["done", "waiting", "held"]
    Job.objects.filter(pk=job.pk).update(started_at=timezone.now() - settings.JOB_TIMEOUT)
    work()
    sweep_shards()
    job.refresh_from_db()
    assert job.failure == (
        "This job ran longer than 12 h 0 min, what its parts waited for each other and for their turns included, and "
        "was stopped. Split the file, or ask us for more time."
    )
    assert stored(files) == [job.input_key]


@pytest.mark.parametrize("in_one_piece", [True, False])
def test_the_same_of_a_result_in_one_piece_and_of_the_parts_of_a_file(
    alice: User, example: bytes, files: Path, monkeypatch: pytest.MonkeyPatch, in_one_piece: bool
) -> None:
    adopt = DiskStore.adopt

    def slowly(store: DiskStore, path: Path, key: str, beat: Beat) -> None:
        moves.cancel(job, "cancelled by its owner")
        sweep_shards()
        adopt(store, path, key, beat)
        beat(1)

    job = make_job(alice, JobStatus.PENDING, content=example, in_one_piece=in_one_piece)
    monkeypatch.setattr(lease, "RENEW_EVERY_SECONDS", 0)
    monkeypatch.setattr(DiskStore, "adopt", slowly)
    work()
    job.refresh_from_db()
    assert (job.status, stored(files)) == (JobStatus.CANCELLED, [job.input_key])


@pytest.mark.parametrize("ended", ["by its owner", "by its third death"])
def test_what_a_cutting_had_stored_when_it_was_killed_goes_once_the_job_has_ended(
    alice: User, example: bytes, files: Path, monkeypatch: pytest.MonkeyPatch, ended: str
) -> None:
    def killed(*args: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(shard_moves, "begin", killed)
    job = make_job(alice, JobStatus.PENDING, content=example, deaths=0 if ended == "by its owner" else 2)
    with pytest.raises(KeyboardInterrupt):
        running.run_next()
    sweep_shards()
    assert [name for name in stored(files) if "1.parts/parts/00001" in name], "its lease has not run out"
    if ended == "by its owner":
        moves.cancel(job, "cancelled by its owner")
    Job.objects.filter(pk=job.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    sweep.take_from_dead_workers()
    sweep_shards()
    job.refresh_from_db()
    assert job.status == (JobStatus.CANCELLED if ended == "by its owner" else JobStatus.FAILED)
    assert (stored(files), Shard.objects.count()) == ([job.input_key], 0)
