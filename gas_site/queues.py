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
from dramatiq.encoder import JSONEncoder, MessageData
from dramatiq.errors import BrokerError
from dramatiq.middleware import AgeLimit, Callbacks, Middleware, Pipelines, Retries, ShutdownNotifications, TimeLimit

from gas_site.protection import ScaleInProtection
from gas_site.sqs_address import parse_address

logger = logging.getLogger(__name__)

# SQS refuses a delay above 15 minutes; the same cap everywhere keeps one behaviour.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html
MAX_BACKOFF_MS = 900_000
MAX_RETRIES = 8
# What sending raises while the queue is away.
QUEUE_ERRORS = (redis.RedisError, BrokerError)
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


class WithoutTracebacks(JSONEncoder):
    """Writes messages without the traceback that a retry leaves in them: an error's text may name a file or a variant.

    The log has its kind and where it was raised. An encoder, because dramatiq-sqs tells middleware of a message only
    when it is encoded.
    """

    def encode(self, data: MessageData) -> bytes:
        """Write a message."""
        options = {name: value for name, value in data["options"].items() if name != "traceback"}
        return super().encode({**data, "options": options})


def make_broker(url: str, directory: Path | None) -> dramatiq.Broker:
    """Return the broker for QUEUE_URL; ``directory`` is where an embedded Redis lives (else None)."""
    dramatiq.set_encoder(WithoutTracebacks())
    if url.startswith("sqs://"):
        from gas_site.sqs import SqsBroker, SureRetries  # noqa: PLC0415 (boto3 takes its time, and only SQS wants it)

        return SqsBroker(parse_address(url), _middleware(SureRetries))
    address = f"unix://{socket_path(directory)}" if directory else url
    client = redis.Redis.from_url(address, socket_connect_timeout=5, health_check_interval=30)
    return RedisBroker(client=client, middleware=_middleware(Retries))  # type: ignore[no-untyped-call]  # no types


def _middleware(retries: type[Retries]) -> list[Middleware]:
    return [
        ScaleInProtection(),  # first, so that it hears of every message's end
        AgeLimit(),
        # Actors that watch a child process set their own limit; an asynchronous exception cannot interrupt a
        # blocking call, so this one only catches Python that loops.
        TimeLimit(),
        ShutdownNotifications(notify_shutdown=True),
        Callbacks(),
        Pipelines(),
        retries(max_retries=MAX_RETRIES, min_backoff=1_000, max_backoff=MAX_BACKOFF_MS),
        DatabaseConnections(),
    ]


def queue_answers(broker: dramatiq.Broker) -> bool:
    """Say whether the queue can be reached."""
    if not isinstance(broker, RedisBroker):
        return bool(broker.answers())  # type: ignore[attr-defined]  # the only other one is gas_site.sqs's
    try:
        return bool(broker.client.ping())
    except redis.RedisError:
        return False


def make_queues(broker: dramatiq.Broker) -> None:
    """Make what the queue needs before the first message. Redis needs nothing. Raises BrokerError."""
    if not isinstance(broker, RedisBroker):
        broker.make_queues()  # type: ignore[attr-defined]  # the only other one is gas_site.sqs's


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
        except QUEUE_ERRORS as error:
            logger.warning("queue away, the sweep will send %s again: %s", actor.actor_name, type(error).__name__)

    transaction.on_commit(send)
