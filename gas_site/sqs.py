"""The broker on Amazon SQS: dramatiq-sqs's, with what it lacks for a message never to be lost, doubled or stuck.

What it lacks, each seen in version 0.4.4: a retry later than 15 minutes is acknowledged and never sent; a retry that
cannot be sent is acknowledged all the same; a job longer than the visibility timeout runs a second time beside
itself; a message that kills its worker comes back for ever; an acknowledgement that fails takes a place in the
consumer for good; an idle worker polls once a second. docs/decisions/0070 has the whole list.
"""

from __future__ import annotations

import json
import math
import threading
from typing import TYPE_CHECKING, Any

import dramatiq
from dramatiq.broker import MessageProxy
from dramatiq.errors import ConnectionFailed
from dramatiq.middleware import Middleware, Retries
from dramatiq_sqs import SQSBroker
from dramatiq_sqs.broker import MAX_DELAY_SECONDS, MAX_MESSAGE_RETENTION_SECONDS

from gas_site import aws
from gas_site.sqs_address import SqsAddress
from gas_site.sqs_consumer import InFlight, SqsConsumer, SqsMessage, said

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# How often a message may be received before SQS moves it to the dead letters: a worker that dies says nothing itself.
MAX_RECEIVES = 3
# Somebody waits for the page that sends, and the sweep sends again what could not be sent.
SEND_ATTEMPTS = 2
DEAD_LETTERS = "_dlq"  # dramatiq-sqs's own name for them


class SqsUnavailable(ConnectionFailed):
    """SQS did not do what it was asked, in a person's words."""

    def __init__(self, message: str) -> None:
        super().__init__(message)  # type: ignore[no-untyped-call]  # dramatiq's errors have no types


class QueueMissing(SqsUnavailable):
    """SQS has no such queue, or does not let us see it."""


