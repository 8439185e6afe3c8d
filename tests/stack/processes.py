"""Looks at processes from outside, with ps alone, and only ever at those below one that the test started."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from tests.conftest import need


@dataclass(frozen=True)
class Process:
    """One row of ps."""

    pid: int
    parent: int
    group: int
    state: str
    command: str


def running() -> list[Process]:
    """Return every process that is not a zombie."""
    columns = "pid=,ppid=,pgid=,stat=,args="
    text = subprocess.run([need("ps"), "-eww", "-o", columns], capture_output=True, text=True, check=True).stdout
    rows = (line.split(None, 4) for line in text.splitlines())
    return [
        Process(int(row[0]), int(row[1]), int(row[2]), *row[3:]) for row in rows if len(row) == 5 and row[3][0] != "Z"
    ]


def below(root: int) -> list[Process]:
    """Return the descendants of ``root``."""
    everything, family, grown = running(), {root}, True
    while grown:
        more = {process.pid for process in everything if process.parent in family} - family
        family |= more
        grown = bool(more)
    return [process for process in everything if process.pid in family - {root}]


def alive(pids: Iterable[int]) -> list[Process]:
    """Return those of ``pids`` that still run."""
    wanted = set(pids)
    return [process for process in running() if process.pid in wanted]


def kill(pids: Iterable[int]) -> None:
    """Kill processes with -9."""
    send(pids, signal.SIGKILL)


def wake(pids: Iterable[int]) -> None:
    """Let processes go on that were stopped."""
    send(pids, signal.SIGCONT)


def step(pids: Iterable[int]) -> bool:
    """Let processes that stand still go on for a moment; return False, as what does not hold yet."""
    stopped = list(pids)
    wake(stopped)
    time.sleep(0.02)
    send(stopped, signal.SIGSTOP)
    return False


def send(pids: Iterable[int], number: signal.Signals) -> None:
    """Send a signal to processes; one that is gone is no error."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def until(holds: Callable[[], object], seconds: float, what: str) -> None:
    """Wait until ``holds()`` is true; fail with ``what`` when it is not in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        time.sleep(0.05)
