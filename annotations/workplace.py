"""Where a worker works, and what it is called."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings


def worker_name() -> str:
    """Return what rows and events call this process."""
    return f"{socket.gethostname()}:{os.getpid()}"


def place_for(name: str) -> Path:
    """Return the directory of one attempt at something; nobody else works there."""
    return Path(settings.WORK_DIR) / name


@contextmanager
def workplace(name: str) -> Iterator[Path]:
    """Make the directory for as long as the block runs; only this user reads it, for it holds a genome."""
    directory = place_for(name)
    try:
        directory.mkdir(parents=True, mode=0o700)
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)