class SqsBroker(SQSBroker):  # type: ignore[misc]  # dramatiq-sqs publishes no types
    """The broker for ``QUEUE_URL=sqs://REGION/NAMESPACE``. It uses queues and makes none: ``make_queues`` does."""

    def __init__(self, address: SqsAddress, middleware: list[Middleware]) -> None:
        self.address = address
        self.stopping = threading.Event()
        self._in_flight: dict[str, InFlight] = {}
        options = {"region_name": address.region, "config": aws.config(SEND_ATTEMPTS)}
        manners = WorkerManners(self.stopping)
        super().__init__(namespace=address.namespace, middleware=[*middleware, manners], dead_letter=True, **options)
        # The library's own client sends; this one does the rest, with more patience.
        self.client: SQSClient = aws.sqs(address.region)

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 0) -> SqsConsumer:
        """Return a consumer; how long it polls is the broker's, not the worker's ``timeout``. Raises QueueMissing."""
        timing, (url, dead_letter_url) = self.address.timing, self.urls(queue_name)
        if queue_name not in self._in_flight:
            self._in_flight[queue_name] = InFlight(self.client, url, timing)
        return SqsConsumer(
            self.client,
            queue_name,
            url,
            dead_letter_url,
            in_flight=self._in_flight[queue_name],
            prefetch=prefetch,
            timing=timing,
            stopping=self.stopping,
        )

    def enqueue(self, message: dramatiq.Message[Any], *, delay: int | None = None) -> dramatiq.Message[Any]:
        """Send a message, to arrive after ``delay`` milliseconds and never before; after 15 minutes at the latest.

        A longer wait is kept in the row: the message comes early, finds nothing to do and the next one is sent.
        Raises SqsUnavailable.
        """
        seconds = min(math.ceil((delay or 0) / 1000), MAX_DELAY_SECONDS)
        try:
            super().enqueue(message, delay=seconds * 1000)
        except aws.AWS_ERRORS as error:
            raise SqsUnavailable(f"SQS in {self.address.region}: {said(error)}") from error
        return message

    def close(self) -> None:
        """End the threads that keep messages hidden."""
        for in_flight in self._in_flight.values():
            in_flight.end()

    def answers(self) -> bool:
        """Say whether SQS can be reached and has our queues."""
        try:
            for queue_name in self.queue_names:
                self._ensure_queue(queue_name)
            self._url(self.full_name(min(self.queue_names)))  # the others may be known from long ago
        except SqsUnavailable:
            return False
        return True

    def make_queues(self) -> None:
        """Make every queue and its dead letters, or bring them to what this version wants. Raises SqsUnavailable.

        Where they are as wanted already, nothing is asked for that a worker may not do.
        """
        common = {"MessageRetentionPeriod": str(MAX_MESSAGE_RETENTION_SECONDS), "SqsManagedSseEnabled": "true"}
        common["VisibilityTimeout"] = str(int(self.address.timing.visibility))
        try:
            for queue_name in sorted(self.queue_names):
                name = self.full_name(queue_name)
                dead = self._make(name + DEAD_LETTERS, common)
                redrive = {"deadLetterTargetArn": dead, "maxReceiveCount": MAX_RECEIVES}
                self._make(name, {**common, "RedrivePolicy": json.dumps(redrive)})
        except aws.AWS_ERRORS as error:
            raise SqsUnavailable(f"the queues in {self.address.region} cannot be made: {said(error)}") from error

    def urls(self, queue_name: str) -> tuple[str, str]:
        """Return the addresses of a queue and of its dead letters. Raises SqsUnavailable."""
        self._ensure_queue(queue_name)
        return self.queues[queue_name].url, self.dead_letter_queues[queue_name].url

    def full_name(self, queue_name: str) -> str:
        """Return what SQS knows a queue by."""
        return f"{self.namespace}_{queue_name}"

    def _make(self, name: str, wanted: dict[str, str]) -> str:
        """Make a queue, or set the attributes in which it differs; return its ARN."""
        try:
            url = self._url(name)
        except QueueMissing:
            url = self.client.create_queue(QueueName=name, Attributes=wanted)["QueueUrl"]  # type: ignore[arg-type]
        attributes = self.client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        found = {str(key): value for key, value in attributes.items()}
        different = {key: value for key, value in wanted.items() if not _same(found.get(key), value)}
        if different:
            self.client.set_queue_attributes(QueueUrl=url, Attributes=different)  # type: ignore[arg-type]
        return found["QueueArn"]

    def _ensure_queue(self, queue_name: str) -> None:
        """Learn the addresses of a queue and its dead letters, once. Raises SqsUnavailable."""
        if queue_name not in self.dead_letter_queues:
            name = self.full_name(queue_name)
            self.queues[queue_name] = self.sqs.Queue(self._url(name))
            self.dead_letter_queues[queue_name] = self.sqs.Queue(self._url(name + DEAD_LETTERS))

    def _url(self, name: str) -> str:
        missing = f"SQS in {self.address.region} has no queue {name} for us; manage.py prepare makes it"
        try:
            return self.client.get_queue_url(QueueName=name)["QueueUrl"]
        except self.client.exceptions.QueueDoesNotExist as error:
            raise QueueMissing(missing) from error
        except aws.AWS_ERRORS as error:
            raise SqsUnavailable(f"SQS in {self.address.region}: {said(error)}") from error


def _same(found: str | None, wanted: str) -> bool:
    """Compare attributes; a policy is JSON, in which SQS writes numbers, spaces and keys in its own way."""
    if not wanted.startswith("{"):
        return found == wanted
    policies = [json.loads(text) for text in (found or "{}", wanted)]
    first, second = ({key: str(value) for key, value in policy.items()} for policy in policies)
    return first == second


class WorkerManners(Middleware):
    """Makes a worker take no more than it can work on, and nothing once it was told to stop."""

    def __init__(self, stopping: threading.Event) -> None:
        self._stopping = stopping

    def before_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        """Take one message a thread. Dramatiq takes two: the second would wait here while other workers idle."""
        self._stopping.clear()
        worker.queue_prefetch = worker.worker_threads

    def before_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        """Poll no more: whatever came now would only be handed back."""
        self._stopping.set()


class SureRetries(Retries):
    """Retries that are not taken for sent when they could not be."""

    def after_process_message(
        self,
        broker: dramatiq.Broker,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        """Send the retry; where that fails, the message itself comes again after its visibility timeout."""
        try:
            super().after_process_message(broker, message, result=result, exception=exception)  # type: ignore[no-untyped-call]
        except SqsUnavailable as error:
            if not isinstance(message, SqsMessage):
                raise
            message.must_come_again = True
            self.logger.warning("retry of %s not sent, it comes again: %s", message.message_id, error)
