"""Open tables, kept for the next request: opening one takes longer than most questions to it.

A table is found by its key in the file store, which holds another file for another attempt, so what is open is never
out of date. Whether the owner may still see it is the view's question, each time. What nobody asks for two minutes is
closed, and its local copy (where the store is not on this disk) goes with it.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from uuid import UUID

from annotations.catalogue import UnknownReference, reference_named
from annotations.engine.reference import Reference
from annotations.example import EXAMPLE_ID
from annotations.explorer.table import VariantTable
from annotations.models import Job
from annotations.result_files import keys_of, local

MOST_OPEN = 6
IDLE_SECONDS = 120.0


class TableAway(Exception):
    """The job has no table, or its file is not in the store."""


@dataclass
class _Open:
    table: VariantTable
    resources: ExitStack
    users: int = 0
    used_at: float = field(default_factory=time.monotonic)


class TablePool:
    """Tables of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[object, _Open] = {}
        self._timer: threading.Timer | None = None

    @contextmanager
    def lease(self, key: str, reference: Reference | None) -> Iterator[VariantTable]:
        """Give the table stored under ``key`` while the block runs. Raises TableAway, TableUnreadable."""
        entry = self._entry((key, reference.sources if reference else None), key, reference)
        try:
            yield entry.table
        finally:
            with self._lock:
                entry.users -= 1
                entry.used_at = time.monotonic()
            self.close_idle()

    def close_idle(self, seconds: float = IDLE_SECONDS) -> None:
        """Close what nobody has used for so long, and what is too much; look again later at what stays."""
        now = time.monotonic()
        with self._lock:
            idle = sorted(
                (one.used_at, number, name) for number, (name, one) in enumerate(self._open.items()) if not one.users
            )
            spare = len(self._open) - MOST_OPEN
            gone = [name for place, (at, _, name) in enumerate(idle) if place < spare or now - at >= seconds]
            closing = [self._open.pop(name) for name in gone]
            if self._open and (self._timer is None or not self._timer.is_alive()):
                self._timer = threading.Timer(IDLE_SECONDS, self.close_idle)
                self._timer.daemon = True
                self._timer.start()
        for entry in closing:
            entry.resources.close()

    def _entry(self, name: object, key: str, reference: Reference | None) -> _Open:
        with self._lock:
            if name in self._open:
                self._open[name].users += 1
                return self._open[name]
        opened = _opened(key, reference)  # not under the lock: a store elsewhere has to bring the file first
        with self._lock:
            entry = self._open.setdefault(name, opened)
            entry.users += 1
        if entry is not opened:
            opened.resources.close()
        return entry


def _opened(key: str, reference: Reference | None) -> _Open:
    with ExitStack() as resources:
        try:
            path = resources.enter_context(local(key))
            table = VariantTable(path, reference)
        except FileNotFoundError as error:
            raise TableAway("This result's table is not here.") from error
        resources.callback(table.close)
        return _Open(table, resources.pop_all())


_pool = TablePool()
# DuckDB complains of connections that outlive the interpreter.
atexit.register(_pool.close_idle, 0)


def _key_of(job: Job) -> str:
    key = keys_of(job, "table").get("table")
    if key is None:
        raise TableAway("This job has no table.")
    return key


@lru_cache(maxsize=1_000)
def _kept_key(job_id: UUID, attempt: int) -> str:
    """Where the table of a job's attempt is: asked once, as nothing changes it. Raises TableAway."""
    return _key_of(Job(pk=job_id, attempt=attempt))


@contextmanager
def open_table(job: Job) -> Iterator[VariantTable]:
    """Give the table of a completed job. Raises TableAway, TableUnreadable.

    The caller has looked whether the person may see the job, and whether its files are available.
    """
    # The example's file is made again at each start; a job's is the same as long as the job lives.
    key = _key_of(job) if job.pk == EXAMPLE_ID else _kept_key(job.pk, job.attempt)
    try:
        reference = reference_named(job.reference)
    except UnknownReference:
        reference = None
    with _pool.lease(key, reference) as table:
        yield table
