"""What lies in a queue, and the way back for its dead letters; for Redis and SQS alike."""

from __future__ import annotations

import dataclasses
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import DecodeError

if TYPE_CHECKING:
    from gas_site.sqs import SqsBroker

# Redis keeps what was tried again behind what is new; the oldest is looked for among so many at the head.
HEAD = 100
# What a retry leaves in a message; without it the message begins anew.
OF_RETRIES = {"retries", "traceback", "requeue_timestamp"}


@dataclass(frozen=True)
class Counts:
    """How many messages wait, are put off, are with a worker, are dead; and how long the oldest has waited."""

    queue: str
    waiting: int
    delayed: int
    in_flight: int
    dead: int
    oldest: timedelta | None


def count(broker: dramatiq.Broker, queue: str) -> Counts:
    """Return what lies in one queue. SQS counts nearly right, and its age is some minutes old."""
    return _count_redis(broker, queue) if isinstance(broker, RedisBroker) else _count_sqs(_sqs(broker), queue)


@dataclass(frozen=True)
class Held:
    """How many messages will still come to a worker, now or later, and how many are with one that lives."""

    to_come: int
    in_flight: int


def count_held(broker: dramatiq.Broker, queue: str) -> Held:
    """Return what may still wake a worker. What a dead worker had is no longer told apart by SQS, and comes again."""
    if isinstance(broker, RedisBroker):
        return _held_in_redis(broker, queue)
    sqs = _sqs(broker)
    numbers = _sqs_numbers(sqs, sqs.urls(queue)[0])
    to_come = numbers["ApproximateNumberOfMessages"] + numbers["ApproximateNumberOfMessagesDelayed"]
    return Held(to_come, numbers["ApproximateNumberOfMessagesNotVisible"])


def redrive(broker: dramatiq.Broker, queue: str) -> int:
    """Send the dead letters of a queue again, as if they had never been tried; return how many.

    Each is sent before it is taken from the dead letters: a crash between the two makes a double, never a loss.
    """
    letters = _redis_letters(broker, queue) if isinstance(broker, RedisBroker) else _sqs_letters(_sqs(broker), queue)
    return sum(1 for _ in letters)


def _again(message: dramatiq.Message[Any]) -> dramatiq.Message[Any]:
    options = {name: value for name, value in message.options.items() if name not in OF_RETRIES}
    return dataclasses.replace(message, options=options)


def _count_redis(broker: RedisBroker, queue: str) -> Counts:
    """Count the keys that dramatiq's brokers/redis/dispatch.lua describes."""
    client, key = broker.client, f"{broker.namespace}:{queue}"
    with_workers = client.scan_iter(match=f"{broker.namespace}:__acks__.*.{queue}")
    return Counts(
        queue,
        waiting=client.llen(key),
        delayed=client.hlen(f"{key}.DQ.msgs"),
        in_flight=sum(client.scard(acks) for acks in with_workers),
        dead=client.zcard(f"{key}.XQ"),
        oldest=_oldest_in_redis(broker, key),
    )


def _held_in_redis(broker: RedisBroker, queue: str) -> Held:
    """Leave out what dead workers had: dramatiq gives it back by chance, a quarter of an hour later or more."""
    client: Any = broker.client
    since = datetime.now(UTC).timestamp() * 1000 - broker.heartbeat_timeout
    living = [worker.decode() for worker in client.zrangebyscore(f"{broker.namespace}:__heartbeats__", since, "+inf")]

    def with_workers(name: str) -> int:
        return sum(client.scard(f"{broker.namespace}:__acks__.{worker}.{name}") for worker in living)

    # What is put off lies with a worker that counts the time.
    lying = sum(client.llen(f"{broker.namespace}:{name}") for name in (queue, f"{queue}.DQ"))
    return Held(lying + with_workers(f"{queue}.DQ"), with_workers(queue))


