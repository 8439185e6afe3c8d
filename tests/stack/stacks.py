"""A real stack for a test: `manage.py up` with its own data, port and clock, and a look into what it holds."""

from __future__ import annotations

import email
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from email.message import Message
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import redis

from bench.site import ROOT, Site, free_port
from gas_site.queues import socket_path
from tests.stack.processes import Process, alive, below, kill, send, step, until, wake

PASSWORD = "a-long-enough-password"
START_SECONDS = 90
ENDED = {"completed", "failed", "cancelled"}
QUICK = {"LEASE": "2s", "SWEEP_EVERY": "1s", "EMAIL_VERIFICATION": "none"}
OURS = ("DATA_DIR", "PORT", "SITE_URL", "QUEUE_URL", "STORAGE_URL", "EMAIL_URL", "DATABASE_URL", "LOG_LEVEL")


class Stack:
    """One stack, which may be started, ended and started again."""

    def __init__(self, data_dir: Path, **settings: str) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        kept = {name: value for name, value in os.environ.items() if name not in OURS}
        self.environment = {**kept, **QUICK, **settings, "DATA_DIR": str(data_dir), "PORT": str(self.port)}
        self.log = data_dir.with_suffix(".log")
        self._began = 0
        self._up: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Return the supervisor's process id."""
        assert self._up is not None
        return self._up.pid

    def launch(self) -> None:
        """Start the supervisor and come back at once."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._began = len(self.said())
        with self.log.open("ab") as log:
            command = [sys.executable, str(ROOT / "manage.py"), "up"]
            self._up = subprocess.Popen(command, env=self.environment, stdout=log, stderr=subprocess.STDOUT)

    def start(self) -> None:
        """Start the stack and wait for its greeting and its two workers."""
        self.launch()
        until(lambda: self._is_ready() or self.has_ended, START_SECONDS, "the stack is ready")
        assert not self.has_ended, self.said()

    def _is_ready(self) -> bool:
        said = self.said_now()
        return "GAS is running at" in said and said.count("Worker process is ready for action") == 2

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal to the supervisor and return its exit code."""
        assert self._up is not None
        if self._up.poll() is None:
            self._up.send_signal(number)
        return self.wait()

    def wait(self, seconds: float = 30) -> int:
        """Wait for the supervisor to end by itself and return its exit code."""
        assert self._up is not None
        return self._up.wait(seconds)

    def kill(self) -> None:
        """Kill everything at once with -9, the engine's processes too, as a power cut would; wait until all is gone."""
        if self.has_ended:
            return
        family = [self.pid, *(process.pid for process in self.processes())]
        kill(family)
        self.wait()
        until(lambda: alive(family) == [], 30, "all that was killed is gone")

    @property
    def has_ended(self) -> bool:
        """Say whether it does not run: it has ended, or was never started."""
        return self._up is None or self._up.poll() is not None

    # What it holds -------------------------------------------------------------------------------------------

    def said(self) -> str:
        """Return everything that the stack has printed since its first start."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def said_now(self) -> str:
        """Return what it has printed since its latest start."""
        return self.said()[self._began :]

    def processes(self, *words: str) -> list[Process]:
        """Return the processes below the supervisor whose command holds every one of ``words``."""
        return [each for each in below(self.pid) if all(word in each.command for word in words)]

    def worker(self) -> int:
        """Return the process that annotates: what Dramatiq started for the queue `annotate`."""
        masters = {each.pid for each in self.processes("dramatiq", "annotate") if each.parent == self.pid}
        return next(each.pid for each in self.processes("dramatiq", "annotate") if each.parent in masters)

    def engine(self) -> list[Process]:
        """Return the engine's processes: its own and its bcftools."""
        return self.processes("annotations.engine")

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """Ask the stack's database, whether the stack runs or not."""
        with closing(sqlite3.connect(self.data_dir / "gas.sqlite3", timeout=20)) as database:
            database.row_factory = sqlite3.Row
            with database:
                return [dict(row) for row in database.execute(query, values)]

    def job(self, job: str) -> dict[str, Any]:
        """Return a job's row."""
        return self.rows("SELECT * FROM annotations_job WHERE id = ?", UUID(job).hex)[0]

    def events(self, job: str) -> list[tuple[str, str]]:
        """Return what happened to a job, as status and note."""
        query = "SELECT status, note FROM annotations_jobevent WHERE job_id = ? ORDER BY id"
        return [(row["status"], row["note"]) for row in self.rows(query, UUID(job).hex)]

    def wait_for(self, jobs: list[str], seconds: float, *, status: set[str] = ENDED) -> None:
        """Wait until every job is in one of ``status``."""
        until(lambda: all(self.job(job)["status"] in status for job in jobs), seconds, f"{jobs} reach {status}")

    def hold(self, job: str) -> list[int]:
        """Keep a job in its middle until ``wake``: it runs, records of it are read, and its csq stands still.

        So what the test does next falls into the job however quick this machine is. The worker renews its lease, and
        the engine hears what it is told. Returns the processes that stand still.
        """
        held: list[int] = []

        def begun() -> list[int]:
            csq = self.processes("annotations.engine", " csq ")
            held[:] = [each.pid for each in csq if each.state[0] != "T"]
            return held

        self.wait_for([job], 120, status={"running"})
        until(begun, 60, "the engine annotates records")
        send(held, signal.SIGSTOP)
        try:
            until(lambda: self._is_at_work(job) or step(held), 60, "the engine has read records of the job")
        except BaseException:
            wake(held)  # else it would keep its worker from the jobs of all tests to come
            raise
        return held

    def _is_at_work(self, job: str) -> bool:
        row = self.job(job)
        return bool(row["progress_records"] > 0 and row["status"] == "running")

    def settle(self) -> None:
        """Sweep once more and wait until no message waits: what could happen a second time has had its chance."""
        Site(self.address, self.environment).manage("sweep", "--once")
        queue = redis.Redis(unix_socket_path=str(socket_path(self.data_dir / "queue")))
        waiting = [f"dramatiq:{name}" for name in ("annotate", "default", "storage")]
        until(lambda: not any(queue.llen(name) for name in waiting), 30, "the queues are empty")

    def attempts(self, job: str) -> list[str]:
        """Return the attempts that have a directory in the file store."""
        directory = self.data_dir / "files" / "results" / job
        return sorted(path.name for path in directory.iterdir()) if directory.is_dir() else []

    def mails(self, about: str = "") -> list[Message]:
        """Return the mails written so far whose text holds ``about``."""
        parts = []
        for path in sorted((self.data_dir / "mail").glob("*.log")):
            # Django's file backend closes each message with a line of 79 hyphens.
            parts += [part.lstrip("\n") for part in path.read_text().split("-" * 79)]
        return [email.message_from_string(part) for part in parts if part.strip() and about in part]

    # People --------------------------------------------------------------------------------------------------

    def person(self, name: str = "", *, plan: str = "premium") -> Site:
        """Sign a new person up, on the site as anybody would, and give them a plan, as staff would."""
        name = name or uuid4().hex[:12]
        site = Site(self.address, self.environment)
        # The limits on signing up, twenty a minute, have their own test.
        self.rows("DELETE FROM gas_site_cache")
        address = f"{name}@example.org"
        site.post("/accounts/signup/", {"email": address, "password1": PASSWORD})
        self.rows("UPDATE accounts_user SET plan_id = ? WHERE email = ?", plan, address)
        return site


def data_in(directory: Path, prepared: Path | None) -> Path:
    """Return a data directory that begins as a copy of ``prepared``, unless it is there already."""
    if prepared and not directory.exists():
        shutil.copytree(prepared, directory)
    return directory


@contextmanager
def stack_in(data_dir: Path, prepared: Path | None = None, **settings: str) -> Iterator[Stack]:
    """Give a running stack, and end it; ``prepared`` is a data directory to begin with a copy of."""
    stack = Stack(data_in(data_dir, prepared), **settings)
    try:
        stack.start()
        yield stack
    finally:
        stack.kill()  # how it ends in order has its own test
