"""Deleting a job or an account, in every state, leaves nothing but a receipt."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from accounts import closing
from accounts.export import export
from accounts.models import Plan, User
from annotations import deleting, moves
from annotations.models import DeletionReceipt, Job, JobStatus
from annotations.sweep import finish_deletions, look_again_at_deletions
from archive import copies, restoring
from archive.models import Holding, HoldingState, RestoreRequest
from archive.tending import tend
from archive.vaults import vault
from gas_site import local_copy
from tests.archive.faults import FaultyVault, ReadVault
from tests.archive.world import MINUTE, SECOND, World, change_plan, complete, free_user, job_of, state
from tests.site.factories import make_job

pytestmark = pytest.mark.django_db

Way = Callable[[World, Holding], None]


def stay(world: World, holding: Holding) -> None:
    """Leave it available."""


def stop_while_archiving(world: World, holding: Holding) -> None:
    world.clock.advance(5 * MINUTE)
    world.faults.failing["checksum"] = 1
    world.work()
    assert state(holding) == HoldingState.ARCHIVING


def archive(world: World, holding: Holding) -> None:
    world.later(5 * MINUTE)
    assert state(holding) == HoldingState.ARCHIVED


def restore_half(world: World, holding: Holding) -> None:
    archive(world, holding)
    change_plan(holding.owner, Plan.PREMIUM)
    world.work()
    assert state(holding) == HoldingState.RESTORING


def restore_untidy(world: World, holding: Holding) -> None:
    restore_half(world, holding)
    world.faults.failing["remove"] = 1
    world.clock.advance(2 * SECOND)
    world.work()
    assert Holding.objects.get().untidy


WAYS: dict[str, tuple[Way, dict[str, int]]] = {
    "available": (stay, {"archives": 0, "retrievals": 0}),
    "archiving": (stop_while_archiving, {"archives": 1, "retrievals": 0}),
    "archived": (archive, {"archives": 3, "retrievals": 0}),
    "restoring": (restore_half, {"archives": 3, "retrievals": 3}),
    "restored, untidy": (restore_untidy, {"archives": 3, "retrievals": 3}),
}


def everything(directory: Path) -> list[str]:
    return [str(path) for path in directory.rglob("*") if path.is_file()]


@pytest.mark.parametrize("name", WAYS)
def test_a_deleted_job_leaves_nothing_and_a_receipt(world: World, name: str) -> None:
    way, counts = WAYS[name]
    holding = complete(free_user())
    job = job_of(holding)
    sizes = [job.input_size, *job.files.values_list("size", flat=True)]
    way(world, holding)
    deleting.delete(job)
    asked = world.clock.now
    world.later(10 * MINUTE)
    assert everything(world.files) + everything(world.vault_directory) == []
    assert (Job.objects.count(), Holding.objects.count()) == (0, 0)
    [receipt] = DeletionReceipt.objects.all()
    assert (receipt.job, receipt.owner, receipt.asked_at) == (job.pk, job.user_id, asked)
    assert (receipt.files, receipt.bytes) == (5, sum(sizes))
    assert {key: receipt.details[key] for key in counts} == counts
    if counts["archives"] == 3:
        assert receipt.details["archive_bytes"] == sum(sizes[1:4])


@pytest.mark.parametrize("step", ["stored", "noted", "verified", "published", "removed"])
def test_a_job_deleted_while_a_worker_archives_it_leaves_nothing(world: World, step: str) -> None:
    holding = complete(free_user())
    world.clock.advance(5 * MINUTE)

    def delete(reached: str) -> None:
        if reached == f"archive.{step}" and Job.objects.filter(deleted_at=None).exists():
            deleting.delete(job_of(holding))
            world.deliver(next(message for message in world.messages if message.actor == "purge_job"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("archive.archiving.reach", delete)
        world.work()
    assert everything(world.files) + everything(world.vault_directory) == []
    assert DeletionReceipt.objects.count() == 1


@pytest.mark.parametrize("way", ["copied", "read"])
def test_a_job_deleted_while_a_worker_thaws_it_leaves_nothing(world: World, way: str) -> None:
    holding = complete(free_user())
    restore_half(world, holding)
    world.clock.advance(2 * SECOND)
    read, copied = copies.checked, local_copy.copy

    def delete() -> None:
        """Past the last look, before the rename."""
        if Job.objects.filter(deleted_at=None).exists():
            deleting.delete(job_of(holding))
            world.deliver(next(message for message in world.messages if message.actor == "purge_job"))

    def checked_and_deleted(*arguments: Any) -> object:
        yield from read(*arguments)
        delete()

    def copied_and_deleted(*arguments: Any) -> int:
        size = copied(*arguments)
        delete()
        return size

    with pytest.MonkeyPatch.context() as patch:
        if way == "read":
            patch.setattr(FaultyVault, "thaw_into", ReadVault.thaw_into)
            patch.setattr(restoring, "checked", checked_and_deleted)
        else:
            patch.setattr(local_copy, "copy", copied_and_deleted)
        tend(holding.pk)
    assert not Job.objects.filter(deleted_at=None).exists()
    assert everything(world.files) + everything(world.vault_directory) == []


def test_a_vault_that_is_away_keeps_the_row_until_the_archives_are_gone(world: World) -> None:
    holding = complete(free_user())
    archive(world, holding)
    world.faults.failing["remove"] = 1
    deleting.delete(job_of(holding))
    with pytest.raises(Exception, match="away"):
        world.work()
    assert Holding.objects.count() == 1
    assert not DeletionReceipt.objects.exists()
    world.clock.advance(3 * MINUTE)
    finish_deletions()
    world.work()
    assert everything(world.vault_directory) == []
    assert DeletionReceipt.objects.get().details["archives"] == 3


def test_a_deleted_job_is_not_archived_any_more(world: World) -> None:
    holding = complete(free_user())
    world.clock.advance(5 * MINUTE)
    deleting.delete(job_of(holding))
    tend(holding.pk)
    assert state(holding) == HoldingState.AVAILABLE
    assert world.archives() == []


def test_a_restore_whose_last_job_was_deleted_is_finished_by_the_sweep(world: World) -> None:
    user = free_user()
    kept, gone = complete(user), complete(user)
    world.later(5 * MINUTE)
    change_plan(user, Plan.PREMIUM)
    world.messages = [message for message in world.messages if message.arguments != (str(gone.pk),)]
    world.later(2 * SECOND)
    assert state(kept) == HoldingState.AVAILABLE
    deleting.delete(job_of(gone))
    world.work()
    assert RestoreRequest.objects.get().finished_at is None
    world.clock.advance(2 * MINUTE)
    world.sweep()
    request = RestoreRequest.objects.get()
    assert (request.total, request.restored, request.finished_at) == (2, 1, world.clock.now)
    assert user.notifications.get(kind="results_restored").context["count"] == 1


def test_a_closed_account_leaves_nothing_but_receipts(world: World) -> None:
    user, other = free_user(), complete(free_user())
    for way in (stay, archive):
        way(world, complete(user))
    restored = complete(user)
    restore_half(world, restored)
    assert closing.close(user) == closing.close(user), "once"
    assert User.objects.filter(pk=user.pk, is_active=False).exists()
    world.work()
    assert not User.objects.filter(pk=user.pk).exists()
    assert DeletionReceipt.objects.filter(owner=user.pk).count() == 3
    assert list(Holding.objects.values_list("pk", flat=True)) == [other.pk]
    assert {path.split("/results/")[-1].split("/uploads/")[-1][:36] for path in everything(world.files)} == {
        str(other.job_id)
    }


def test_an_account_with_archived_results_and_a_running_job_is_exported_and_closed(world: World) -> None:
    user = free_user()
    cold = complete(user)
    archive(world, cold)
    hot, running = complete(user), make_job(user, JobStatus.RUNNING, attempt=1)
    deleting.delete(make_job(user))
    world.work()

    exported = zipfile.ZipFile(io.BytesIO(b"".join(export(user))))
    assert exported.testzip() is None
    names = exported.namelist()
    for job, ready in ((job_of(cold), False), (job_of(hot), True)):
        folder = f"jobs/{job.created_at:%Y-%m-%d}-{job.short_id}"
        assert f"{folder}/job.json" in names
        assert (f"{folder}/result.annot.vcf.gz" in names) == ready
        assert f"{folder}/result.log" in names
    assert any(name.endswith(f"{running.short_id}/job.json") for name in names)
    stored = json.loads(exported.read("storage.json"))
    assert [(row["job"], row["state"], [move["state"] for move in row["moves"]]) for row in stored] == [
        (str(cold.job_id), "archived", ["archiving", "archived"]),
        (str(hot.job_id), "available", []),
    ]
    assert len(json.loads(exported.read("deleted-jobs.json"))) == 1

    closing.close(user)
    world.work()
    assert not User.objects.filter(pk=user.pk).exists()
    assert not moves.renew(running, stage="annotate", fraction=0.5, records=10), "its worker stops"
    assert DeletionReceipt.objects.filter(owner=user.pk).count() == 4
    assert (everything(world.files), world.archives()) == ([], [])


def test_what_is_stored_while_the_job_is_removed_and_the_vault_goes_away_is_found_an_hour_later(world: World) -> None:
    """Three misfortunes at once: deleted at this very step, the worker's own clearing up fails, and nobody retries."""
    holding = complete(free_user())
    world.clock.advance(5 * MINUTE)

    def delete(step: str) -> None:
        if step == "archive.stored":
            deleting.delete(job_of(holding))
            world.deliver(next(message for message in world.messages if message.actor == "purge_job"))
            vault().store(holding.label, iter([b"stored a moment later"]))
            world.faults.failing["remove"] = 1

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("archive.archiving.reach", delete)
        world.work()
    assert world.whole_archives() == 1
    for minutes, left in ((59, 1), (2, 0), (60, 0)):
        world.clock.advance(minutes * MINUTE)
        look_again_at_deletions()
        world.work()
        assert world.whole_archives() == left
    assert DeletionReceipt.objects.get().second_look_at == world.clock.now - 60 * MINUTE