def _oldest_in_redis(broker: RedisBroker, key: str) -> timedelta | None:
    client: Any = broker.client  # whose answers are typed for every way of decoding at once
    ids = client.lrange(key, 0, HEAD - 1)
    texts = client.hmget(f"{key}.msgs", ids) if ids else []
    sent = [dramatiq.Message.decode(text).message_timestamp for text in texts if text]
    return datetime.now(UTC) - datetime.fromtimestamp(min(sent) / 1000, UTC) if sent else None


def _redis_letters(broker: RedisBroker, queue: str) -> Iterator[None]:
    client: Any = broker.client
    key = f"{broker.namespace}:{queue}.XQ"
    for number in client.zrange(key, 0, -1):
        text = client.hget(f"{key}.msgs", number)
        if text is None:
            continue  # somebody else was faster
        broker.enqueue(_again(dramatiq.Message.decode(text)))
        with client.pipeline() as together:
            together.zrem(key, number)
            together.hdel(f"{key}.msgs", number)
            together.execute()
        yield


def _count_sqs(broker: SqsBroker, queue: str) -> Counts:
    url, dead_letter_url = broker.urls(queue)
    counts, dead = _sqs_numbers(broker, url), _sqs_numbers(broker, dead_letter_url)
    return Counts(
        queue,
        waiting=counts["ApproximateNumberOfMessages"],
        delayed=counts["ApproximateNumberOfMessagesDelayed"],
        in_flight=counts["ApproximateNumberOfMessagesNotVisible"],
        dead=dead["ApproximateNumberOfMessages"],
        oldest=_oldest_in_sqs(broker, queue),
    )


def _sqs_numbers(broker: SqsBroker, url: str) -> dict[str, int]:
    answer = broker.client.get_queue_attributes(
        QueueUrl=url,
        AttributeNames=[
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesDelayed",
            "ApproximateNumberOfMessagesNotVisible",
        ],
    )
    return {str(name): int(value) for name, value in answer["Attributes"].items()}


def _oldest_in_sqs(broker: SqsBroker, queue: str) -> timedelta | None:
    """Ask CloudWatch: the queue itself knows its oldest message, but tells nobody else.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    """
    from gas_site import aws  # noqa: PLC0415 (boto3 takes its time, and only SQS wants it)

    now = datetime.now(UTC)
    answer = aws.cloudwatch(broker.address.region).get_metric_statistics(
        Namespace="AWS/SQS",
        MetricName="ApproximateAgeOfOldestMessage",
        Dimensions=[{"Name": "QueueName", "Value": broker.full_name(queue)}],
        StartTime=now - timedelta(minutes=15),
        EndTime=now,
        Period=60,
        Statistics=["Maximum"],
    )
    points = sorted(answer["Datapoints"], key=lambda point: point["Timestamp"])
    return timedelta(seconds=points[-1]["Maximum"]) if points else None


def _sqs_letters(broker: SqsBroker, queue: str) -> Iterator[None]:
    """Move as many letters as lie there now: one that dies again at once is not moved for ever."""
    _, url = broker.urls(queue)
    for _ in range(_sqs_numbers(broker, url)["ApproximateNumberOfMessages"]):
        answer = broker.client.receive_message(QueueUrl=url, WaitTimeSeconds=1, VisibilityTimeout=60)
        for letter in answer.get("Messages", []):
            try:
                message = dramatiq.Message.decode(b64decode(letter["Body"]))
            except (DecodeError, ValueError):
                continue  # none of ours: it stays
            broker.enqueue(_again(message))
            broker.client.delete_message(QueueUrl=url, ReceiptHandle=letter["ReceiptHandle"])
            yield


def _sqs(broker: dramatiq.Broker) -> SqsBroker:
    from gas_site.sqs import SqsBroker  # noqa: PLC0415 (boto3 takes its time, and only SQS wants it)

    if not isinstance(broker, SqsBroker):
        raise TypeError(f"no counts for a {type(broker).__name__}")
    return broker
