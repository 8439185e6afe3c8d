"""A small world for the archive's tests: a clock, a queue in which messages wait, a file store, a vault."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import dramatiq
import pytest
from django.db import connection, transaction
from django.utils import timezone
from dramatiq import Actor
from pytest_django import Settings

from accounts.models import Plan, User
from accounts.plans import set_plan
from annotations import moves
from annotations.models import Job, JobStatus, ResultFile
from archive.models import Holding, HoldingFile
from archive.sweep import sweep
from archive.vaults import vault
from archive.vaults.base import VaultFault
from gas_site.storage import file_store
from tests.archive.faults import Failing, Faults
from tests.site.factories import make_job, make_user

ENDINGS = {"vcf": ".annot.vcf.gz", "index": ".annot.vcf.gz.tbi", "table": ".variants.parquet", "log": ".log"}
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
_numbers = itertools.count(1)


class Clock:
    """The time of the code under test, which stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime.now(tz=timezone.get_default_timezone()).replace(microsecond=0)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, length: timedelta) -> None:
        self.now += length


@dataclass(frozen=True)
class Message:
    """One message in the queue, and when it may be delivered."""

    actor: str
    arguments: tuple[str, ...]
    at: datetime


@dataclass
class World:
    """What a test drives."""

    clock: Clock
    files: Path
    vault_directory: Path
    faults: Faults
    messages: list[Message] = field(default_factory=list)

    def due(self) -> list[Message]:
        """Return the messages that can be delivered now, oldest first."""
        return [message for message in self.messages if message.at <= self.clock.now]

    def deliver(self, message: Message) -> None:
        """Take a message out of the queue and run its actor here and now."""
        self.messages.remove(message)
        run(message)

    def work(self, limit: int = 2_000) -> None:
        """Deliver until nothing is due."""
        for _ in range(limit):
            due = self.due()
            if not due:
                return
            self.deliver(due[0])
        raise AssertionError("the queue does not come to rest")

    def later(self, length: timedelta) -> None:
        """Let time pass, delivering each message at its time."""
        end = self.clock.now + length
        self.work()
        while (following := min((message.at for message in self.messages), default=end)) < end:
            self.clock.now = max(self.clock.now, following)
            self.work()
        self.clock.now = end
        self.work()

    def lose_messages(self) -> None:
        self.messages.clear()

    def sweep(self) -> None:
        sweep()

    def stored(self) -> list[str]:
        """Return the kinds that the file store has, over all jobs, in a stable order."""
        names = [path.name for path in self.files.rglob("*") if path.is_file() and "results" in path.parts]
        return sorted(kind for name in names for kind, ending in ENDINGS.items() if name == f"result{ending}")

    def archives(self) -> list[str]:
        """Return what lies in the vault's archives, whole or not."""
        return sorted(path.name for path in (self.vault_directory / "archives").rglob("*") if path.is_file())

    def whole_archives(self) -> int:
        return sum(name.endswith(".json") for name in self.archives())


def run(message: Message) -> None:
    dramatiq.get_broker().get_actor(message.actor).fn(*message.arguments)


def make_world(monkeypatch: pytest.MonkeyPatch, settings: Settings, directory: Path) -> World:
    """Put clock, queue, store and vault in place."""
    clock = Clock()
    monkeypatch.setattr(timezone, "now", clock)
    Failing.faults = Faults()
    world = World(clock, directory / "files", directory / "vault", Failing.faults)
    store = {**settings.STORAGES["default"], "OPTIONS": {"location": str(world.files), "base_url": None}}
    settings.STORAGES = {**settings.STORAGES, "default": store}
    settings.VAULT = vault_setting(world.vault_directory)

    def collect(self: Actor[Any, Any], args: tuple[str, ...] = (), delay: int | None = None, **_: Any) -> None:
        at = clock.now + timedelta(milliseconds=delay or 0)
        world.messages.append(Message(self.actor_name, tuple(args), at))

    monkeypatch.setattr(Actor, "send_with_options", collect)
    if connection.in_atomic_block:
        # The test runs in a transaction that is never committed: the queue has a message once it is sent.
        monkeypatch.setattr(transaction, "on_commit", lambda send: send())
    return world


def vault_setting(directory: Path, **options: Any) -> dict[str, Any]:
    delays = {"expedited": 2 * SECOND, "standard": 5 * SECOND}
    return {
        "BACKEND": "tests.archive.faults.FaultyVault",
        "OPTIONS": {"location": str(directory), "delays": delays, **options},
    }


def free_user() -> User:
    return make_user(f"free{next(_numbers)}@example.org", plan=Plan.FREE)


def premium_user() -> User:
    return make_user(f"premium{next(_numbers)}@example.org", plan=Plan.PREMIUM)


def change_plan(user: User, slug: str) -> bool:
    return set_plan(user, Plan.objects.get(pk=slug), reason="test")


def complete(user: User, content: Callable[[str], bytes] | None = None) -> Holding:
    """Complete a job as a worker does, and return its holding."""
    job = make_job(user, JobStatus.RUNNING)
    rows = []
    for kind, ending in ENDINGS.items():
        data = content(kind) if content else f"{kind} of {job.pk}\n".encode() * 20
        key = f"{job.result_prefix}/result{ending}"
        file_store().receive(iter([data]), key)
        sha256 = hashlib.sha256(data).hexdigest()
        name = key.rsplit("/", maxsplit=1)[-1]
        rows.append(ResultFile(job=job, kind=kind, file_name=name, key=key, size=len(data), sha256=sha256))
    assert moves.complete(job, {"total": 1}, rows)
    return Holding.objects.get(job=job)


def fresh(holding: Holding) -> Holding:
    return Holding.objects.get(pk=holding.pk)


def state(holding: Holding) -> str:
    return fresh(holding).state


def events(holding: Holding) -> list[str]:
    return [event.state for event in holding.events.all()]


def good_hot(file: HoldingFile) -> bool:
    """Say whether the file store has the file, whole."""
    try:
        with file_store().read(file.key) as source:
            return hashlib.sha256(source.read()).hexdigest() == file.sha256
    except FileNotFoundError:
        return False


def good_cold(file: HoldingFile) -> bool:
    """Say whether the vault has the file under the id in its row, whole."""
    if not file.archive_id:
        return False
    place = vault()
    assert isinstance(place, Failing)
    try:
        return place.plainly(file.archive_id).sha256 == file.sha256
    except VaultFault:
        return False


def job_of(holding: Holding) -> Job:
    return Job.objects.get(pk=holding.job_id)


def readable(world: World) -> Holding:
    """Return a holding that is on its way back, and whose archives can be read now."""
    holding = complete(free_user())
    world.later(5 * MINUTE)
    change_plan(holding.owner, Plan.PREMIUM)
    world.work()
    world.clock.advance(2 * SECOND)
    return holding
