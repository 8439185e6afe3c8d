"""A small fleet for a test: a version of the code as separate processes over one database, queue and store."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from bench.site import ROOT, Site, free_port
from gas_site.supervisor import redis_command
from sandbox.postgresql import UNSAFE, cluster
from tests.stack.processes import below, kill, until
from tests.stack.stacks import OURS, QUICK

ROLES = ("web", "annotate", "work", "sweep")
FIELD = '    rehearsed = models.TextField(blank=True, default="", db_default="")\n'


@dataclass
class Services:
    """What every machine of the fleet shares."""

    directory: Path
    database: str

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """Ask the database; a change gives no rows."""
        where = {"host": self.database, "user": "gas", "dbname": "postgres"}
        with psycopg.connect(**where, row_factory=dict_row) as connection:  # type: ignore[arg-type]  # a dict of texts
            cursor = connection.execute(query.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def settings(self) -> dict[str, str]:
        """Return the settings that are the same on every machine."""
        return QUICK | {
            "DATABASE_URL": f"postgres://gas@{self.database.replace('/', '%2F')}/postgres",
            "QUEUE_URL": f"redis+embedded://{self.directory / 'queue'}",
            "STORAGE_URL": f"file:{self.directory / 'files'}",
            "VAULT_URL": f"file:{self.directory / 'vault'}",
            "EMAIL_URL": f"file:{self.directory / 'mail'}",
            "SECRET_KEY": "the same on every machine of the fleet, as long as it has to be",
            "SANDBOX": "no",
            "ANNOTATE_THREADS": "1",
            "WEB_GRACE": "50s",
        }


@contextmanager
def services(directory: Path, database: Path) -> Iterator[Services]:
    """Run a PostgreSQL and a Redis. Raises NoPostgres."""
    with cluster(database, UNSAFE), ExitStack() as ending:
        queue = subprocess.Popen(redis_command(directory / "queue"), stdout=subprocess.DEVNULL)
        ending.callback(queue.wait, 10)
        ending.callback(queue.terminate)
        yield Services(directory, str(database))


@dataclass
class Version:
    """One version of the code with its machine: a data directory, a port and a process a role."""

    name: str
    code: Path
    data_dir: Path
    shared: Services
    port: int = field(default_factory=free_port)
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """Return the settings of this machine."""
        kept = {name: value for name, value in os.environ.items() if name not in OURS}
        address = {"PORT": str(self.port), "SITE_URL": f"http://127.0.0.1:{self.port}"}
        return kept | self.shared.settings() | address | {"DATA_DIR": str(self.data_dir)}

    @property
    def log(self) -> Path:
        """Return where all that this version says goes."""
        return self.shared.directory / f"{self.name}.log"

    def manage(self, *arguments: str) -> None:
        """Run a management command of this version."""
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(command, cwd=self.code, env=self.environment, check=True, capture_output=True)

    def join(self) -> None:
        """Start every role as a machine of the fleet does; wait until the website and the worker are there."""
        for role in ROLES:
            with self.log.open("ab") as log:
                command = [sys.executable, "manage.py", "join", role]
                self.running[role] = subprocess.Popen(
                    command, cwd=self.code, env=self.environment, stdout=log, stderr=subprocess.STDOUT
                )
        until(self._is_ready, 120, f"{self.name} has joined")

    def _is_ready(self) -> bool:
        said = self.log.read_text(errors="replace")
        return said.count("Worker process is ready for action") >= 2 and self._answers()

    def _answers(self) -> bool:
        try:
            Site(f"http://127.0.0.1:{self.port}", {}).get("/healthz")
        except OSError:
            return False
        return True

    def leave(self, role: str, seconds: float = 60) -> int:
        """Send SIGTERM to a role, as a roll-out does, and return its exit code."""
        process = self.running.pop(role)
        process.send_signal(signal.SIGTERM)
        return process.wait(seconds)

    def annotators(self) -> set[str]:
        """Return how the rows call the worker that annotates: by the number of its process."""
        return {str(each.pid) for each in below(self.running["annotate"].pid)}

    def site(self) -> Site:
        """Return a browser at this version's website."""
        return Site(f"http://127.0.0.1:{self.port}", self.environment)

    def kill(self) -> None:
        """End what is left with -9."""
        for process in self.running.values():
            kill([process.pid, *(each.pid for each in below(process.pid))])
            process.wait(10)


class Uploads(threading.Thread):
    """Somebody who uploads the same file again as soon as fewer than three of their jobs wait or run."""

    def __init__(self, site: Site, file: Path, reference: str, shared: Services) -> None:
        super().__init__(daemon=True)
        self.site, self.file, self.reference, self.shared = site, file, reference, shared
        self.jobs: list[str] = []
        self.failure: Exception | None = None
        self._enough = threading.Event()
        self._one_upload = threading.Lock()

    def run(self) -> None:
        """Upload until it is enough."""
        query = "SELECT count(*) AS active FROM annotations_job WHERE status IN ('pending', 'running')"
        try:
            while not self._enough.wait(0.1):
                if self.shared.rows(query)[0]["active"] < 3:
                    with self._one_upload:
                        self.jobs.append(self.site.annotate(self.file, self.reference))
        except Exception as error:  # noqa: BLE001 (whatever it is, the test's own thread raises it)
            self.failure = error

    def go_on_at(self, site: Site) -> None:
        """Upload to another website from now on; come back when nothing is under way to the earlier one.

        An upload is several requests to one address, which a balancer would lead to whoever is there.
        """
        with self._one_upload:
            self.site = site

    def taken(self) -> list[str]:
        """Return the jobs so far. Raises what an upload failed with."""
        if self.failure:
            raise self.failure
        return self.jobs

    def stop(self) -> list[str]:
        """Upload no more; return the jobs. Raises what an upload failed with."""
        self._enough.set()
        self.join()
        return self.taken()


def next_version(directory: Path) -> Path:
    """Copy the code and give jobs one more column, with the migration that Django makes of it."""
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if not line.startswith("!"):
            continue
        source = ROOT / line[1:]
        ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
        if source.is_dir():
            shutil.copytree(source, directory / source.name, ignore=ignore)
        else:
            directory.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, directory)
    models = directory / "annotations" / "models" / "jobs.py"
    text, changes = re.subn(r"(?m)^    file_name = .*\n", lambda match: match[0] + FIELD, models.read_text(), count=1)
    assert changes == 1
    models.write_text(text)
    environment = {**os.environ, "DATA_DIR": str(directory.with_suffix(".data"))}
    command = [sys.executable, "manage.py", "makemigrations", "annotations", "-n", "rehearsal"]
    subprocess.run(command, cwd=directory, env=environment, check=True, capture_output=True)
    return directory
