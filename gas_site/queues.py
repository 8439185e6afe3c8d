"""The queue: which broker QUEUE_URL names, and how workers treat a message.

A message is a wake-up call that carries an id; the row is the truth (DESIGN, rule 1). So a message that cannot
be sent is no error for the person who pressed the button: the row says what is to be done, and the sweep sends
again.
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
from pathlib import Path
from typing import Any

import dramatiq
import redis
from django.db import close_old_connections, connections, transaction
from dramatiq.broker import MessageProxy
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AgeLimit, Callbacks, Middleware, Pipelines, Retries, ShutdownNotifications, TimeLimit

logger = logging.getLogger(__name__)

# SQS refuses a delay above 15 minutes; the same cap everywhere keeps one behaviour.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html
MAX_BACKOFF_MS = 900_000
MAX_RETRIES = 8
# The address of a unix socket holds 108 bytes on Linux and 104 on macOS, the closing zero included (unix(7)).
MAX_SOCKET_PATH = 100


class DatabaseConnections(Middleware):
    """Hands a worker thread a live database connection and takes dead ones away."""

    def before_process_message(self, broker: dramatiq.Broker, message: MessageProxy) -> None:
        """Drop what the database closed while the thread was idle."""
        close_old_connections()

    def after_process_message(
        self,
        broker: dramatiq.Broker,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        """Give back what outlived its age."""
        close_old_connections()

    def before_worker_thread_shutdown(self, broker: dramatiq.Broker, thread: Any) -> None:
        """Close this thread's connections: nobody else would, before the process ends."""
        connections.close_all()


def make_broker(url: str, directory: Path | None) -> dramatiq.Broker:
    """Return the broker for QUEUE_URL; ``directory`` is where an embedded Redis lives (else None)."""
    middleware = [
        AgeLimit(),
        # Actors that watch a child process set their own limit; an asynchronous exception cannot interrupt a
        # blocking call, so this one only catches Python that loops.
        TimeLimit(),
        ShutdownNotifications(notify_shutdown=True),
        Callbacks(),
        Pipelines(),
        Retries(max_retries=MAX_RETRIES, min_backoff=1_000, max_backoff=MAX_BACKOFF_MS),
        DatabaseConnections(),
    ]
    address = f"unix://{socket_path(directory)}" if directory else url
    client = redis.Redis.from_url(address, socket_connect_timeout=5, health_check_interval=30)
    return RedisBroker(client=client, middleware=middleware)  # type: ignore[no-untyped-call]  # its __init__ has no types


def socket_path(directory: Path) -> Path:
    """Return the embedded Redis's unix socket: in its directory, or in a short place where that path is too long."""
    path = directory / "redis.sock"
    if len(str(path)) <= MAX_SOCKET_PATH:
        return path
    short = hashlib.sha256(str(directory).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"gas-{short}" / "redis.sock"


def send_after_commit(actor: dramatiq.Actor[Any, Any], *arguments: str, delay_ms: int | None = None) -> None:
    """Send a message once the surrounding transaction is committed; a queue that is away is only logged."""

    def send() -> None:
        try:
            actor.send_with_options(args=arguments, delay=delay_ms)
        except (redis.RedisError, dramatiq.errors.BrokerError) as error:
            logger.warning("queue away, the sweep will send %s again: %s", actor.actor_name, type(error).__name__)

    transaction.on_commit(send)
