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
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import pytest
from django.db import connection
from django.db.models import QuerySet
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from pytest_django import Settings

from accounts.models import Plan, User
from annotations import deleting
from annotations.models import DeletionReceipt, Job
from annotations.sweep import finish_deletions, look_again_at_deletions
from archive import failpoints, retention, sweep
from archive.models import Holding, HoldingFile
from archive.requests import ask_back
from archive.tending import retrieval_completed
from archive.vaults.base import VaultFault
from tests.archive.machine_parts import (
    ACTS,
    ASKING,
    CHANCES,
    DELIVERIES,
    FAULTS,
    INTERRUPTIONS,
    LENGTHS,
    METHODS,
    NUMBERS,
    Killed,
    check_copies,
    check_intent,
    check_places,
    empty_tables,
    failpoints_of,
    holding_of,
    steps_of,
    vault_ids,
)
from tests.archive.world import (
    MINUTE,
    SECOND,
    Message,
    World,
    change_plan,
    complete,
    make_world,
    run,
)
from tests.site.factories import make_user

# The rounds in which everything must come to rest once nothing goes wrong any more.
ROUNDS = 60


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
        self.world.faults.tell = self.vault_tells
        self.deleted: set[str] = set()

    @initialize(jobs=st.lists(st.sampled_from([0, 0, 0, 1]), min_size=1, max_size=4))
    def people(self, jobs: list[int]) -> None:
        empty_tables()
        self.users = [make_user(plan=Plan.FREE), make_user(plan=Plan.PREMIUM)]
        for number in jobs:
            self.complete_a_job(number)

    # What the vault does ----------------------------------------------------------------------------------

    def vault_tells(self, archive_id: str, ready_at: datetime | None) -> None:
        """Let the notice of a retrieval's end wait in the queue; it is doubled, lost and late like any message."""
        self.world.messages.append(Message("retrieval_completed", (archive_id,), ready_at or self.world.clock.now))

    def forget_retrievals(self) -> None:
        shutil.rmtree(self.world.vault_directory / "retrievals", ignore_errors=True)

    def stored(self) -> list[str]:
        """Return the ids of everything in the vault, whole or not."""
        return vault_ids(self.world)

    # What people do ---------------------------------------------------------------------------------------

    @rule(act=ACTS, number=NUMBERS)
    def people_act(self, act: str, number: int) -> None:
        match act:
            case "complete" if Job.objects.count() < 6:
                self.complete_a_job(number)
            case "upgrade" | "downgrade":
                self.change_a_plan(act, number)
            case "delete":
                self.delete_a_job(number)
            case "staff":
                self.staff_act(number)

    def complete_a_job(self, number: int) -> None:
        complete(self.users[number % len(self.users)])

    def change_a_plan(self, act: str, number: int) -> None:
        user = User.objects.get(pk=self.users[number % len(self.users)].pk)
        change_plan(user, Plan.PREMIUM if act == "upgrade" else Plan.FREE)

    def delete_a_job(self, number: int) -> None:
        if holdings := list(self.holdings()):
            job = Job.objects.get(pk=holdings[number % len(holdings)].job_id)
            self.deleted.add(str(job.pk))
            deleting.delete(job)

    def staff_act(self, number: int) -> None:
        if holdings := list(self.holdings()):
            holding = holdings[number % len(holdings)]
            if number % 2:
                ask_back(holding.owner, "staff", tier="standard", only=[holding.pk])
            else:
                retention.archive_now(holding)

    def holdings(self) -> QuerySet[Holding]:
        return Holding.objects.filter(job__deleted_at=None).order_by("pk")

    # What time and the queue do ---------------------------------------------------------------------------

    @rule(deliveries=DELIVERIES)
    def deliver_messages(self, deliveries: list[tuple[int, int, str]]) -> None:
        """Deliver some of what is due, in any order; where nothing is, wait for the next message."""
        for number, step, interruption in deliveries:
            self.drop_mails()
            if not self.world.messages:
                return
            following = min(message.at for message in self.world.messages)
            self.world.clock.now = max(self.world.clock.now, following)
            due = self.world.due()
            self.deliver(due[number % len(due)], step, interruption, number)
            self.no_copy_is_lost()

    @rule(number=NUMBERS, deed=st.sampled_from(["archive.", "restore."]), step=NUMBERS, interruption=INTERRUPTIONS)
    def interrupt_a_deed(self, number: int, deed: str, step: int, interruption: str) -> None:
        """Lead a holding to where the deed is done, and interrupt it there: chance alone seldom comes so far."""
        if not (holdings := list(self.holdings())):
            return
        mine = holdings[number % len(holdings)]
        steps = failpoints_of(deed)
        wanted = steps[step % len(steps)]
        message = Message("tend_holding", (str(mine.pk),), self.world.clock.now)
        change_plan(mine.owner, Plan.FREE if deed == "archive." else Plan.PREMIUM)
        self.world.clock.now = max(self.world.clock.now, Holding.objects.get(pk=mine.pk).due_at or self.world.clock.now)
        if deed == "restore." and wanted not in ASKING:
            self.act(message)
            self.world.clock.advance(6 * SECOND)
        self.run_interrupted(message, wanted, lambda: self.interrupt(interruption, number, mine))

    @rule(chance=CHANCES, number=NUMBERS)
    def something_happens(self, chance: str, number: int) -> None:
        match chance:
            case "time passes":
                self.world.clock.advance(LENGTHS[number % len(LENGTHS)])
            case "double" if self.world.messages:
                self.world.messages.append(self.world.messages[number % len(self.world.messages)])
            case "lose" if self.world.messages:
                self.world.messages.pop(number % len(self.world.messages))
            case "sweeps":
                self.sweep_twice_at_once()
            case "notification":
                ids = HoldingFile.objects.exclude(archive_id="").order_by("pk").values_list("archive_id", flat=True)
                if ids:
                    retrieval_completed(ids[number % len(ids)])

    def drop_mails(self) -> None:
        self.world.messages = [message for message in self.world.messages if message.actor != "send_notification"]

    def sweep_twice_at_once(self) -> None:
        first, second = sweep.overlooked(), sweep.overlooked()
        sweep.wake(first)
        sweep.wake(second)
        sweep.finish_requests()
        finish_deletions()
        look_again_at_deletions()

    # What goes wrong --------------------------------------------------------------------------------------

    @rule(fault=FAULTS, method=METHODS)
    def something_goes_wrong(self, fault: str, method: str) -> None:
        if fault == "forgotten":
            self.forget_retrievals()
        else:
            self.world.faults.begin(fault, method)

    # What must hold ---------------------------------------------------------------------------------------

    @invariant()
    def no_copy_is_lost(self) -> None:
        for holding in self.holdings().select_related("owner__plan", "job").prefetch_related("files"):
            check_copies(holding)
            check_intent(holding)

    def teardown(self) -> None:
        """Let nothing more go wrong, come to rest, and look whether everything is where the plan says."""
        try:
            if hasattr(self, "users"):
                self.come_to_rest()
                check_places(self.world, self.deleted, self.stored())
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
            deleting = Job.objects.exclude(deleted_at=None).exists()
            deleting = deleting or DeletionReceipt.objects.filter(second_look_at=None).exists()
            if not rows.exists() and not self.world.messages and not deleting:
                self.world.clock.advance(2 * MINUTE)
                self.sweep_twice_at_once()
                return
            waits = [row.wake_at for row in rows if row.wake_at and row.wake_at > self.world.clock.now]
            if waits and len(waits) == len(rows):
                self.world.clock.now = max(self.world.clock.now, min(waits) - MINUTE)
        raise AssertionError(f"no rest: {list(rows.values())} {self.world.messages}")

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
        mine = holding_of(message)
        self.run_interrupted(message, steps[step % len(steps)], lambda: self.interrupt(interruption, number, mine))

    def act(self, message: Message) -> None:
        try:
            run(message)
        except VaultFault:
            assert message.actor in {"purge_job", "look_again_for_job"}, "a deed says so in the row instead"

    def act_on(self, actor: str, most: int = 9) -> None:
        for message in [message for message in self.world.due() if message.actor == actor][:most]:
            self.world.messages.remove(message)
            self.act(message)

    def interrupt(self, kind: str, number: int, mine: Holding | None) -> None:
        match kind:
            case "kill":
                raise Killed
            case "lease":
                self.world.clock.advance(61 * SECOND)
                self.sweep_twice_at_once()
                self.act_on("tend_holding", most=2)
            case "upgrade" | "downgrade" if mine:
                change_plan(mine.owner, Plan.PREMIUM if kind == "upgrade" else Plan.FREE)
            case "upgrade" | "downgrade":
                self.change_a_plan(kind, number)
            case "delete":
                self.delete_a_job(number)
                self.act_on("purge_job")
            case "another" if self.world.due():
                message = self.world.due()[number % len(self.world.due())]
                self.world.messages.remove(message)
                self.act(message)
            case "sweep":
                self.sweep_twice_at_once()
            case "staff":
                self.staff_act(number)
