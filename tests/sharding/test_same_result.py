"""However a file is cut, and whatever befalls its parts, the result is that of one pass."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pysam
import pytest

from annotations.engine.child import run_child
from annotations.engine.errors import StageFailed
from annotations.engine.sharding.children import run_cut, run_gather, run_part
from annotations.engine.sharding.size import ShardSize
from annotations.engine.task import Progress, Task
from tests.engine.processes import descendants
from tests.sharding.files import FILES, task
from tests.sharding.sharded import Outcome, cut_into, do_part, gathered, outcome, quiet, whole

Given = tuple[Task, Outcome]


@pytest.fixture(scope="module", params=FILES)
def given(request: pytest.FixtureRequest, reference: Path, tmp_path_factory: pytest.TempPathFactory) -> Given:
    directory = tmp_path_factory.mktemp("given")
    given = task(request.param, reference, directory)
    return given, whole(given, directory / "whole")


@pytest.mark.parametrize("parts", [1, 2, 8])
def test_records_rows_and_summary_are_those_of_one_pass(given: Given, parts: int, tmp_path: Path) -> None:
    a_task, expected = given
    found = cut_into(a_task, parts, tmp_path)
    assert len(found.parts) >= parts
    order = [part.number for part in found.parts]
    random.Random(parts).shuffle(order)
    done = {number: do_part(a_task, found, number, tmp_path) for number in order}
    text, rows, summary = gathered(a_task, found, [done[part.number] for part in found.parts], tmp_path)
    assert text == expected[0]
    assert rows == expected[1]
    assert summary == expected[2]
    assert list(summary["by_gene"]) == list(expected[2]["by_gene"])
    last = rows[-1]
    with pysam.VariantFile(str(tmp_path / "gathered" / "in.annot.vcf.gz")) as file:
        # The last record of all is found by the index.
        assert [record.pos for record in file.fetch(last["contig"], last["pos"] - 1, last["pos"])][-1] == last["pos"]


def test_a_part_that_was_killed_and_one_that_was_done_twice_change_nothing(reference: Path, tmp_path: Path) -> None:
    a_task = replace(task("many contigs", reference, tmp_path), shards=ShardSize(records=700))
    directory, done = tmp_path / "cut", tmp_path / "done"
    options = {"on_progress": quiet, "timeout": 60.0}
    found = run_cut(a_task, directory, should_stop=lambda: False, **options)  # type: ignore[arg-type]
    assert len(found.parts) == 4

    def part(number: int, output: Path, should_stop: Callable[[], bool] = lambda: False) -> None:
        run_part(directory, number, output, reference=reference, should_stop=should_stop, **options)  # type: ignore[arg-type]

    part(0, done / "0")
    part(2, done / "2 of another worker")
    part(2, done / "2")
    with pytest.raises(StageFailed, match="ended from outside"):
        part(1, done / "1", _killer())
    assert not (done / "1").exists()
    part(1, done / "1")
    part(3, done / "3")
    outputs = [done / str(number) for number in range(4)]
    result = run_gather(
        directory,
        outputs,
        tmp_path / "gathered",
        reference=reference,
        should_stop=lambda: False,
        **options,  # type: ignore[arg-type]
    )
    text, rows, summary = outcome(result.files, result.summary)
    assert (text, rows, summary) == whole(a_task, tmp_path / "whole")
    assert (done / "2" / "annot.vcf.gz").read_bytes() == (done / "2 of another worker" / "annot.vcf.gz").read_bytes()


def _killer() -> Callable[[], bool]:
    """Kills the engine's process at the first look at whether it should stop."""
    before = set(descendants(os.getpid()))

    def kill() -> bool:
        for pid in set(descendants(os.getpid())) - before:
            os.kill(pid, signal.SIGKILL)
        return False

    return kill


def test_two_workers_of_one_machine_give_the_same(given: Given, tmp_path: Path) -> None:
    a_task, expected = given
    side_by_side = replace(a_task, workers=2, shards=ShardSize(records=400), output_dir=tmp_path / "out")
    seen: list[Progress] = []
    result = run_child(side_by_side, on_progress=seen.append, should_stop=lambda: False, timeout=60)
    assert outcome(result.files, result.summary) == expected
    fractions = [progress.fraction for progress in seen]
    assert fractions == sorted(fractions)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(f.path.name for f in result.files)


def test_the_process_that_cuts_and_gathers_does_without_arrow() -> None:
    # It runs beside as many pipes as there are workers; Arrow would cost it 9 MB and 60 ms.
    script = "import sys, annotations.engine.sharding.parallel; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = ran.stdout.split()
    assert "annotations.engine.sharding.gathering" in loaded
    assert not {"pyarrow", "pysam", "duckdb"} & set(loaded)
