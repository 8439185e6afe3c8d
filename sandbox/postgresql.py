"""A PostgreSQL of one machine, from the installed binaries: a unix socket, no port, no password, nothing to set up.

For the tests, and for a stack that is to run on PostgreSQL without anybody installing one as a service.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg

USER = "gas"
START_SECONDS = 30
# Where Debian keeps the programs of each version: beside the PATH.
DEBIAN = Path("/usr/lib/postgresql")
NO_PORT = ["-c", "listen_addresses="]
# Faster than any disk, and gone with the power: for tests.
UNSAFE = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]


class NoPostgres(Exception):
    """The programs of PostgreSQL are not installed, or did not start, in a person's words."""


def programs() -> Path:
    """Return the directory of initdb and postgres. Raises NoPostgres."""
    versions = sorted(DEBIAN.glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    found = shutil.which("initdb", path=os.pathsep.join([os.environ.get("PATH", ""), *map(str, versions)]))
    if found is None:
        raise NoPostgres("PostgreSQL's initdb is not installed. On Debian: apt-get install postgresql.")
    return Path(found).resolve().parent


def not_root() -> str | None:
    """Return whom to run PostgreSQL as when we are root, for which it refuses to run; else None."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def prepare(directory: Path) -> None:
    """Make the cluster in ``directory`` unless it is there. Raises NoPostgres."""
    user, data = not_root(), directory / "data"
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    if user:
        shutil.chown(directory, user)
    if (data / "PG_VERSION").exists():
        return
    command = [f"{programs()}/initdb", "-D", f"{data}", "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C"]
    try:
        subprocess.run([*command, "--no-sync"], check=True, capture_output=True, text=True, user=user, cwd=directory)
    except (subprocess.CalledProcessError, OSError) as error:
        shutil.rmtree(data, ignore_errors=True)
        reason = getattr(error, "stderr", error)
        raise NoPostgres(f"PostgreSQL cannot make its files in {directory}: {reason}") from error


def command(directory: Path, options: list[str]) -> list[str]:
    """Return the server for a prepared directory."""
    return [f"{programs()}/postgres", "-D", f"{directory / 'data'}", "-k", f"{directory}", *NO_PORT, *options]


def url(directory: Path) -> str:
    """Return the DATABASE_URL of a cluster."""
    return f"postgres://{USER}@{quote(str(directory), safe='')}/postgres"


def answers(directory: Path) -> bool:
    """Say whether the server takes connections."""
    try:
        psycopg.connect(host=str(directory), user=USER, dbname="postgres", connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def cluster(directory: Path, options: list[str]) -> Iterator[str]:
    """Run a cluster as long as the block does; give its DATABASE_URL. Raises NoPostgres."""
    prepare(directory)
    server = subprocess.Popen(
        command(directory, options), user=not_root(), cwd=directory, stderr=subprocess.DEVNULL, process_group=0
    )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not answers(directory):
            if server.poll() is not None or time.monotonic() > deadline:
                raise NoPostgres(f"PostgreSQL did not start in {directory}.")
            time.sleep(0.1)
        yield url(directory)
    finally:
        server.send_signal(signal.SIGINT)  # the fast way down: sessions that are left are cut off
        server.wait(START_SECONDS)


def main(directory: Path) -> None:
    """Become the server of a directory, which is made; as somebody else where we are root."""
    prepare(directory)
    server = command(directory, UNSAFE)
    if user := not_root():
        entry = pwd.getpwnam(user)
        os.initgroups(user, entry.pw_gid)
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
    os.chdir(directory)
    os.execv(server[0], server)  # noqa: S606 (a list of our own; nothing of it comes from outside)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
