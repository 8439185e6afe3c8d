"""The thread that an annotator has beside its slots, for small jobs alone."""

from __future__ import annotations

import dramatiq
from dramatiq.middleware import Middleware

from annotations.queueing.slots import slots


class ExpressThread(Middleware):
    """Gives a worker one slot less than it has threads."""

    def before_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        """Count the slots, and take hardly more messages than there are threads.

        On Redis dramatiq takes twice as many: what waits here cannot wake an idle worker elsewhere. One more keeps the
        threads busy while the consumer sleeps between two looks.
        """
        slots.limit(max(worker.worker_threads - 1, 1))
        worker.queue_prefetch = min(worker.queue_prefetch, worker.worker_threads + 1)
