"""The engine's processes end when they should, and leave nothing where they were ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest

from annotations.engine.child import child_environment, run_child
from annotations.engine.errors import InputRefused, StageFailed, Stopped
from annotations.engine.reference import load_reference
from annotations.engine.task import Progress, Task
from tests.engine.annotating import HEADER, RCRS, vcf
from tests.engine.processes import alive, command_of, descendants, until

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def endless(tmp_path: Path) -> Path:
    """A pipe that gives a header and some records and then nothing: a file that is read for ever."""
    path = tmp_path / "endless.vcf"
    os.mkfifo(path)
    return path


def _feed(path: Path, ended: threading.Event) -> None:
    # Some megabytes, so that the reader, which looks at one at a time, has set the whole pipe to work.
    header = HEADER + '##INFO=<ID=PAD,Number=1,Type=String,Description="Filler">\n'
    bases = load_reference(RCRS).sequence("MT").fetch(0, 16_569).decode()
    records = [f"MT {pos} . {base} . . . PAD={'x' * 250}" for pos, base in enumerate(bases, start=1) if base != "N"]

    def write() -> None:
        with suppress(BrokenPipeError), path.open("w") as out:
            out.write(vcf(*records, header=header))
            out.flush()
            ended.wait(60)

    threading.Thread(target=write, daemon=True).start()


def test_stopping_ends_every_process_and_leaves_nothing(endless: Path, tmp_path: Path) -> None:
    ended = threading.Event()
    _feed(endless, ended)
    # Other tests of this process may keep a server or a browser running.
    before = set(descendants(os.getpid()))
    seen: list[int] = []

    def should_stop() -> bool:
        seen[:] = [pid for pid in descendants(os.getpid()) if pid not in before]
        return len([pid for pid in seen if "annotations.engine" in command_of(pid)]) >= 4

    with pytest.raises(Stopped):
        run_child(
            Task(endless, "x.vcf", RCRS, tmp_path / "out"),
            on_progress=lambda _: None,
            should_stop=should_stop,
            timeout=30,
        )
    ended.set()
    assert len(seen) >= 4
    until(lambda: not any(alive(pid) for pid in seen), 5)
    assert not (tmp_path / "out").exists()


def test_a_time_limit_stops_too(endless: Path, tmp_path: Path) -> None:
    ended = threading.Event()
    _feed(endless, ended)
    task = Task(endless, "x.vcf", RCRS, tmp_path / "out")
    with pytest.raises(Stopped, match="longer than it may"):
        run_child(task, on_progress=lambda _: None, should_stop=lambda: False, timeout=1)
    ended.set()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("stage", ["norm", "csq", "annotations.engine.results.finisher"])
def test_a_stage_killed_in_the_middle_fails_the_task_and_leaves_nothing(
    endless: Path, tmp_path: Path, stage: str
) -> None:
    ended = threading.Event()
    _feed(endless, ended)
    killed: list[int] = []
    (tmp_path / "out").mkdir()

    def kill_once() -> bool:
        for pid in [] if killed else descendants(os.getpid()):
            if stage in command_of(pid).split("\0")[2:5]:
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
                ended.set()
                break
        return False

    with pytest.raises(StageFailed, match="memory runs out"):
        run_child(
            Task(endless, "x.vcf", RCRS, tmp_path / "out"),
            on_progress=lambda _: None,
            should_stop=kill_once,
            timeout=30,
        )
    assert killed
    assert list((tmp_path / "out").iterdir()) == []


def test_the_engine_dies_with_its_parent(endless: Path, tmp_path: Path) -> None:
    ended = threading.Event()
    _feed(endless, ended)
    program = (
        "from pathlib import Path\n"
        "from annotations.engine.child import run_child\n"
        "from annotations.engine.task import Task\n"
        f"task = Task(Path({str(endless)!r}), 'x.vcf', Path({str(RCRS)!r}), Path({str(tmp_path / 'out')!r}))\n"
        "run_child(task, on_progress=lambda _: None, should_stop=lambda: False, timeout=30)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)
    until(lambda: len(descendants(parent.pid)) >= 4)
    family = descendants(parent.pid)
    parent.kill()
    parent.wait()
    until(lambda: not any(alive(pid) for pid in family), 10)
    ended.set()
    assert list((tmp_path / "out").iterdir()) == []


def test_a_refused_file_is_refused_with_its_line_and_leaves_nothing(tmp_path: Path) -> None:
    source = tmp_path / "bad.vcf"
    source.write_text(vcf("MT 3460 . G A . . .", "MT minus . G A . . ."))
    task = Task(source, "bad.vcf", RCRS, tmp_path / "out")
    with pytest.raises(InputRefused, match="Line 5, POS") as refused:
        run_child(task, on_progress=lambda _: None, should_stop=lambda: False, timeout=30)
    assert refused.value.line == 5
    assert not (tmp_path / "out").exists()


def test_earlier_results_in_the_directory_stay_when_a_run_fails(tmp_path: Path) -> None:
    source = tmp_path / "bad.vcf"
    source.write_text("no vcf")
    (tmp_path / "out").mkdir()
    kept = tmp_path / "out" / "bad.annot.vcf.gz"
    kept.write_bytes(b"earlier")
    with pytest.raises(InputRefused):
        run_child(
            Task(source, "bad.vcf", RCRS, tmp_path / "out"),
            on_progress=lambda _: None,
            should_stop=lambda: False,
            timeout=30,
        )
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["bad.annot.vcf.gz"]


def test_progress_comes_at_least_twice_a_second_and_never_goes_back(endless: Path, tmp_path: Path) -> None:
    ended = threading.Event()
    _feed(endless, ended)
    seen: list[tuple[float, Progress]] = []
    run_child(
        Task(endless, "x.vcf", RCRS, tmp_path / "out"),
        on_progress=lambda progress: seen.append((time.monotonic(), progress)),
        should_stop=lambda: ended.set() if len(seen) > 5 else False,  # type: ignore[arg-type, return-value]
        timeout=30,
    )
    gaps = [later[0] - earlier[0] for earlier, later in pairwise(seen)]
    assert sorted(gaps)[len(gaps) // 2] < 0.5
    fractions = [progress.fraction for _, progress in seen]
    assert fractions == sorted(fractions)


def test_arrow_takes_all_its_memory_from_malloc_which_gives_it_back() -> None:
    # pyarrow.set_memory_pool reaches only a part of Arrow.
    script = "import pyarrow; print(pyarrow.default_memory_pool().backend_name)"
    ran = subprocess.run(
        [sys.executable, "-c", script], env=child_environment(), capture_output=True, text=True, check=True
    )
    assert ran.stdout == "system\n"
