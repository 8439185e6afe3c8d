"""Actors of the queue's tests. Each writes a line to a file: what was done, how often, and in which order."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dramatiq
from dramatiq import Actor


@dataclass(frozen=True)
class Jobs:
    """The actors, declared on one broker."""

    note: Actor[Any, Any]
    stumble: Actor[Any, Any]
    refuse: Actor[Any, Any]
    hold: Actor[Any, Any]
    linger: Actor[Any, Any]
    die: Actor[Any, Any]


def declare(broker: dramatiq.Broker) -> Jobs:
    """Declare the actors on the queue "storage"."""

    def declared(function: Callable[..., None], **options: Any) -> Actor[Any, Any]:
        return dramatiq.actor(broker=broker, queue_name="storage", **options)(function)

    return Jobs(
        note=declared(note),
        stumble=declared(stumble, min_backoff=10, max_backoff=20),
        refuse=declared(refuse, min_backoff=10, max_backoff=20, max_retries=2),
        hold=declared(hold, notify_shutdown=False),
        linger=declared(linger, min_backoff=10, max_backoff=20),
        die=declared(die),
    )


_writing = threading.Lock()


def write(log: str, line: str) -> None:
    """Add a line; one write of one process does not mix with another's."""
    with _writing, Path(log).open("a") as file:
        file.write(line + "\n")


def note(log: str, name: str) -> None:
    """Write the name."""
    write(log, name)


def stumble(log: str, name: str, times: int) -> None:
    """Fail so many times before it is done."""
    write(log, name)
    if Path(log).read_text().split().count(name) <= times:
        raise RuntimeError("not yet")


def refuse(log: str, name: str) -> None:
    """Fail every time."""
    write(log, name)
    raise RuntimeError("never")


def hold(log: str, name: str, seconds: float) -> None:
    """Take a while: until a file "go" lies beside the log, or so many seconds."""
    write(log, f"begun {name}")
    deadline, go = time.monotonic() + seconds, Path(log).with_name("go")
    while time.monotonic() < deadline and not go.exists():
        time.sleep(0.02)
    write(log, f"done {name}")


def linger(log: str, name: str) -> None:
    """Take a while, as ``hold`` does, but give up when the worker is told to stop: Shutdown is raised in here."""
    hold(log, name, 60)


def die(log: str, name: str) -> None:
    """Kill the worker's process, as the kernel does when memory is out."""
    write(log, name)
    os.kill(os.getpid(), signal.SIGKILL)
