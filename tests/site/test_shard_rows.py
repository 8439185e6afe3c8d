"""The rows of shards: claimed, renewed, given back, done; whatever is lost, doubled, late, or ended meanwhile."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from dramatiq.middleware import Shutdown
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import User
from annotations import deleting, moves, running
from annotations.engine.errors import InputRefused, StageFailed
from annotations.engine.task import Progress
from annotations.models import Job, JobStatus, Shard
from annotations.queueing.claiming import claim_next
from annotations.queueing.place import Place, place_of
from annotations.queueing.waking import send_what_is_missing
from annotations.sharding import moves as shard_moves
from annotations.sharding import running as shard_running
from annotations.sharding.sweep import sweep_shards
from gas_site.metrics import exposition
from gas_site.storage import StoreAway, file_store
from tests.site.conftest import Sent
from tests.site.factories import make_job, stored
from tests.site.sharded import cut, states, take, vanish

pytestmark = pytest.mark.django_db
SECRET = "patient-jane-doe"


@pytest.fixture(autouse=True)
def quiet(settings: Settings, tmp_path: Path, sent: list[Sent]) -> None:
    """Send nothing: workers come by when the test says so."""
    settings.WORK_DIR = tmp_path / "work"


def test_a_jobs_progress_is_the_sum_of_its_shards(alice: User) -> None:
    job = cut(alice, parts=4)
    assert (job.status, job.lease_expires_at, job.progress_stage) == (JobStatus.RUNNING, None, "annotating")
    first, second = take(), take()
    assert shard_moves.renew(first, Progress("annotating", 0.5, 5))
    assert shard_moves.done(second)
    assert shard_moves.renew(first, Progress("annotating", 0.9, 9))
    job.refresh_from_db()
    assert job.progress_records == 19
    assert job.progress_fraction == pytest.approx(0.1 + 0.8 * 19 / 40)


def test_the_third_death_of_a_shard_ends_the_job_and_nothing_of_it_stays(
    alice: User, sent: list[Sent], files: Path
) -> None:
    job = cut(alice)
    file_store().receive(iter([b"text"]), f"results/{job.pk}/1.parts/parts/00000.vcf.gz")
    for _ in range(3):
        shard = take()
        assert shard.number == 0, "it keeps its turn"
        vanish(shard)
    job.refresh_from_db()
    assert job.status == JobStatus.FAILED
    assert job.failure.startswith("The worker stopped 3 times while annotating this file, so we do not try again.")
    assert claim_next("host:2") is None
    sweep_shards()
    assert not Shard.objects.exists()
    assert stored(files) == [job.input_key]


def test_messages_that_are_lost_are_sent_again_and_doubled_ones_find_nothing(
    alice: User, sent: list[Sent], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    cut(alice, parts=2)
    Shard.objects.update(last_sent_at=timezone.now() - timedelta(minutes=5))
    with django_capture_on_commit_callbacks(execute=True):
        send_what_is_missing()
        send_what_is_missing()
    waiting = [str(pk) for pk in Shard.objects.filter(state="waiting").values_list("pk", flat=True)]
    assert sorted(message.arguments[0] for message in sent) == sorted(waiting)
    assert {message.actor for message in sent} == {"annotate_shard"}
    assert {take().number, take().number} == {0, 1}
    assert claim_next("host:2") is None


def test_shards_wake_as_many_workers_as_there_are_and_the_last_one_done_wakes_who_gathers(
    alice: User, sent: list[Sent], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        cut(alice, parts=3)
        assert sent == []
    assert len(sent) == 3
    shards = [take() for _ in range(3)]
    for shard in reversed(shards):  # in whichever order
        with django_capture_on_commit_callbacks(execute=True):
            assert shard_moves.done(shard)
    assert len(sent) == 4
    gathering = take()
    assert (gathering.gathers, sent[3].arguments) == (True, (str(gathering.pk),))


def test_a_gathering_that_was_forgotten_is_brought_on_its_way_by_the_sweep(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = cut(alice, parts=1)
    with monkeypatch.context() as patch:
        patch.setattr(shard_moves, "let_gather", lambda job: pytest.fail("killed"))
        with pytest.raises(pytest.fail.Exception):
            shard_moves.done(take())
    assert states(job) == ["done", "held"]
    sweep_shards()
    assert take().gathers


def test_a_gathering_waits_for_every_part(alice: User) -> None:
    job = cut(alice, parts=2)
    shard_moves.done(take())
    assert not shard_moves.let_gather(job)
    sweep_shards()
    assert states(job) == ["done", "waiting", "held"]


@pytest.mark.parametrize("meanwhile", ["cancelled", "deleted", "begun anew"])
def test_shards_of_a_job_that_is_ended_stop_and_are_not_claimed(
    alice: User, files: Path, meanwhile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = cut(alice)
    at_work = take()
    file_store().receive(iter([b"text"]), f"{at_work.outputs_prefix}/annot.vcf.gz")
    if meanwhile == "cancelled":
        assert moves.cancel(job, "by its owner")
    elif meanwhile == "deleted":
        deleting.delete(job)
    else:
        assert moves.begin_in_one_piece(job)
        assert moves.claim(job.pk, "host:3")
    assert not shard_moves.renew(at_work, Progress("annotating", 0.5, 5))
    assert not shard_moves.done(at_work)
    assert not shard_moves.give_back(at_work)
    assert not shard_moves.break_off(at_work, "late")
    assert claim_next("host:2") is None
    sweep_shards()
    if meanwhile == "deleted":
        assert deleting.purge(job.pk)
    assert not Shard.objects.exists()
    assert [name for name in stored(files) if "parts" in name] == []


def test_what_is_left_over_waits_for_a_file_store_that_is_away(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(self: object, prefix: str) -> None:
        raise StoreAway(5, "S3 answered SlowDown")

    moves.cancel(cut(alice), "by its owner")
    with monkeypatch.context() as patch:
        patch.setattr(type(file_store()), "remove_tree", away)
        sweep_shards()
    assert Shard.objects.count() == 4
    sweep_shards()
    assert not Shard.objects.exists()


def test_a_worker_told_to_stop_hands_its_shard_back(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    job = cut(alice, parts=1)

    def shut_down(*args: Any) -> None:
        raise Shutdown

    monkeypatch.setattr(shard_running, "part_of", shut_down)
    with pytest.raises(Shutdown):
        running.run_next()
    shard = Shard.objects.get(number=0)
    assert (states(job), shard.attempt, shard.deaths, shard.lease_expires_at) == (["waiting", "held"], 1, 0, None)


def test_a_part_that_is_refused_ends_the_job_with_the_sentence(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **options: Any) -> Any:
        raise InputRefused("The genotype is not phased.", "Phase it.", 7, "S1")

    job = cut(alice)
    monkeypatch.setattr(shard_running, "part_of", refuse)
    running.run_next()
    job.refresh_from_db()
    assert (job.status, job.failure[:7]) == (JobStatus.FAILED, "Line 7,")
    assert claim_next("host:2") is None


def test_an_engine_that_breaks_off_is_tried_again_and_then_said_to_be_our_fault(
    alice: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    trouble = StageFailed(f"csq: a line with {SECRET}")

    def break_down(*args: Any, **options: Any) -> Any:
        raise trouble

    job = cut(alice, parts=1)
    monkeypatch.setattr(shard_running, "part_of", break_down)
    running.run_next()
    running.run_next()
    assert Job.objects.get(pk=job.pk).status == JobStatus.RUNNING
    running.run_next()
    job.refresh_from_db()
    assert job.failure.startswith("Something went wrong on our side, not with your file.")
    assert SECRET not in caplog.text


def test_a_worker_that_has_no_place_to_work_costs_the_shard_a_life_and_not_the_job(
    alice: User, settings: Settings, tmp_path: Path
) -> None:
    job = cut(alice)
    (tmp_path / "work").write_text("no directory")
    running.run_next()
    assert Job.objects.get(pk=job.pk).status == JobStatus.RUNNING
    assert list(Shard.objects.filter(deaths=1).values_list("number", "state")) == [(0, "waiting")]


def test_a_newcomers_small_file_goes_between_the_shards_of_a_genome(alice: User, bob: User) -> None:
    premium = User.objects.get(pk=alice.pk)
    premium.plan_id = "premium"
    premium.save()
    cut(premium, parts=20, input_size=1 << 30)
    take()
    ticket = make_job(bob, JobStatus.UPLOADING)
    assert moves.enqueue(ticket.pk, "rCRS")
    assert claim_next("host:2") == ticket


def test_a_waiting_job_counts_a_job_in_shards_once_and_workers_at_shards(alice: User, bob: User) -> None:
    cut(alice, parts=3)
    for seconds, number in enumerate(Shard.objects.filter(state="waiting").values_list("pk", flat=True)):
        at = timezone.now() - timedelta(seconds=60 - seconds)
        Shard.objects.filter(pk=number).update(turn_at=at, expected_seconds=20)
    take()
    job = make_job(bob, JobStatus.PENDING)
    assert place_of(Job.objects.get(pk=job.pk), timezone.now()) == Place(2, 60.0)


def test_the_page_of_a_job_in_shards_says_how_many_parts_are_done(
    alices: Client, alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    job = cut(alice, parts=3)
    shard_moves.done(take())
    take()
    with django_assert_num_queries(7):
        page = " ".join(alices.get(job.get_absolute_url()).content.decode().split())
    assert "1 of 3 parts done" in page
    assert "<dt>Parts done</dt> <dd> 1 <small>of 3, 1 at work</small>" in page
    assert "10 <small>of 30 in the file" in page


def test_while_a_file_is_cut_its_page_and_row_say_so_and_count_no_records(alices: Client, alice: User) -> None:
    job = make_job(alice, JobStatus.RUNNING, progress_stage="cutting", progress_fraction=0.1, progress_records=0)
    page = " ".join(alices.get(job.get_absolute_url()).content.decode().split())
    assert "it is read and checked first, and cut into parts" in page
    assert 'aria-label="Share of the work done" >10%' in page
    assert "Records done" not in page
    row = " ".join(alices.get("/annotations/").content.decode().split())
    assert "Checked, and cut into parts" in row
    assert "0 records" not in row


def test_shards_are_in_the_metrics_of_the_backlog(alice: User) -> None:
    cut(alice, parts=3)
    take()
    make_job(alice, JobStatus.PENDING)
    found = exposition().decode()
    assert 'gas_shards{state="waiting"} 2.0' in found
    assert "gas_backlog_pieces 3.0" in found
    assert "gas_pieces_at_work 1.0" in found
