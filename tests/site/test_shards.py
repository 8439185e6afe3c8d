"""A large job in shards, through the real engine: the same result, whatever stops a worker or puts it off."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Notification, User
from annotations import moves, running, sweep
from annotations.engine.child import run_child
from annotations.engine.errors import NotShardable
from annotations.engine.task import Progress, Task
from annotations.models import Job, JobStatus, PrivateSource, Shard
from annotations.sharding import moves as shard_moves
from annotations.sharding import running as shard_running
from annotations.workplace import worker_name
from gas_site.storage import StoreAway, file_store
from tests.site.factories import HEADER, make_job, stored
from tests.site.sharded import (
    RCRS,
    Content,
    completed,
    content_in,
    content_of,
    example,
    large,
    states,
    take,
    vanish,
    work,
)

__all__ = ["example", "large"]

pytestmark = pytest.mark.django_db
GT = '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
KNOWN = [(3460, "G", "A"), (8993, "T", "G"), (11778, "G", "A"), (14484, "T", "C")]


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Content:
    """Give what the engine makes of the example in one piece."""
    task = Task(RCRS / "example.vcf", "patient.vcf", RCRS, tmp_path_factory.mktemp("expected"))
    result = run_child(task, on_progress=lambda _: None, should_stop=lambda: False, timeout=600)
    paths = {file.kind: file.path for file in result.files}
    return content_in(paths["vcf"], paths["table"], result.summary)


def test_a_result_in_eight_shards_is_the_same_as_in_one_piece(
    alice: User, example: bytes, expected: Content, files: Path, settings: Settings
) -> None:
    settings.SHARD_RECORDS = 6
    job = make_job(alice, JobStatus.PENDING, content=example)
    work(1)
    assert states(job) == ["waiting"] * 8 + ["held"]
    for shard in Shard.objects.filter(gathers=False):  # the last part first: messages and workers know no order
        Shard.objects.filter(pk=shard.pk).update(turn_at=shard.turn_at - timedelta(seconds=100 * shard.number))
    completed(job)
    assert content_of(job, files) == expected
    assert [file.kind for file in job.files.all()] == ["vcf", "index", "table", "summary", "log"]
    for file in job.files.all():
        content = (files / file.key).read_bytes()
        assert (file.size, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert (job.progress_records, job.progress_fraction) == (60, 1)
    assert Notification.objects.get().about == str(job.pk)
    assert stored(files) == sorted([job.input_key, *(file.key for file in job.files.all())])
    assert not Shard.objects.exists()


def test_whoever_dies_cutting_annotating_or_gathering_the_result_is_the_same(
    alice: User, example: bytes, expected: Content, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*args: Any, **options: Any) -> bool:
        raise KeyboardInterrupt

    job = make_job(alice, JobStatus.PENDING, content=example)
    with monkeypatch.context() as patch:
        patch.setattr(moves, "leave_to_shards", killed)
        with pytest.raises(KeyboardInterrupt):
            running.run_next()
    assert states(job) == ["held"], "which stands for what is in the store"
    Job.objects.filter(pk=job.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    sweep.take_from_dead_workers()
    work(1)
    dead = take()
    # What it had stored when it was killed is never looked at.
    file_store().receive(iter([b"half of"]), f"{dead.outputs_prefix}/annot.vcf.gz")
    vanish(dead)
    assert (states(job), Job.objects.get(pk=job.pk).attempt) == (["waiting", "waiting", "held"], 2)
    work(2)
    gathering = take()
    assert gathering.gathers
    vanish(gathering)
    completed(job)
    assert content_of(job, files) == expected
    assert {file.key.split("/")[2] for file in job.files.all()} == {"2.2"}
    assert [event.note for event in job.events.all()][2:] == [
        "worker lost",
        f"attempt by {worker_name()}",
        "cut into 2 shards",
        "shard 1 broke off in its attempt 1",
        "gathering broke off in its attempt 1",
        "",
    ]
    # The first who gathered wakes up, too late.
    assert not shard_moves.renew(gathering, Progress("finishing", 0.5, 0))
    assert not moves.complete(gathering.job, {"total": 0})
    assert Notification.objects.count() == 1


def test_a_file_store_that_is_away_puts_a_shard_off_whenever_it_is(
    alice: User, example: bytes, expected: Content, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: Any) -> Any:
        raise StoreAway(5, "S3 answered SlowDown")

    job = make_job(alice, JobStatus.PENDING, content=example)
    work(1)
    for moment in ("part_of", "keep_outputs"):  # before the engine, and after it
        with monkeypatch.context() as patch:
            patch.setattr(shard_running, moment, away)
            running.run_next()
    assert states(job) == ["waiting", "waiting", "held"]
    for shard in Shard.objects.filter(gathers=False):
        assert shard.deaths == 0
        assert shard.last_sent_at is not None
        assert shard.last_sent_at > timezone.now() + timedelta(minutes=1)
    assert work() == 0, "nobody takes them before their time"
    Shard.objects.update(not_before=None)
    assert content_of(completed(job), files) == expected


def test_haplotypes_and_sources_of_ones_own_are_annotated_in_shards_too(
    alice: User, files: Path, settings: Settings
) -> None:
    header = HEADER.replace("INFO\n", "INFO\tFORMAT\tS1\n").replace("##contig", GT + "##contig")
    lines = [f"MT\t{at}\t.\t{ref}\t{alt}\t.\t.\t.\tGT\t0|1\n" for at, ref, alt in KNOWN]
    fields: dict[str, Any] = {"content": (header + "".join(lines)).encode(), "haplotype_aware": True}
    settings.SHARD_RECORDS = 2

    def annotated(*, in_shards: bool) -> Job:
        job = make_job(alice, JobStatus.PENDING, in_one_piece=not in_shards, **fields)
        bed = b"MT\t11700\t11800\tmine\n"
        key = f"uploads/{job.pk}/source-1"
        file_store().receive(iter([bed]), key)
        source = {"label": "own", "file_name": "own.bed", "key": key, "size": len(bed)}
        PrivateSource.objects.create(job=job, format="bed", match="overlap", fields="own", **source)
        return completed(job)

    job, other = annotated(in_shards=True), annotated(in_shards=False)
    assert "cut into" in " ".join(event.note for event in job.events.all())
    assert content_of(job, files) == content_of(other, files)
    assert b"mine" in content_of(job, files)[0]


@pytest.mark.parametrize("above", [0, 1])
def test_every_file_is_cut_where_the_setting_says_so(
    alice: User, example: bytes, settings: Settings, above: int
) -> None:
    settings.SHARD_ABOVE = above
    job = make_job(alice, JobStatus.PENDING, content=example)
    work(1)
    assert states(job) == ["waiting", "waiting", "held"]


def test_a_file_that_only_one_pass_can_annotate_is_annotated_in_one(
    alice: User, example: bytes, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any, **options: Any) -> None:
        raise NotShardable("only one pass over the whole file can settle it")

    job = make_job(alice, JobStatus.PENDING, content=example)
    work(1)
    monkeypatch.setattr(shard_running, "run_part", refuse)
    completed(job)
    assert (job.attempt, job.in_one_piece, job.summary["total"]) == (2, True, 60)
    assert {file.key.split("/")[2] for file in job.files.all()} == {"2"}
    assert not Shard.objects.exists()
    assert [name for name in stored(files) if "parts" in name] == []
