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
    command: str


def running() -> list[Process]:
    """Return every process that is not a zombie."""
    columns = "pid=,ppid=,pgid=,stat=,args="
    text = subprocess.run([need("ps"), "-eww", "-o", columns], capture_output=True, text=True, check=True).stdout
    rows = (line.split(None, 4) for line in text.splitlines())
    return [
        Process(int(row[0]), int(row[1]), int(row[2]), row[4]) for row in rows if len(row) == 5 and row[3][0] != "Z"
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
    """Kill processes with -9; one that is gone is no error."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def until(holds: Callable[[], object], seconds: float, what: str) -> None:
    """Wait until ``holds()`` is true; fail with ``what`` when it is not in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        time.sleep(0.05)
