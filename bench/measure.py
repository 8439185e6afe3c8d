"""Runs a command and says what it took: wall seconds, and the memory of the whole process tree."""

from __future__ import annotations

import os
import resource
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

SAMPLE_SECONDS = 0.02


@dataclass(frozen=True)
class Cost:
    """What a run took. ``peak_bytes``: the highest sum of private resident memory over the tree, sampled.

    ``processor_seconds``: of the whole tree, so that runs on a busy machine can be compared at all.
    """

    seconds: float
    peak_bytes: int
    processor_seconds: float


class CommandFailed(Exception):
    """A measured command ended with an error, so there is nothing to measure."""


def run(command: list[str] | str, *, environment: dict[str, str] | None = None, cwd: Path | None = None) -> Cost:
    """Run a command (a string is given to the shell, for pipes) and measure it. Raises CommandFailed."""
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    shell = isinstance(command, str)
    process = subprocess.Popen(
        command, shell=shell, env=environment, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    watch = MemoryWatch(process.pid)
    _, errors = process.communicate()
    seconds = time.monotonic() - started
    peak = watch.stop()
    if process.returncode:
        raise CommandFailed(errors.decode(errors="replace")[-2000:])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(seconds, peak, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


class MemoryWatch:
    """Samples the resident memory of a process and everything below it."""

    def __init__(self, root: int) -> None:
        self.root = root
        self.peak = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        """Stop sampling and return the highest sum seen, in bytes."""
        self._stop.set()
        self._thread.join()
        return self.peak

    def _sample(self) -> None:
        while not self._stop.wait(SAMPLE_SECONDS):
            self.peak = max(self.peak, tree_memory(self.root))


def tree_memory(root: int) -> int:
    """Return the bytes that ``root`` and its descendants hold for themselves: resident, without shared pages."""
    parents: dict[int, int] = {}
    memory: dict[int, int] = {}
    page = os.sysconf("SC_PAGE_SIZE")
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            fields = (Path(entry.path) / "stat").read_text().rpartition(")")[2].split()
            resident, shared = (int(word) for word in (Path(entry.path) / "statm").read_text().split()[1:3])
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended between the listing and the look
        parents[int(entry.name)] = int(fields[1])
        memory[int(entry.name)] = (resident - shared) * page
    family, grown = {root}, True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in family and pid not in family}
        family |= more
        grown = bool(more)
    return sum(memory.get(pid, 0) for pid in family)
