"""Notices of ended retrievals: only what SNS signed for a topic of ours counts, and it is no more than a hint."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from archive.notices import signatures
from archive.notices.reading import archives_in
from gas_site import aws, setting_aws
from gas_site.environment import BadSetting
from tests.archive.world import Clock
from tests.cloud.notices import (
    CERTIFICATE_URL,
    TOPIC,
    Signer,
    confirmation,
    elliptic_certificate,
    make_signer,
    notification,
    restored,
    stamp,
)
from tests.cloud.vaults import BUCKET
from tests.site.conftest import Sent, sent

__all__ = ["sent"]

ARCHIVE = "7f3a21c8-0000-4000-8000-000000000001/" + "0" * 32
EVENT = restored(BUCKET, f"site/vault/archives/{ARCHIVE}.data")
OTHER_TOPIC = TOPIC.replace("retrievals", "others")

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def signer() -> Signer:
    return make_signer(datetime.now().astimezone())


@pytest.fixture(autouse=True)
def configured(settings: Settings, signer: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Configure a vault and a topic; certificates come from the tests' own chain, at the boundary alone."""
    delays = {"standard": timedelta(hours=5)}
    options = {"bucket": BUCKET, "prefix": "site/vault", "storage_class": "GLACIER", "delays": delays, "days": 3}
    settings.VAULT = {"BACKEND": "archive.vaults.s3_glacier.S3GlacierVault", "OPTIONS": options}
    settings.RETRIEVAL_TOPICS = [TOPIC]
    signatures._fetched.cache_clear()
    signer.fetched = 0
    monkeypatch.setattr(signatures.check, "__defaults__", (signer.fetch,))


def post(message: object) -> int:
    body = message if isinstance(message, str | bytes) else json.dumps(message)
    content = body.encode() if isinstance(body, str) else body
    return Client().generic("POST", "/archive/notices/", content, "text/plain; charset=UTF-8").status_code


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_signed_notice_wakes_a_worker_for_its_archive(signer: Signer, sent: list[Sent], version: str) -> None:
    for fields in ({}, {"Subject": None}):
        message = notification(EVENT, timezone.now(), **fields)
        message = {name: value for name, value in message.items() if value is not None}
        assert post(signer.sign(message, version)) == 204
    assert sent == [Sent("retrieval_completed", (ARCHIVE,))] * 2
    assert signer.fetched == 1, "the certificate is kept"


def test_a_replay_within_the_hour_is_one_more_hint_and_a_later_one_is_refused(
    signer: Signer, sent: list[Sent], monkeypatch: pytest.MonkeyPatch
) -> None:
    message = signer.sign(notification(EVENT, timezone.now()))
    assert [post(message), post(message)] == [204, 204]
    clock = Clock()
    monkeypatch.setattr(timezone, "now", clock)
    clock.advance(timedelta(minutes=61))
    assert post(message) == 403
    assert len(sent) == 2


Forgery = Callable[[Signer, dict[str, Any]], object]


def unsigned(message: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**message, **changes}


@pytest.mark.parametrize(
    "forge",
    [
        lambda signer, message: unsigned(signer.sign(message), Message=EVENT.replace("0000", "1111")),
        lambda signer, message: unsigned(signer.sign(message), Subject="another"),
        lambda signer, message: unsigned(signer.sign(message), MessageId="another"),
        lambda signer, message: unsigned(signer.sign(message), Timestamp=stamp(timezone.now() - timedelta(minutes=1))),
        lambda signer, message: unsigned(signer.sign(message), Signature=""),
        lambda signer, message: unsigned(signer.sign(message), Signature="%%%"),
        lambda signer, message: unsigned(signer.sign(message), Signature=None),
        lambda signer, message: unsigned(signer.sign(message, "1"), SignatureVersion="2"),
        lambda signer, message: unsigned(signer.sign(message), SignatureVersion="3"),
        lambda signer, message: unsigned(signer.sign(message), Message=["x"]),
        lambda signer, message: signer.sign({**message, "TopicArn": OTHER_TOPIC}),
        lambda signer, message: signer.sign({**message, "Timestamp": stamp(timezone.now() + timedelta(hours=1))}),
        lambda signer, message: signer.sign({**message, "Timestamp": "yesterday"}),
        lambda signer, message: signer.sign({**message, "Timestamp": "2026-11-25T00:00:00"}),
        lambda signer, message: make_signer(timezone.now()).sign(message),
        lambda signer, message: {**message, "Type": "Something"},
        lambda signer, message: message,
        lambda signer, message: [message],
        lambda signer, message: "no json",
        lambda signer, message: "[" * 100_000,
        lambda signer, message: b"\xff\xfe",
        lambda signer, message: json.dumps(signer.sign(message)) + " " * 400_000,
        lambda signer, message: "",
    ],
)
def test_a_forged_or_foreign_notice_changes_nothing(signer: Signer, sent: list[Sent], forge: Forgery) -> None:
    assert post(forge(signer, notification(EVENT, timezone.now()))) == 403
    assert sent == []


