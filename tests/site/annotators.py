"""Annotators with slots and a thread more, as `dramatiq gas_site.annotator` runs them, and shards that take long."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dramatiq
import pytest
from dramatiq import Worker
from dramatiq.middleware import Shutdown

from annotations import running
from annotations.models import Shard
from annotations.queueing.slots import slots
from annotations.sharding import moves as shard_moves
from gas_site.express import add_manners


class SlowShards:
    """Shards that take until the test lets them go on, and are then done."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.go_on = threading.Event()
        self.at_work = self.most_at_work = 0
        self._counting = threading.Lock()
        monkeypatch.setattr(running, "run_shard", self._run)

    def __enter__(self) -> SlowShards:
        return self

    def __exit__(self, *_: object) -> None:
        self.go_on.set()

    def _run(self, shard: Shard) -> None:
        if shard.gathers:
            shard_moves.give_back(shard, 600_000)
            return
        self._count(1)
        try:
            while not self.go_on.wait(0.01):
                pass
            shard_moves.done(shard)
        except Shutdown:
            shard_moves.give_back(shard)
            raise
        finally:
            self._count(-1)

    def _count(self, step: int) -> None:
        with self._counting:
            self.at_work += step
            self.most_at_work = max(self.most_at_work, self.at_work)


@contextmanager
def annotator(broker: dramatiq.Broker, slot_count: int) -> Iterator[Worker]:
    """Run a worker as `dramatiq gas_site.annotator` does: one thread more than slots."""
    manners = add_manners(broker, express=True)
    worker = Worker(broker, worker_timeout=50, worker_threads=slot_count + 1, queues={"annotate"})
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()
        for one in manners:
            broker.middleware.remove(one)
        slots.limit(math.inf)
        slots.stopping = False
