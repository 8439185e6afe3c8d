"""From S3 or Glacier by way of SNS and SQS, in an envelope or raw, to the message that wakes a worker."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from dramatiq import Actor
from pytest_django import Settings

from archive.notices.listening import Listener
from archive.vaults import vault
from archive.vaults.glacier import GlacierVault
from archive.vaults.s3_glacier import S3GlacierVault
from gas_site import aws, supervisor
from tests.cloud.buckets import REGION, make_bucket
from tests.cloud.notices import restored
from tests.cloud.proxy import proxy_before
from tests.cloud.vaults import BUCKET
from tests.site.conftest import Sent, sent

__all__ = ["sent"]

LABEL = "7f3a21c8-0000-4000-8000-000000000001"
HOUR = timedelta(hours=1)

pytestmark = pytest.mark.django_db


class Place:
    """A topic, and two queues that hear it: one raw, one in envelopes."""

    def __init__(self) -> None:
        sns, sqs = aws.sns(REGION), aws.sqs(REGION)
        self.topic = sns.create_topic(Name="retrievals")["TopicArn"]
        self.listeners = {}
        for name, raw in (("raw", "true"), ("enveloped", "false")):
            url = sqs.create_queue(QueueName=name)["QueueUrl"]
            arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
            raw_delivery = {"RawMessageDelivery": raw}
            sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn, Attributes=raw_delivery)
            self.listeners[name] = Listener(REGION, name, [self.topic])

    def put(self, text: str, queue: str = "raw") -> None:
        client = aws.sqs(REGION)
        client.send_message(QueueUrl=client.get_queue_url(QueueName=queue)["QueueUrl"], MessageBody=text)

    def left(self, queue: str = "raw") -> int:
        """Return how many messages a queue has, hidden ones included."""
        client = aws.sqs(REGION)
        url = client.get_queue_url(QueueName=queue)["QueueUrl"]
        names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        return sum(map(int, client.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"].values()))


@pytest.fixture
def place(amazon: str) -> Place:
    return Place()


@pytest.fixture
def s3_vault(place: Place, settings: Settings) -> Iterator[S3GlacierVault]:
    make_bucket(BUCKET)
    wanted: Any = {"TopicConfigurations": [{"TopicArn": place.topic, "Events": ["s3:ObjectRestore:Completed"]}]}
    aws.s3(REGION).put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration=wanted)
    options = {"bucket": BUCKET, "prefix": "site", "storage_class": "GLACIER", "days": 3, "region": REGION}
    options["delays"] = {"expedited": HOUR}
    settings.VAULT = {"BACKEND": "archive.vaults.s3_glacier.S3GlacierVault", "OPTIONS": options}
    made = vault()
    assert isinstance(made, S3GlacierVault)
    yield made
    vault.cache_clear()


@pytest.fixture
def glacier_vault(place: Place, settings: Settings) -> Iterator[GlacierVault]:
    aws.glacier(REGION).create_vault(accountId="-", vaultName="cold")
    options = {"region": REGION, "vault": "cold", "delays": {"expedited": HOUR}, "topic": place.topic}
    settings.VAULT = {"BACKEND": "archive.vaults.glacier.GlacierVault", "OPTIONS": options}
    made = vault()
    assert isinstance(made, GlacierVault)
    yield made
    vault.cache_clear()


def heard(listener: Listener, sent: list[Sent]) -> Sent:
    """Listen until a worker is woken; a restore takes two seconds at our stand-in, and S3 tries its topic first."""
    deadline = time.monotonic() + 20
    while not sent:
        assert time.monotonic() < deadline, "nothing was heard"
        listener.take(1)
    return sent.pop()


@pytest.mark.parametrize("service", ["s3_vault", "glacier_vault"])
def test_a_retrieval_is_heard_of_as_soon_as_it_has_ended_raw_or_in_an_envelope(
    request: pytest.FixtureRequest, place: Place, sent: list[Sent], service: str
) -> None:
    cold: S3GlacierVault | GlacierVault = request.getfixturevalue(service)
    archive_id = cold.store(LABEL, iter([b"genome"])).archive_id
    cold.request(archive_id, "expedited")
    for name, listener in place.listeners.items():
        assert heard(listener, sent) == Sent("retrieval_completed", (archive_id,)), name
        assert place.left(name) == 0, "a message that was taken is gone"


def test_what_is_about_nothing_of_ours_is_dropped(place: Place, s3_vault: S3GlacierVault, sent: list[Sent]) -> None:
    for text in ("no json", "{}", restored("another", "key"), json.dumps({"Event": "s3:TestEvent"})):
        place.put(text)
    while place.listeners["raw"].take(0):
        pass
    assert (sent, place.left()) == ([], 0)


def test_a_message_stays_until_its_worker_could_be_woken(
    place: Place, s3_vault: S3GlacierVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(self: Actor[Any, Any], *arguments: Any, **_: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(Actor, "send_with_options", away)
    place.put(restored(BUCKET, f"site/archives/{LABEL}/{'0' * 32}.data"))
    with pytest.raises(ConnectionError):
        place.listeners["raw"].take(0)
    assert place.left() == 1


def test_a_queue_that_is_away_is_asked_again(
    place: Place, amazon: str, s3_vault: S3GlacierVault, sent: list[Sent], monkeypatch: pytest.MonkeyPatch
) -> None:
    place.put(restored(BUCKET, f"site/archives/{LABEL}/{'0' * 32}.data"))
    monkeypatch.setattr("archive.notices.listening.FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    stop = threading.Event()
    with proxy_before(amazon) as proxy:
        proxy.times("500", 9)
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.address)
        listener = Listener(REGION, "raw", [])
        take = listener.take

        def take_and_stop(wait: int) -> int:
            if taken := take(0):
                stop.set()
            return taken

        monkeypatch.setattr(listener, "take", take_and_stop)
        listener.listen(stop)
    assert len(sent) == 1


def test_the_command_takes_what_is_there_and_needs_a_queue(
    place: Place, s3_vault: S3GlacierVault, sent: list[Sent], settings: Settings
) -> None:
    with pytest.raises(CommandError, match="RETRIEVAL_QUEUE names no queue"):
        call_command("listen_retrievals", "--once")
    settings.RETRIEVAL_QUEUE = (REGION, "raw")
    place.put(restored(BUCKET, f"site/archives/{LABEL}/{'0' * 32}.data"))
    call_command("listen_retrievals", "--once")
    assert sent == [Sent("retrieval_completed", (f"{LABEL}/{'0' * 32}",))]


def test_the_stack_listens_where_a_queue_is_named_and_not_elsewhere(settings: Settings) -> None:
    assert "listen" not in [child.name for child in supervisor.children("127.0.0.1")]
    settings.RETRIEVAL_QUEUE = (REGION, "raw")
    [listener] = [child for child in supervisor.children("127.0.0.1") if child.name == "listen"]
    assert listener.command[-1] == "listen_retrievals"
