"""`manage.py up`: what it says, who may run beside it, and that nothing of it stays behind."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bench.site import ROOT, Site, free_port
from tests.stack.processes import alive, kill, until
from tests.stack.stacks import Stack, stack_in

EXAMPLE = ROOT / "annotations" / "references" / "rCRS" / "example.vcf"


# Python drops what is raised in here: https://docs.python.org/3/library/weakref.html#weakref.ref
SIGNAL_WHERE_PYTHON_IGNORES_EXCEPTIONS = """
import os, signal, sys, weakref
from pathlib import Path
from gas_site.stack import Child, Signals, Stack, StopAsked

def interrupted(_):
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(100):  # the handler runs between two of these
        pass

class Prepared:
    pass

signals = Signals()
prepared = Prepared()
watched = weakref.ref(prepared, interrupted)
del prepared
with open(sys.argv[1], "w") as held, Stack(dict(os.environ), Path.cwd(), held, signals) as stack:
    try:
        stack.start(Child("web", [sys.executable, "-c", "print('started')"]))
    except StopAsked:
        print("stopped")
"""


def everything(stack: Stack) -> list[int]:
    return [stack.pid, *(process.pid for process in stack.processes())]


def refused(stack: Stack) -> str:
    command = [sys.executable, str(ROOT / "manage.py"), "up"]
    ended = subprocess.run(command, env=stack.environment, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 1
    return ended.stderr.strip()


def test_up_prints_the_address_and_how_to_sign_in(own_stack: Stack) -> None:
    said = own_stack.said_now()
    assert f"GAS is running at {own_stack.address}" in said
    assert f"Sign in:  create an account at {own_stack.address}/accounts/signup/" in said
    assert "manage.py createsuperuser" in said
    assert "Stop:     Ctrl-C" in said
    assert "<h1" in Site(own_stack.address, {}).get("/")
    ready = json.loads(Site(own_stack.address, {}).get("/readyz"))
    assert ready == {"database": "ok", "queue": "ok", "store": "ok", "vault": "ok"}


def test_ctrl_c_ends_every_child_and_leaves_the_port_and_the_data_free(own_stack: Stack) -> None:
    processes = everything(own_stack)
    assert len(processes) >= 8  # the leash, the queue, two of the web, two workers with theirs, the sweep
    assert own_stack.stop(signal.SIGINT) == 0
    until(lambda: alive(processes) == [], 30, "every process has ended")
    assert own_stack.said_now().rstrip().endswith("Stopped.")
    assert "Traceback" not in own_stack.said_now()
    own_stack.start()


def test_a_second_stack_on_the_same_data_is_refused_in_one_sentence(own_stack: Stack) -> None:
    second = Stack(own_stack.data_dir, PORT=str(free_port()))
    expected = f"CommandError: A stack is running in {own_stack.data_dir}. Give this one its own DATA_DIR and PORT."
    assert refused(second) == expected


def test_a_taken_port_is_refused_in_one_sentence(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "data")
    with socket.socket() as other:
        other.bind(("127.0.0.1", stack.port))
        other.listen()
        said = refused(stack)
    assert said == f"CommandError: Port {stack.port} is taken. Start with PORT=8001, or another free one."


@pytest.mark.parametrize("words", [("dramatiq", "annotate"), ("leash",)])
def test_a_killed_child_takes_the_stack_down_with_a_clear_line(own_stack: Stack, words: tuple[str, ...]) -> None:
    processes = everything(own_stack)
    child = next(process.pid for process in own_stack.processes(*words) if process.parent == own_stack.pid)
    kill([child])
    assert own_stack.wait() == 1
    assert "GAS has stopped: " in own_stack.said_now()
    until(lambda: alive(processes) == [], 30, "every process has ended")


def test_a_killed_supervisor_leaves_no_child_and_the_next_one_starts_at_once(own_stack: Stack) -> None:
    processes = everything(own_stack)
    kill([own_stack.pid])
    own_stack.wait()
    own_stack.start()
    until(lambda: alive(processes) == [], 30, "every process has ended with the supervisor")
    assert Site(own_stack.address, {}).get("/healthz") == '{"status": "ok"}'


def test_a_signal_while_it_still_prepares_ends_it_cleanly(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "data")
    stack.launch()
    try:
        until((stack.data_dir / "gas.sqlite3").exists, 30, "the migrations have begun")
        processes = everything(stack)
        assert stack.stop(signal.SIGINT) == 0
    finally:
        stack.kill()  # where it did not end in time, it would run on beside all other tests
    assert "Traceback" not in stack.said()
    until(lambda: alive(processes) == [], 30, "the example's engine has ended")


def test_a_signal_that_python_drops_while_preparing_ends_the_stack_too(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SIGNAL_WHERE_PYTHON_IGNORES_EXCEPTIONS, str(tmp_path / "held")]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=30)
    assert ended.stderr.startswith("Exception ignored ")
    assert ended.stdout == "stopped\n"


def test_two_stacks_side_by_side_do_not_see_each_other(own_stack: Stack, prepared: Path, tmp_path: Path) -> None:
    with stack_in(tmp_path / "second", prepared) as second:
        here, there = own_stack.person("here"), second.person("there")
        mine, theirs = here.annotate(EXAMPLE, "rCRS"), there.annotate(EXAMPLE, "rCRS")
        own_stack.wait_for([mine], 60)
        second.wait_for([theirs], 60)
        assert [row["status"] for row in own_stack.rows("SELECT status FROM annotations_job")] == ["completed"]
        assert [row["status"] for row in second.rows("SELECT status FROM annotations_job")] == ["completed"]
        assert mine in here.get("/annotations/")
        assert mine not in there.get("/annotations/")
        assert own_stack.attempts(theirs) == second.attempts(mine) == []
