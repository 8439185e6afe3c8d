"""How an annotator's threads begin and end: one is there for small jobs alone, and none begins anything late."""

from __future__ import annotations

import dramatiq
from dramatiq.middleware import Middleware, ShutdownNotifications

from annotations.queueing.slots import slots


class ClaimsNothingLate(Middleware):
    """Has a worker claim nothing once it was told to stop.

    Dramatiq tells the threads that are at work then, and no other: one that was idle could take what another has just
    handed back, and would be killed with it.
    """

    def before_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        """Begin."""
        slots.stopping = False

    def before_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        """Stop."""
        slots.stopping = True


class ExpressThread(Middleware):
    """Gives a worker one slot less than it has threads."""

    def before_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        """Count the slots, and take hardly more messages than there are threads.

        On Redis dramatiq takes twice as many: what waits here cannot wake an idle worker elsewhere. One more keeps the
        threads busy while the consumer sleeps between two looks.
        """
        slots.limit(max(worker.worker_threads - 1, 1))
        worker.queue_prefetch = min(worker.queue_prefetch, worker.worker_threads + 1)


def add_manners(broker: dramatiq.Broker, *, express: bool) -> list[Middleware]:
    """Give a broker what its workers need, and return it; to be told of a stop before the threads at work are."""
    manners: list[Middleware] = [ClaimsNothingLate(), *([ExpressThread()] if express else [])]
    for one in manners:
        broker.add_middleware(one, before=ShutdownNotifications)
    return manners
