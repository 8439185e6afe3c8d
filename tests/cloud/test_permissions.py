"""The policies of deploy/iam allow what the code asks for, and nothing else.

moto lets everybody do everything, so the calls are recorded as botocore makes them and compared with the policies.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.model import OperationModel

from gas_site.queue_counts import count, count_held, redrive
from gas_site.queues import make_queues, queue_answers
from tests.cloud.queues import ROOT, Queue, sqs_queue, until

# A batch is allowed by the action of its single call.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html
BATCHES = {"ChangeMessageVisibilityBatch": "ChangeMessageVisibility"}
SERVICES = {"sqs": "sqs", "cloudwatch": "cloudwatch", "monitoring": "cloudwatch"}


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Give the IAM actions of every call that any client makes from now on."""
    actions: set[str] = set()

    def note(model: OperationModel, **_: Any) -> None:
        service = SERVICES[model.service_model.endpoint_prefix]
        actions.add(f"{service}:{BATCHES.get(model.name, model.name)}")

    session = boto3.session.Session()
    session.events.register("before-call", note)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", session)
    return actions


def allowed(policy: str) -> set[str]:
    statements = json.loads((ROOT / "deploy" / "iam" / policy).read_text())["Statement"]
    lists = [statement["Action"] for statement in statements]
    return {action for one in lists for action in ([one] if isinstance(one, str) else one)}


def test_each_policy_allows_what_its_holder_calls_and_nothing_else(
    recorded: set[str], amazon: str, tmp_path: Path
) -> None:
    with sqs_queue(tmp_path) as queue:
        assert recorded == allowed("queue-setup.json") - {"sqs:SetQueueAttributes"}  # there was nothing to put right
        recorded.clear()
        put_right(queue)
        assert recorded == allowed("queue-setup.json") - {"sqs:CreateQueue"}
        recorded.clear()
        use(queue, amazon)
        assert recorded == allowed("queue-user.json")
        recorded.clear()
        count(queue.broker, "storage")
        redrive(queue.broker, "storage")
        assert recorded == allowed("queue-operator.json") - {"sqs:GetQueueUrl"}  # asked once a process


def put_right(queue: Queue) -> None:
    """Do what `manage.py prepare` does when a queue is not as wanted."""
    broker: Any = queue.broker
    url, _ = broker.urls("storage")
    broker.client.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "5"})
    make_queues(queue.broker)


def use(queue: Queue, amazon: str) -> None:
    """Do all that website, workers and sweep do: send, work, extend, retry, bury, look whether it answers."""
    broker: Any = queue.broker
    _, graveyard = broker.urls("storage")
    broker.queues.clear()
    broker.dead_letter_queues.clear()
    assert queue_answers(queue.broker)
    make_queues(queue.broker)  # `manage.py up` runs prepare: nothing to change
    count_held(queue.broker, "storage")  # the sweep, before it sends what the queue lacks
    with queue.worker(threads=2):
        queue.jobs.refuse.send(str(queue.log), "dead")
        queue.jobs.hold.send(str(queue.log), "long", 1.2)
        until(lambda: "done long" in queue.lines())
        # Not the third try but its burial: a worker told to stop in between would leave the message to another.
        until(lambda: letters(amazon, graveyard) == 1)


def letters(amazon: str, url: str) -> int:
    """Count the messages of a queue by a session that nobody records."""
    client = boto3.session.Session().client("sqs", region_name="eu-west-1", endpoint_url=amazon)
    answer = client.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])
