"""Reads the queue of RETRIEVAL_QUEUE, which SNS or S3 fill, and wakes a worker for each archive of ours."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from archive.actors import retrieval_completed
from archive.notices.reading import archives_in
from gas_site import aws
from gas_site.queues import QUEUE_ERRORS

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

logger = logging.getLogger(__name__)

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
MOST_MESSAGES = 10
# Shorter than SQS takes (20): a process that is told to stop looks this often.
WAIT_SECONDS = 5
HIDDEN_SECONDS = 60
FIRST_PAUSE_SECONDS, LAST_PAUSE_SECONDS = 1.0, 60.0


class Listener:
    """One queue and the topics whose envelopes count."""

    def __init__(self, region: str, queue: str, topics: list[str]) -> None:
        self.client: SQSClient = aws.sqs(region)
        self.queue = queue
        self.topics = topics
        self._url = ""

    def listen(self, stop: threading.Event) -> None:
        """Take messages until ``stop`` is set; a queue that is away is asked again, less and less often."""
        pause = FIRST_PAUSE_SECONDS
        while not stop.is_set():
            try:
                self.take(WAIT_SECONDS)
                pause = FIRST_PAUSE_SECONDS
            except (*aws.AWS_ERRORS, *QUEUE_ERRORS) as error:
                logger.warning("a queue is away: %s", type(error).__name__)
                stop.wait(pause)
                pause = min(pause * 2, LAST_PAUSE_SECONDS)

    def take(self, wait: int) -> int:
        """Take what is there, waiting up to ``wait`` seconds; return the number of messages."""
        answer = self.client.receive_message(
            QueueUrl=self._address(),
            MaxNumberOfMessages=MOST_MESSAGES,
            WaitTimeSeconds=wait,
            VisibilityTimeout=HIDDEN_SECONDS,
        )
        messages = answer.get("Messages", [])
        for message in messages:
            self._take(message)
        return len(messages)

    def _take(self, message: MessageTypeDef) -> None:
        """Wake a worker, then delete: what stops us in between shows the message again, which does no harm."""
        archives = archives_in(message["Body"], self.topics)
        if not archives:
            logger.info("a message about no archive of ours is dropped")
        for archive_id in archives:
            retrieval_completed.send(archive_id)
        self.client.delete_message(QueueUrl=self._address(), ReceiptHandle=message["ReceiptHandle"])

    def _address(self) -> str:
        if not self._url:
            self._url = self.client.get_queue_url(QueueName=self.queue)["QueueUrl"]
        return self._url
