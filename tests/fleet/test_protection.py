"""A task that works on something asks ECS to be left alone, and says when it is idle again."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import dramatiq
import pytest
from dramatiq import Worker
from dramatiq.brokers.stub import StubBroker
from dramatiq.middleware import SkipMessage

from gas_site.protection import MINUTES, ScaleInProtection

ON = {"ProtectionEnabled": True, "ExpiresInMinutes": MINUTES}
OFF = {"ProtectionEnabled": False}


class Agent(HTTPServer):
    """The part of ECS's agent that is asked, over real HTTP."""

    def __init__(self, status: int = 200) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.status = status


class Handler(BaseHTTPRequestHandler):
    server: Agent

    def do_PUT(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def agent(monkeypatch: pytest.MonkeyPatch) -> Iterator[Agent]:
    server = Agent()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("ECS_AGENT_URI", f"http://127.0.0.1:{server.server_port}/api/task")
    yield server
    server.shutdown()
    server.server_close()


def work(broker: StubBroker, *names: str) -> None:
    """Let a worker do everything that was sent."""
    worker = Worker(broker, worker_timeout=10, worker_threads=2)
    worker.start()
    for name in names:
        broker.join(name)
    worker.join()
    worker.stop()


def broker_with(*more: Any) -> StubBroker:
    broker = StubBroker(middleware=[ScaleInProtection(), *more])
    broker.emit_after("process_boot")
    return broker


def test_two_jobs_side_by_side_are_protected_once_and_given_back_once(agent: Agent) -> None:
    broker = broker_with()
    together = threading.Barrier(2, timeout=10)

    @dramatiq.actor(broker=broker)
    def job() -> None:
        together.wait()

    job.send()
    job.send()
    work(broker, "default")
    assert agent.asked == [("/api/task/task-protection/v1/state", ON), ("/api/task/task-protection/v1/state", OFF)]


def test_a_job_that_fails_gives_the_protection_back(agent: Agent) -> None:
    broker = broker_with()

    @dramatiq.actor(broker=broker)
    def job() -> None:
        raise ValueError

    job.send()
    work(broker, "default")
    assert [body for _, body in agent.asked] == [ON, OFF]


def test_a_message_that_is_skipped_gives_the_protection_back(agent: Agent) -> None:
    class Skips(dramatiq.Middleware):
        def before_process_message(self, broker: dramatiq.Broker, message: dramatiq.broker.MessageProxy) -> None:
            raise SkipMessage

    broker = broker_with(Skips())

    @dramatiq.actor(broker=broker)
    def job() -> None:
        raise AssertionError("a skipped message runs nothing")

    job.send()
    work(broker, "default")
    assert [body for _, body in agent.asked] == [ON, OFF]


def test_an_agent_that_refuses_costs_no_job(agent: Agent, caplog: pytest.LogCaptureFixture) -> None:
    agent.status = 500
    broker, done = broker_with(), threading.Event()

    @dramatiq.actor(broker=broker)
    def job() -> None:
        done.set()

    job.send()
    work(broker, "default")
    assert done.is_set()
    assert "scale-in protection could not be changed: HTTPError" in caplog.text


def test_away_from_ecs_nobody_is_asked(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ECS_AGENT_URI")
    broker, done = broker_with(), threading.Event()

    @dramatiq.actor(broker=broker)
    def job() -> None:
        done.set()

    job.send()
    work(broker, "default")
    assert done.is_set()
    assert agent.asked == []