@pytest.mark.parametrize(
    "url",
    [
        CERTIFICATE_URL.replace("https", "http"),
        CERTIFICATE_URL.replace("sns.eu-west-1", "sns.us-east-1"),
        CERTIFICATE_URL.replace("amazonaws.com", "amazonaws.com.evil.example"),
        CERTIFICATE_URL.replace("sns.", "evil-sns."),
        CERTIFICATE_URL.replace("https://", "https://evil.example@"),
        CERTIFICATE_URL.replace("amazonaws.com/", "amazonaws.com:8443/"),
        CERTIFICATE_URL.replace("amazonaws.com/", "amazonaws.com/../"),
        CERTIFICATE_URL + "?x",
        "https://bucket.s3.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem",
        "https://[",
        "",
        None,
        7,
    ],
)
def test_a_certificate_from_elsewhere_is_not_even_fetched(signer: Signer, sent: list[Sent], url: object) -> None:
    assert post(signer.sign(notification(EVENT, timezone.now(), SigningCertURL=url))) == 403
    assert (signer.fetched, sent) == (0, [])


def test_a_certificate_that_proves_nothing_is_refused(signer: Signer, sent: list[Sent]) -> None:
    message = signer.sign(notification(EVENT, timezone.now()))
    for pem in (
        make_signer(timezone.now(), valid=timedelta(days=-1)).pem,
        elliptic_certificate(timezone.now()),
        b"no certificate",
    ):
        signatures._fetched.cache_clear()
        with pytest.raises(signatures.Forged):
            signatures.check(message, [TOPIC], lambda _, pem=pem: pem)  # type: ignore[misc]  # one a round


def test_a_certificate_that_cannot_be_fetched_now_is_asked_for_when_sns_sends_again(
    signer: Signer, sent: list[Sent], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(url: str) -> bytes:
        raise TimeoutError

    message = signer.sign(notification(EVENT, timezone.now()))
    monkeypatch.setattr(signatures.check, "__defaults__", (away,))
    assert post(message) == 503
    monkeypatch.setattr(signatures.check, "__defaults__", (signer.fetch,))
    with signatures._fetching:
        assert post(message) == 503, "one fetch at a time"
    assert post(message) == 204
    assert len(sent) == 1


def test_a_subscription_is_confirmed_for_a_topic_of_ours_and_by_the_api_alone(
    signer: Signer, amazon: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[dict[str, Any]] = []
    real = aws.sns

    def watched(region: str | None = None) -> Any:
        client = real(region)
        client.meta.events.register("provide-client-params.sns.*", lambda params, **_: calls.append(params))
        return client

    monkeypatch.setattr(aws, "sns", watched)
    post(signer.sign(confirmation(timezone.now())))
    assert calls == [{"TopicArn": TOPIC, "Token": "2336412f37fb687f"}]
    assert post(signer.sign(confirmation(timezone.now(), TopicArn=OTHER_TOPIC))) == 403
    assert post(confirmation(timezone.now())) == 403
    assert len(calls) == 1


def test_without_topics_there_is_no_such_page_and_it_takes_posts_alone(settings: Settings, signer: Signer) -> None:
    assert Client().get("/archive/notices/").status_code == 405
    settings.RETRIEVAL_TOPICS = []
    assert post(signer.sign(notification(EVENT, timezone.now()))) == 404


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (EVENT, [ARCHIVE]),
        (json.dumps({"Type": "Notification", "TopicArn": TOPIC, "Message": EVENT}), [ARCHIVE]),
        (json.dumps({"Type": "Notification", "TopicArn": OTHER_TOPIC, "Message": EVENT}), []),
        (json.dumps({"Type": "Notification", "Message": EVENT}), []),
        (EVENT.replace(BUCKET, "another"), []),
        (EVENT.replace("Completed", "Post"), []),
        (EVENT.replace("site/", "sites/"), []),
        (EVENT.replace("/archives/", "%2Farchives%2F"), [ARCHIVE]),
        (json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent"}), []),
        ('{"Records": [null, 1, {"eventName": 1, "s3": null}, {"s3": {"object": {"key": 3}}}]}', []),
        ('{"Records": {"a": 1}}', []),
        ('{"Action": "ArchiveRetrieval", "Completed": true, "VaultARN": "x", "ArchiveId": "y"}', []),
        ("", []),
        ("[]", []),
        ("null", []),
        ("[" * 100_000, []),
    ],
)
def test_what_a_message_is_about(text: str, found: list[str]) -> None:
    assert archives_in(text, [TOPIC]) == found


def test_a_disk_hears_nothing(settings: Settings, tmp_path: Any) -> None:
    settings.VAULT = {
        "BACKEND": "archive.vaults.disk.DiskVault",
        "OPTIONS": {"location": str(tmp_path), "delays": {"standard": timedelta(0)}},
    }
    assert archives_in(EVENT, [TOPIC]) == []


def test_the_settings_name_a_queue_and_topics(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (setting_aws.retrieval_queue(), setting_aws.retrieval_topics()) == (None, [])
    monkeypatch.setenv("RETRIEVAL_QUEUE", "sqs://eu-west-1/gas-retrievals")
    monkeypatch.setenv("RETRIEVAL_TOPICS", f"{TOPIC}, {OTHER_TOPIC}")
    assert setting_aws.retrieval_queue() == ("eu-west-1", "gas-retrievals")
    assert setting_aws.retrieval_topics() == [TOPIC, OTHER_TOPIC]
    monkeypatch.setenv("RETRIEVAL_QUEUE", "gas-retrievals")
    monkeypatch.setenv("RETRIEVAL_TOPICS", "retrievals")
    with pytest.raises(BadSetting, match=r"RETRIEVAL_QUEUE=.* takes sqs://REGION/QUEUE"):
        setting_aws.retrieval_queue()
    with pytest.raises(BadSetting, match=r"RETRIEVAL_TOPICS=.* takes topics"):
        setting_aws.retrieval_topics()
