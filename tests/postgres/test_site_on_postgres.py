"""The site's tests hold on PostgreSQL as on SQLite: a temporary cluster, and the suite in a process of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from tests.conftest import need

ROOT = Path(__file__).resolve().parent.parent.parent
USER = "gas"
RACES = "tests/archive/test_races.py"  # what has waited for a lock goes on in another way here
# These open no database; once is enough.
ELSEWHERE = ["test_settings_from_the_environment.py", "test_file_store.py", "test_range_answers.py"]


def server_programs(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the directory of initdb and postgres: on the PATH, or where Debian keeps them per version."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    monkeypatch.setenv("PATH", os.pathsep.join([os.environ["PATH"], *map(str, reversed(debian))]))
    return Path(need("initdb")).resolve().parent


def not_root() -> str | None:
    """Return whom to run PostgreSQL as when we are root, for which it refuses to run; else None."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Run a cluster on a unix socket in a temporary directory; give the URL of its database."""
    programs, user = server_programs(monkeypatch), not_root()
    # Not pytest's own temporary directory: another user may not enter that.
    directory = Path(tempfile.mkdtemp(prefix="gas-postgres-"))
    if user:
        shutil.chown(directory, user)
    data = directory / "data"
    initdb = [f"{programs}/initdb", "-D", f"{data}", "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    quick = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
    options = ["-k", f"{directory}", "-c", "listen_addresses=", *quick]
    try:
        subprocess.run(initdb, check=True, capture_output=True, user=user, cwd=directory)
        command = [f"{programs}/postgres", "-D", f"{data}", *options]
        server = subprocess.Popen(command, user=user, cwd=directory, stderr=subprocess.DEVNULL)
        try:
            _wait(directory)
            yield f"postgres://{USER}@{quote(str(directory), safe='')}/postgres"
        finally:
            server.send_signal(signal.SIGINT)  # the fast way down: sessions that are left are cut off
            server.wait(30)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _wait(directory: Path) -> None:
    """Wait until the cluster takes connections."""
    deadline = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(host=str(directory), user=USER, dbname="postgres").close()
        except psycopg.OperationalError:
            assert time.monotonic() < deadline, "the cluster did not start"
            time.sleep(0.1)
        else:
            return


@pytest.mark.xdist_group("postgres")
def test_the_sites_tests_hold_on_postgresql(cluster: str) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environ["DATABASE_URL"] = cluster
    ignored = [f"--ignore=tests/site/{name}" for name in ELSEWHERE]
    command = [sys.executable, "-m", "pytest", "tests/site", RACES, "-q", "-x", "-p", "no:cacheprovider", *ignored]
    result = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=600)
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]
