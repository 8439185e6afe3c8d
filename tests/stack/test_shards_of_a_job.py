"""A large job in shards on a running stack: workers killed, messages lost, the job cancelled or deleted meanwhile."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from annotations.engine.child import run_child
from annotations.engine.task import Task
from tests.stack.genome import NAME
from tests.stack.processes import until
from tests.stack.stacks import Stack, stack_in

RECORDS, SHARD = 200_000, 50_000
Variants = Callable[[int], Path]
SHARDS = {"SHARD_ABOVE": "1MB", "SHARD_RECORDS": str(SHARD)}


@pytest.fixture
def cutting(prepared: Path, tmp_path: Path) -> Iterator[Stack]:
    """Give a stack that cuts this file into four, with two workers for them."""
    with stack_in(tmp_path / "data", prepared, **SHARDS) as running:
        yield running


def states(stack: Stack, job: str) -> list[str]:
    query = "SELECT state FROM annotations_shard WHERE job_id = ? AND NOT gathers ORDER BY number"
    return [row["state"] for row in stack.rows(query, stack.job(job)["id"])]


def in_the_middle(stack: Stack, job: str) -> None:
    """Wait until a shard is done and others are at work."""
    until(lambda: {"done", "running"} <= set(states(stack, job)), 180, "a shard is done and another at work")


def parts(stack: Stack, job: str) -> list[str]:
    return [name for name in stack.attempts(job) if name.endswith(".parts")]


def test_after_a_kill_and_the_loss_of_the_queue_only_what_was_at_work_is_done_again_and_the_records_are_the_same(
    cutting: Stack, variants: Variants, tmp_path: Path
) -> None:
    job = cutting.person("owner").annotate(variants(RECORDS), NAME)
    in_the_middle(cutting, job)
    cutting.kill()
    before = states(cutting, job)
    shutil.rmtree(cutting.data_dir / "queue")
    cutting.start()
    cutting.wait_for([job], 120)
    row = cutting.job(job)
    assert (row["status"], row["failure"], row["attempt"], row["deaths"]) == ("completed", "", 1, 0)
    notes = [note for _, note in cutting.events(job)]
    broken = [
        f"shard {number + 1} broke off in its attempt 1" for number, state in enumerate(before) if state == "running"
    ]
    assert "cut into 4 shards" in notes
    assert sorted(note for note in notes if "broke off" in note) == broken
    files = {each["kind"]: each["key"] for each in rows_of_files(cutting, job)}
    assert records_in(cutting.data_dir / "files" / files["vcf"]) == records_in(
        in_one_piece(cutting, variants, tmp_path)
    )
    assert json.loads(row["summary"])["total"] == RECORDS
    assert cutting.attempts(job) == ["1.1"]
    until(lambda: cutting.mails(job), 30, "the mail is written")
    cutting.settle()
    assert len(cutting.mails(job)) == 1
    assert states(cutting, job) == []


def rows_of_files(stack: Stack, job: str) -> list[dict[str, str]]:
    return stack.rows("SELECT kind, key FROM annotations_resultfile WHERE job_id = ?", stack.job(job)["id"])


def in_one_piece(stack: Stack, variants: Variants, directory: Path) -> Path:
    """Annotate the same file by the engine alone, and return its VCF."""
    reference = stack.data_dir / "references" / NAME
    task = Task(variants(RECORDS), f"{RECORDS}.vcf", reference, directory / "one")
    result = run_child(task, on_progress=lambda _: None, should_stop=lambda: False, timeout=600)
    return next(file.path for file in result.files if file.kind == "vcf")


def records_in(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes())


@pytest.fixture
def cutting_fine(prepared: Path, tmp_path: Path) -> Iterator[Stack]:
    """Give a stack that cuts this file into forty, so that shards are at work for a while."""
    with stack_in(tmp_path / "data", prepared, **{**SHARDS, "SHARD_RECORDS": str(RECORDS // 40)}) as running:
        yield running


def kept(stack: Stack, job: str) -> list[str]:
    """Name the files of a job's results; a worker that notices late may leave its directory, with nothing in it."""
    results = stack.data_dir / "files" / "results" / job
    return [path.name for path in results.rglob("*") if path.is_file()]


def test_cancelling_and_deleting_stop_the_shards_and_leave_no_part_of_the_file(
    cutting_fine: Stack, variants: Variants
) -> None:
    cutting = cutting_fine
    owner = cutting.person("owner")
    cancelled, deleted = owner.annotate(variants(RECORDS), NAME), owner.annotate(variants(RECORDS), NAME)
    for job, act in ((cancelled, "cancel"), (deleted, "delete")):
        until(lambda job=job: "running" in states(cutting, job), 180, "a shard is at work")  # type: ignore[misc]
        assert parts(cutting, job) == ["1.parts"]
        owner.post(f"/annotations/{job}/{act}/", {}, form=f"/annotations/{job}/")
    until(lambda: cutting.engine() == [], 120, "the engine's processes have ended")
    until(lambda: cutting.rows("SELECT id FROM annotations_shard") == [], 120, "the sweep has cleared up")
    assert cutting.job(cancelled)["status"] == "cancelled"
    until(lambda: kept(cutting, cancelled) == kept(cutting, deleted) == [], 120, "the files are gone")
    assert cutting.mails(cancelled) == []
    assert "Traceback" not in cutting.said()


@pytest.mark.slow
def test_small_files_of_other_people_go_between_the_shards_of_a_large_one(
    prepared: Path, variants: Variants, tmp_path: Path
) -> None:
    with stack_in(tmp_path / "data", prepared, SHARD_ABOVE="1MB", SHARD_RECORDS="4000") as stack:
        large = stack.person("large").annotate(variants(RECORDS), NAME)
        until(lambda: "running" in states(stack, large), 60, "the file is cut")
        people = [stack.person(f"person{number}") for number in range(3)]
        small = [person.annotate(variants(1_000), NAME) for _ in range(4) for person in people]
        stack.wait_for(small, 120)
        assert {stack.job(job)["status"] for job in small} == {"completed"}
        assert states(stack, large).count("waiting") > 10, "the large one waited for the small ones, not they for it"
