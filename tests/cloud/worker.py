"""What the dramatiq command imports in the queue's tests: the site's broker with the tests' actors."""

import os
from pathlib import Path

import dramatiq
from dramatiq.middleware import Middleware

from gas_site.queues import make_broker
from tests.cloud.jobs import declare

directory = os.environ["TEST_QUEUE_DIRECTORY"]
broker = make_broker(os.environ["TEST_QUEUE_URL"], Path(directory) if directory else None)
dramatiq.set_broker(broker)


class TellsOfItsEnd(Middleware):
    """Says in a file when the worker has heard that it is to stop."""

    def before_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        """Leave a file."""
        Path(os.environ["TEST_STOPPING"]).touch()


broker.add_middleware(TellsOfItsEnd())
declare(broker)
