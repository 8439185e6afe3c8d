"""A machine that drives the archive against a small model: what the plan says, and that no copy is ever the last to go.

Messages are delivered in any order, doubled and lost; workers are killed at, or overtaken by something else between,
any two named steps; two sweeps run on the same findings; the vault fails, fills up and stores or returns wrong copies.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import pytest
from django.db import connection
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from pytest_django import Settings

from accounts.models import Notification, Plan, User
from annotations import deleting
from annotations.models import DeletionReceipt, Job
from annotations.sweep import finish_deletions
from archive import failpoints, retention, sweep
from archive.models import HOT, Holding, HoldingFile, RestoreRequest
from archive.requests import ask_back
from archive.tending import retrieval_completed
from archive.vaults import vault
from archive.vaults.base import VaultFault
from tests.archive.world import (
    MINUTE,
    SECOND,
    Message,
    World,
    change_plan,
    complete,
    good_cold,
    good_hot,
    make_world,
    run,
)
from tests.site.factories import make_user

NUMBERS = st.integers(0, 1_000)
FAULTS = st.sampled_from(["away", "bad store", "bad read", "no room", "forgotten", "healed"])
LENGTHS = st.sampled_from([SECOND, 3 * SECOND, 61 * SECOND, 5 * MINUTE, 16 * MINUTE])
INTERRUPTIONS = st.sampled_from(["", "kill", "kill", "lease", "lease", "upgrade", "downgrade", "delete", "another", "sweep", "staff"])
METHODS = st.sampled_from(["store", "checksum", "request", "standing", "read", "remove"])
# The rounds in which everything must come to rest once nothing goes wrong any more.
ROUNDS = 60


class Killed(BaseException):
    """The worker is gone: nothing after this line happens, no handler runs."""


class ArchiveMachine(RuleBasedStateMachine):
    """One example: some users and jobs, and everything that can happen to them."""

    settings: ClassVar[Settings]

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.directory = Path(tempfile.mkdtemp(prefix="gas-machine-"))
        self.world: World = make_world(self.patch, self.settings, self.directory)
        # Whether a disk keeps its word is tried elsewhere; here it only costs time.
        self.patch.setattr(os, "fsync", lambda handle: None)
        self.deleted: set[str] = set()

    @initialize(plans=st.lists(st.sampled_from([Plan.FREE, Plan.PREMIUM]), min_size=1, max_size=2))
    def people(self, plans: list[str]) -> None:
        empty_tables()
        self.users = [make_user(plan=plan) for plan in plans]

    # What people do ---------------------------------------------------------------------------------------

    @precondition(lambda self: Job.objects.count() < 4)
    @rule(number=NUMBERS)
    def complete_a_job(self, number: int) -> None:
        complete(self.users[number % len(self.users)])

    @rule(number=NUMBERS, slug=st.sampled_from([Plan.FREE, Plan.PREMIUM]))
    def change_a_plan(self, number: int, slug: str) -> None:
        change_plan(User.objects.get(pk=self.users[number % len(self.users)].pk), slug)

    @rule(number=NUMBERS)
    def delete_a_job(self, number: int) -> None:
        if jobs := list(Job.objects.filter(deleted_at=None).order_by("pk")):
            job = jobs[number % len(jobs)]
            self.deleted.add(str(job.pk))
            deleting.delete(job)

    @rule(number=NUMBERS, back=st.booleans())
    def staff_act(self, number: int, back: bool) -> None:
        if holdings := list(Holding.objects.filter(job__deleted_at=None).order_by("pk")):
            holding = holdings[number % len(holdings)]
            if back:
                ask_back(holding.owner, "staff", tier="standard", only=[holding.pk])
            else:
                retention.archive_now(holding)

    # What time and the queue do ---------------------------------------------------------------------------

    @rule(length=LENGTHS)
    def wait(self, length: timedelta) -> None:
        self.world.clock.advance(length)

    @precondition(lambda self: self.world.due())
    @rule(number=NUMBERS, step=NUMBERS, interruption=INTERRUPTIONS)
    def deliver_a_due_message(self, number: int, step: int, interruption: str) -> None:
        due = self.world.due()
        self.deliver(due[number % len(due)], step, interruption, number)

    @precondition(lambda self: self.world.messages)
    @rule(number=NUMBERS, step=NUMBERS, interruption=INTERRUPTIONS)
    def wait_for_the_next_message(self, number: int, step: int, interruption: str) -> None:
        message = min(self.world.messages, key=lambda message: message.at)
        self.world.clock.now = max(self.world.clock.now, message.at)
        self.deliver(message, step, interruption, number)

    @precondition(lambda self: self.world.messages)
    @rule(number=NUMBERS, double=st.booleans())
    def double_or_lose_a_message(self, number: int, double: bool) -> None:
        place = number % len(self.world.messages)
        if double:
            self.world.messages.append(self.world.messages[place])
        else:
            self.world.messages.pop(place)

    @rule(number=NUMBERS)
    def notify(self, number: int) -> None:
        if ids := list(HoldingFile.objects.exclude(archive_id="").order_by("pk").values_list("archive_id", flat=True)):
            retrieval_completed(ids[number % len(ids)])

    @rule()
    def sweep_twice_at_once(self) -> None:
        first, second = sweep.overlooked(), sweep.overlooked()
        sweep.wake(first)
        sweep.wake(second)
        sweep.finish_requests()
        finish_deletions()

    # What goes wrong --------------------------------------------------------------------------------------

    @rule(fault=FAULTS, method=METHODS)
    def something_goes_wrong(self, fault: str, method: str) -> None:
        match fault:
            case "away":
                self.world.faults.failing[method] = 2
            case "bad store":
                self.world.faults.rotten_stores = 1
            case "bad read":
                self.world.faults.rotten_reads = 1
            case "no room":
                self.world.faults.full_tiers = {"expedited"} if method < "remove" else {"expedited", "standard"}
            case "forgotten":
                shutil.rmtree(self.world.vault_directory / "retrievals", ignore_errors=True)
            case "healed":
                self.world.faults.heal()

    # What must hold ---------------------------------------------------------------------------------------

    @invariant()
    def no_copy_is_lost(self) -> None:
        for holding in Holding.objects.filter(job__deleted_at=None).prefetch_related("files"):
            for file in holding.files.all():
                hot, cold = good_hot(file), good_cold(file)
                assert hot or cold, f"both copies of {file} are lost"
                if holding.state in HOT:
                    assert hot, f"{holding} points at a missing file"
                else:
                    assert cold, f"{holding} points at a missing archive"

    def teardown(self) -> None:
        """Let nothing more go wrong, come to rest, and look whether everything is where the plan says."""
        try:
            if hasattr(self, "users"):
                self.come_to_rest()
                self.check_places()
        finally:
            shutil.rmtree(self.directory, ignore_errors=True)
            self.patch.undo()

    def come_to_rest(self) -> None:
        self.world.faults.heal()
        for _ in range(ROUNDS):
            self.world.clock.advance(2 * MINUTE)
            self.sweep_twice_at_once()
            self.world.work()
            self.no_copy_is_lost()
            rows = Holding.objects.exclude(wake_at=None)
            if not rows.exists() and not self.world.messages and not Job.objects.exclude(deleted_at=None).exists():
                self.world.clock.advance(2 * MINUTE)
                self.sweep_twice_at_once()
                return
            waits = [row.wake_at for row in rows if row.wake_at and row.wake_at > self.world.clock.now]
            if waits and len(waits) == len(rows):
                self.world.clock.now = max(self.world.clock.now, min(waits) - MINUTE)
        raise AssertionError(f"no rest: {list(rows.values())} {self.world.messages}")

    def check_places(self) -> None:
        hot_keys, cold_ids = set(), set()
        for holding in Holding.objects.select_related("owner__plan").prefetch_related("files"):
            stays = holding.owner.plan.retention is None
            assert holding.state == ("available" if stays else "archived")
            assert (holding.due_at, holding.untidy, holding.last_error) == (None, False, "")
            for file in holding.files.all():
                assert bool(file.archive_id) is not stays
                hot_keys |= {file.key} if stays else set()
                cold_ids |= set() if stays else {file.archive_id}
        files = self.world.files
        results = {str(path.relative_to(files)) for path in files.rglob("*") if path.is_file()}
        assert {name for name in results if name.startswith("results/") and not name.endswith(".log")} == hot_keys
        assert set(vault_ids(self.world)) == cold_ids, "strays in the vault"
        assert {str(pk) for pk in DeletionReceipt.objects.values_list("job", flat=True)} == self.deleted
        self.check_mails()

    def check_mails(self) -> None:
        requests = RestoreRequest.objects.all()
        assert not requests.filter(finished_at=None).exists()
        told = set(Notification.objects.filter(kind="results_restored").values_list("about", flat=True))
        assert told == {str(request.pk) for request in requests if request.restored}

    # How a worker is interrupted --------------------------------------------------------------------------

    def run_interrupted(self, message: Message, step: str, interrupt: Callable[[], None]) -> None:
        """Run an actor with a failpoint, at which the interruption happens in the place of the kill."""

        def kill(pid: int, number: int) -> None:
            assert (pid, number) == (os.getpid(), signal.SIGKILL)
            assert not connection.in_atomic_block, f"{step} lies inside a transaction"
            os.environ.pop(failpoints.VARIABLE, None)
            interrupt()

        failpoints._reached.clear()
        with self.patch.context() as patch:
            fake = SimpleNamespace(environ=os.environ, getpid=os.getpid, kill=kill)
            patch.setattr(failpoints, "os", fake)
            patch.setenv(failpoints.VARIABLE, step)
            try:
                self.act(message)
            except Killed:
                pass
            finally:
                os.environ.pop(failpoints.VARIABLE, None)

    def deliver(self, message: Message, step: int, interruption: str, number: int) -> None:
        """Run a message's actor, interrupted at one of the steps that it may come to."""
        self.world.messages.remove(message)
        steps = steps_of(message)
        self.run_interrupted(message, steps[step % len(steps)], lambda: self.interrupt(interruption, number))

    def act(self, message: Message) -> None:
        try:
            run(message)
        except VaultFault:
            assert message.actor == "purge_job", "a deed says so in the row instead"

    def interrupt(self, kind: str, number: int) -> None:
        user = User.objects.get(pk=self.users[number % len(self.users)].pk)
        match kind:
            case "kill":
                raise Killed
            case "lease":
                self.world.clock.advance(61 * SECOND)
                self.sweep_twice_at_once()
                for message in [message for message in self.world.due() if message.actor == "tend_holding"][:2]:
                    self.world.messages.remove(message)
                    self.act(message)
            case "upgrade" | "downgrade":
                change_plan(user, Plan.PREMIUM if kind == "upgrade" else Plan.FREE)
            case "delete":
                self.delete_a_job(number)
                for message in [message for message in self.world.due() if message.actor == "purge_job"]:
                    self.world.messages.remove(message)
                    self.act(message)
            case "another" if self.world.due():
                message = self.world.due()[number % len(self.world.due())]
                self.world.messages.remove(message)
                self.act(message)
            case "sweep":
                self.sweep_twice_at_once()
            case "staff":
                self.staff_act(number, bool(number % 2))


def steps_of(message: Message) -> list[str]:
    """Return the steps that an actor may come to, given the row's state."""
    if message.actor == "purge_job":
        return ["delete.removed"]
    holding = Holding.objects.filter(pk=int(message.arguments[0])).first() if message.actor == "tend_holding" else None
    if holding is None:
        return ["claim.taken"]
    restoring = holding.state == "restoring" or (holding.state == "available" and holding.untidy)
    deed = "restore." if restoring else "archive."
    return ["claim.taken", "settle.released", *sorted(step for step in failpoints.STEPS if step.startswith(deed))]


def vault_ids(world: World) -> list[str]:
    labels = [path.name for path in (world.vault_directory / "archives").glob("*/*") if path.is_dir()]
    return [archive_id for label in labels for archive_id in vault().labelled(label)]


def empty_tables() -> None:
    for model in (Holding, RestoreRequest, Job, DeletionReceipt, Notification, User):
        model._default_manager.all().delete()
