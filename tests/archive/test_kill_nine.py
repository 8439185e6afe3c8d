"""A worker killed with -9 at any named step: the next one brings the holding where it belongs, nothing lost or doubled.

The worker is a child process with a database connection of its own; it dies by its own failpoint.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest
from django.db import connections

from accounts.models import Notification, Plan
from annotations import deleting
from annotations.actors import purge_job
from annotations.models import DeletionReceipt, Job
from archive import failpoints
from archive.models import Holding, HoldingState
from archive.tending import tend
from tests.archive.world import (
    MINUTE,
    SECOND,
    World,
    change_plan,
    complete,
    events,
    free_user,
    fresh,
    good_cold,
    good_hot,
    job_of,
    state,
)

pytestmark = pytest.mark.django_db(transaction=True)

# Reached once by each of the three files of a result; a worker may die at the first or between two.
PER_FILE = {"stored", "noted", "verified", "removed", "requested", "thawed"}


def times(steps: list[str]) -> list[str]:
    """Return each step, and those that come once a file also for the second file."""
    return steps + [f"{step}:2" for step in steps if step.partition(".")[2] in PER_FILE]


def steps_of(deed: str) -> list[str]:
    return times(sorted(step for step in failpoints.STEPS if step.startswith(deed)))


WHILE_ARCHIVING = [*steps_of("archive."), "claim.taken", "settle.released"]
WHILE_RESTORING = [*steps_of("restore."), "claim.taken", "settle.released"]
WHILE_DELETING = steps_of("delete.")


def killed_at(step: str, deed: Callable[[], object]) -> None:
    """Run a deed in a child process that is to die at a step; see that it did, by SIGKILL."""
    connections.close_all()  # SQLite must not be carried across a fork
    pid = os.fork()
    if pid == 0:
        os.environ[failpoints.VARIABLE] = step
        failpoints._reached.clear()
        try:
            deed()
        finally:
            os._exit(0)  # it was to die before this
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status), f"the worker never reached {step}"
    assert os.WTERMSIG(status) == signal.SIGKILL


def recover(world: World, length: int = 10) -> None:
    """Let the dead worker's lease run out, with no message left, and let the sweep find what is to be done."""
    world.lose_messages()
    for _ in range(length):
        world.clock.advance(MINUTE)
        world.sweep()
        world.work()


def check_archived(world: World, holding: Holding) -> None:
    row = fresh(holding)
    assert (row.state, row.untidy, row.lease_expires_at, row.last_error) == ("archived", False, None, "")
    assert events(holding) == ["archiving", "archived"]
    assert all(good_cold(file) for file in holding.files.all())
    assert world.stored() == ["log"]
    assert (world.whole_archives(), len(world.archives())) == (3, 6), "nothing twice"


def check_restored(world: World, holding: Holding) -> None:
    row = fresh(holding)
    assert (row.state, row.untidy, row.due_at, row.last_error) == ("available", False, None, "")
    assert events(holding) == ["archiving", "archived", "restoring", "available"]
    assert all(good_hot(file) for file in holding.files.all())
    assert list(world.files.rglob(".*")) == [], "nothing half done"
    assert world.archives() == []
    assert Notification.objects.filter(kind="results_restored").count() == 1


@pytest.mark.parametrize("step", WHILE_ARCHIVING)
def test_a_worker_killed_while_archiving(world: World, step: str) -> None:
    holding = complete(free_user())
    world.clock.advance(5 * MINUTE)
    killed_at(step, lambda: tend(holding.pk))
    for file in holding.files.all():
        assert good_hot(file) or good_cold(file)
    recover(world)
    check_archived(world, holding)


@pytest.mark.parametrize("step", WHILE_RESTORING)
def test_a_worker_killed_while_restoring(world: World, step: str) -> None:
    holding = complete(free_user())
    world.later(5 * MINUTE)
    change_plan(holding.owner, Plan.PREMIUM)
    if step.partition(":")[0] not in {"restore.requested", "restore.noted"}:
        world.work()
        world.clock.advance(2 * SECOND)
    killed_at(step, lambda: tend(holding.pk))
    for file in holding.files.all():
        assert good_hot(file) if state(holding) == HoldingState.AVAILABLE else good_cold(file)
    recover(world)
    check_restored(world, holding)


@pytest.mark.parametrize("step", WHILE_DELETING)
def test_a_worker_killed_while_deleting(world: World, step: str) -> None:
    holding = complete(free_user())
    world.later(5 * MINUTE)
    job = job_of(holding)
    deleting.delete(job)
    killed_at(step, lambda: purge_job.fn(str(job.pk)))
    assert Job.objects.count() == 1
    purge_job.fn(str(job.pk))
    assert world.archives() == []
    assert not Job.objects.exists()
    assert DeletionReceipt.objects.get().details["archives"] == 3


def test_a_worker_killed_again_and_again_still_ends_up_there(world: World) -> None:
    holding = complete(free_user())
    world.clock.advance(5 * MINUTE)
    for step in ("archive.stored", "archive.stored", "archive.noted:2", "archive.published", "archive.removed"):
        killed_at(step, lambda: tend(holding.pk))
        world.clock.advance(61 * SECOND)
    recover(world)
    check_archived(world, holding)


def test_there_is_a_kill_for_every_step() -> None:
    tried = {step.partition(":")[0] for step in (*WHILE_ARCHIVING, *WHILE_RESTORING, *WHILE_DELETING)}
    assert tried == failpoints.STEPS
