"""Takes messages from one SQS queue: room for as many as there are threads, each kept hidden while it is worked on."""

from __future__ import annotations

import logging
import threading
import time
from base64 import b64decode
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import dramatiq
from botocore.exceptions import ClientError
from dramatiq.errors import DecodeError
from dramatiq_sqs.utils import batched

from gas_site.aws import AWS_ERRORS
from gas_site.sqs_address import Timing

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

logger = logging.getLogger(__name__)

# The most entries that one request may carry or ask for.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
BATCH = 10
# How long a consumer that may not ask waits before it lets its thread look whether it is to end.
LOOK_UP_SECONDS = 1.0
MAX_PAUSE_SECONDS = 30.0


class SqsMessage(dramatiq.MessageProxy):
    """A message received from SQS."""

    def __init__(self, message: dramatiq.Message[Any], receipt: str, body: str) -> None:
        super().__init__(message)
        self.receipt = receipt
        self.body = body
        # Set when the retry that was to follow could not be sent: then this message has to come again itself.
        self.must_come_again = False


class InFlight:
    """Messages of one queue that this process received and has not given back yet.

    A thread keeps them hidden from other workers for as long as they are here. One that leaves without having been
    deleted comes again to somebody when its visibility timeout ends.
    """

    def __init__(self, client: SQSClient, url: str, timing: Timing) -> None:
        self._client = client
        self._url = url
        self._timing = timing
        self._held: dict[str, bool] = {}  # receipt -> whether extending it makes sense
        self._changed = threading.Condition()
        # Two changes of one message's visibility must not pass each other on the way.
        self._changing = threading.Lock()
        self._ended = threading.Event()
        threading.Thread(target=self._beat, name="sqs-heartbeat", daemon=True).start()

    def add(self, message: SqsMessage) -> None:
        """Keep a message hidden."""
        with self._changed:
            self._held[message.receipt] = True

    def release(self, message: SqsMessage) -> None:
        """Let a message go, and make room for the next."""
        with self._changed:
            self._held.pop(message.receipt, None)
            self._changed.notify_all()

    def room(self, most: int, seconds: float) -> int:
        """Return how many messages there is room for, after waiting so long for some."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._held) < most, seconds)
            return max(most - len(self._held), 0)

    def hand_back(self, messages: Iterable[SqsMessage]) -> None:
        """Show messages to other workers at once; where that fails they show up when their timeout ends."""
        for batch in batched(messages, BATCH):
            for message in batch:
                self.release(message)
            with self._changing:
                try:
                    self._set_visibility([message.receipt for message in batch], 0)
                except AWS_ERRORS as error:
                    logger.warning("%d messages come again later: %s", len(batch), type(error).__name__)

    def end(self) -> None:
        """End the thread."""
        self._ended.set()

    def _beat(self) -> None:
        while not self._ended.wait(self._timing.beat):
            with self._changed:
                extendable = [receipt for receipt, makes_sense in self._held.items() if makes_sense]
            for batch in batched(extendable, BATCH):
                self._extend(batch)

    def _extend(self, receipts: Iterable[str]) -> None:
        with self._changing:
            with self._changed:
                still_here = [receipt for receipt in receipts if receipt in self._held]
            try:
                refused = self._set_visibility(still_here, int(self._timing.visibility)) if still_here else []
            except AWS_ERRORS as error:
                logger.warning("visibility not extended, the next beat tries again: %s", type(error).__name__)
                return
        with self._changed:
            for receipt in refused:  # its timeout had ended, or twelve hours have: it comes to somebody else
                if receipt in self._held:
                    self._held[receipt] = False

    def _set_visibility(self, receipts: list[str], seconds: int) -> list[str]:
        """Set the timeout of up to ten messages; return those for which SQS will not have it."""
        answer = self._client.change_message_visibility_batch(
            QueueUrl=self._url,
            Entries=[
                {"Id": str(number), "ReceiptHandle": receipt, "VisibilityTimeout": seconds}
                for number, receipt in enumerate(receipts)
            ],
        )
        return [receipts[int(entry["Id"])] for entry in answer.get("Failed", []) if entry["SenderFault"]]


class SqsConsumer(dramatiq.Consumer):
    """What dramatiq's consumer thread asks for messages. An outage is waited for in here: nothing in hand is lost."""

    def __init__(
        self,
        client: SQSClient,
        queue_name: str,
        url: str,
        dead_letter_url: str,
        *,
        in_flight: InFlight,
        prefetch: int,
        timing: Timing,
        stopping: threading.Event,
    ) -> None:
        self._client = client
        self._queue_name = queue_name
        self._url = url
        self._dead_letter_url = dead_letter_url
        self._in_flight = in_flight
        self._prefetch = prefetch
        self._timing = timing
        self._stopping = stopping
        self._received: deque[SqsMessage] = deque()
        self._failures = 0

    def __next__(self) -> SqsMessage | None:
        """Return the next message, or None after at most one poll."""
        if not self._received:
            self._receive()
        return self._received.popleft() if self._received else None

    def ack(self, message: dramatiq.MessageProxy) -> None:
        """Delete a message whose work is done; one that cannot be deleted comes again and finds nothing to do."""
        self._finish(_ours(message), dead=False)

    def nack(self, message: dramatiq.MessageProxy) -> None:
        """Move a message to the dead letters; one that cannot be moved comes again, in the end by SQS's own policy."""
        self._finish(_ours(message), dead=True)

    def requeue(self, messages: Iterable[dramatiq.MessageProxy]) -> None:
        """Give messages back that nobody worked on."""
        self._in_flight.hand_back(map(_ours, messages))

    def close(self) -> None:
        """Give back what was received and not yet asked for."""
        received, self._received = self._received, deque()
        self.requeue(received)

    def _finish(self, message: SqsMessage, *, dead: bool) -> None:
        try:
            if message.must_come_again:
                return
            if dead:
                self._client.send_message(QueueUrl=self._dead_letter_url, MessageBody=message.body)
            self._client.delete_message(QueueUrl=self._url, ReceiptHandle=message.receipt)
        except AWS_ERRORS as error:
            logger.warning("message %s comes again: %s", message.message_id, type(error).__name__)
        finally:
            self._in_flight.release(message)  # whatever happened, its place is free

    def _receive(self) -> None:
        """Poll once, when there is room and nobody has said stop."""
        room = self._in_flight.room(self._prefetch, LOOK_UP_SECONDS)
        if self._stopping.is_set():
            time.sleep(LOOK_UP_SECONDS / 10)  # until the workers have ended and dramatiq ends this thread too
            return
        if not room:
            return
        try:
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=min(room, BATCH),
                WaitTimeSeconds=int(self._timing.wait),
                VisibilityTimeout=int(self._timing.visibility),
            )
        except AWS_ERRORS as error:
            self._pause(error)
            return
        self._failures = 0
        for raw in answer.get("Messages", []):
            self._take(raw["ReceiptHandle"], raw["Body"])

    def _take(self, receipt: str, body: str) -> None:
        message = self._decoded(body)
        if message is None:
            # Left where it is: after the third time SQS moves it to the dead letters. Its text is anybody's.
            logger.warning("a message that is not one of ours was left in queue %s", self._queue_name)
            return
        ours = SqsMessage(message, receipt, body)
        self._in_flight.add(ours)
        self._received.append(ours)

    def _decoded(self, body: str) -> dramatiq.Message[Any] | None:
        """Return the message, or None for what no broker of ours has sent to this queue."""
        try:
            message = dramatiq.Message.decode(b64decode(body))
        except (DecodeError, ValueError):
            return None
        whole = isinstance(message.options, dict) and isinstance(message.actor_name, str)
        return message if whole and message.queue_name == self._queue_name else None

    def _pause(self, error: Exception) -> None:
        """Wait after a failed poll, longer after each; a stop ends the pause."""
        self._failures += 1
        seconds = min(2.0 ** (self._failures - 1), MAX_PAUSE_SECONDS)
        logger.warning("SQS cannot be polled, again in %.0f s: %s", seconds, said(error))
        self._stopping.wait(seconds)


def said(error: Exception) -> str:
    """Return what is worth writing down of an error of Amazon's: its code, else its kind."""
    if isinstance(error, ClientError):
        return error.response.get("Error", {}).get("Code", type(error).__name__)
    return type(error).__name__


def _ours(message: dramatiq.MessageProxy) -> SqsMessage:
    if not isinstance(message, SqsMessage):
        raise TypeError(f"a consumer of SQS was given a {type(message).__name__}")
    return message
