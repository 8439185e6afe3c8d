"""Clients of Amazon's services: where they go, how long they wait, how often they try."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
from botocore.exceptions import ReadTimeoutError

from gas_site import aws


@pytest.mark.usefixtures("amazon")
def test_each_client_speaks_to_the_endpoint_of_the_environment() -> None:
    assert aws.sqs("eu-west-1").list_queues().get("QueueUrls", []) == []
    assert aws.s3("eu-west-1").list_buckets()["Buckets"] == []
    assert aws.sns("eu-west-1").list_topics()["Topics"] == []
    assert aws.glacier("eu-west-1").list_vaults(accountId="-")["VaultList"] == []


def test_the_region_is_the_given_one_or_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    assert aws.sqs("eu-west-1").meta.region_name == "eu-west-1"
    assert aws.sqs().meta.region_name == "us-west-2"
    monkeypatch.setenv("AWS_REGION", "ap-south-1")  # what Amazon's containers are given
    assert aws.sqs().meta.region_name == "ap-south-1"


@pytest.fixture
def silent() -> Iterator[tuple[str, list[socket.socket]]]:
    """Give a server that takes connections and never answers, and the connections it took."""
    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def take() -> None:
            while True:
                try:
                    taken.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=take, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", taken
        server.shutdown(socket.SHUT_RDWR)
    for connection in taken:
        connection.close()


def test_a_service_that_never_answers_is_given_up_after_its_attempts(
    silent: tuple[str, list[socket.socket]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, taken = silent
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    monkeypatch.setattr(aws, "READ_SECONDS", 0.1)
    monkeypatch.setattr(aws, "ATTEMPTS", 2)
    with pytest.raises(ReadTimeoutError) as raised:
        aws.sqs("eu-west-1").list_queues()
    assert isinstance(raised.value, aws.AWS_ERRORS)
    assert len(taken) == 2
