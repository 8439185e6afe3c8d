"""A large job in shards over SQS and S3: workers that share nothing but these and the database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import dramatiq
import pytest
from django.utils import timezone
from dramatiq import Worker
from pytest_django import Settings

from accounts.models import Plan
from annotations import actors, moves
from annotations.models import Job, JobStatus, Shard
from annotations.queueing.waking import send_what_is_missing
from gas_site.queue_counts import Held, count_held
from gas_site.queues import make_broker, make_queues
from tests.cloud.buckets import contents, make_bucket, store_setting
from tests.cloud.queues import until
from tests.site.annotators import SlowShards, annotator
from tests.site.factories import make_job, make_user
from tests.site.sharded import RCRS, cut, states

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def queue(
    amazon: str, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dramatiq.Broker]:
    """Give the site's actors on a queue at SQS, with the files in S3."""
    make_bucket("gas")
    settings.STORAGES = {**settings.STORAGES, "default": store_setting("gas", "files")}
    settings.WORK_DIR = tmp_path / "work"
    settings.SHARD_ABOVE, settings.SHARD_RECORDS = 2, 30
    for slug in (Plan.FREE, Plan.PREMIUM):
        Plan.objects.get_or_create(slug=slug, defaults={"name": slug.title()})
    broker = make_broker("sqs://eu-west-1/shards?wait=1s", None)
    for actor in (actors.annotate, actors.annotate_shard):
        monkeypatch.setattr(actor, "broker", broker)
        broker.declare_actor(actor)
    make_queues(broker)
    yield broker
    broker.close()


def test_a_job_in_shards_is_annotated_over_sqs_and_s3_and_leaves_no_part(queue: dramatiq.Broker) -> None:
    job = make_job(make_user(), JobStatus.UPLOADING, content=(RCRS / "example.vcf").read_bytes())
    assert moves.enqueue(job.pk, "rCRS")
    workers = [Worker(queue, worker_timeout=50, worker_threads=1) for _ in range(2)]
    for worker in workers:
        worker.start()
    try:
        until(lambda: Job.objects.get(pk=job.pk).is_terminal and not Shard.objects.exists(), 60)
    finally:
        for worker in workers:
            worker.stop()
    job.refresh_from_db()
    assert (job.status, job.failure, job.summary["total"]) == (JobStatus.COMPLETED, "", 60)
    assert "cut into 2 shards" in [event.note for event in job.events.all()]
    names = [job.input_key, *(file.key for file in job.files.all())]
    assert sorted(contents("gas")) == sorted(f"files/{name}" for name in names)


def test_a_small_file_is_annotated_while_all_slots_are_at_shards_and_no_message_is_lost(
    queue: dramatiq.Broker, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SHARD_ABOVE = 1_000_000
    with SlowShards(monkeypatch) as shards, annotator(queue, slot_count=1):
        job = cut(make_user(), parts=4)
        until(lambda: shards.at_work == 1, 20)
        ticket = make_job(make_user(), JobStatus.UPLOADING)
        assert moves.enqueue(ticket.pk, "rCRS")
        until(lambda: Job.objects.get(pk=ticket.pk).status == JobStatus.COMPLETED, 30)
        assert (shards.at_work, states(job).count("waiting")) == (1, 3)
        shards.go_on.set()
        until(lambda: states(job) == ["done"] * 4 + ["waiting"], 30)
    assert shards.most_at_work == 1


def test_what_waits_long_is_sent_again_only_as_far_as_sqs_lacks_it(
    queue: dramatiq.Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqs: Any = queue
    with SlowShards(monkeypatch) as shards, annotator(queue, slot_count=1):
        cut(make_user(), parts=5)
        until(lambda: shards.at_work == 1 and count_held(queue, "annotate") == Held(3, 2), 20)
        for _ in range(2):
            sent_long_ago()
            send_what_is_missing()
            assert count_held(queue, "annotate") == Held(3, 2)
        sqs.client.purge_queue(QueueUrl=sqs.urls("annotate")[0])  # moto takes what is in flight with it
        assert count_held(queue, "annotate") == Held(0, 0)
        sent_long_ago()
        send_what_is_missing()
        assert count_held(queue, "annotate") == Held(4, 0)


def sent_long_ago() -> None:
    Shard.objects.update(last_sent_at=timezone.now() - timedelta(minutes=5))
