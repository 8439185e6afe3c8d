"""One upgrade brings 500 results back, in bounded memory, without looking at anybody else's."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Notification, Plan, User
from annotations.models import Job
from archive.models import Holding, HoldingFile, HoldingState, RestoreRequest
from archive.requests import restore_progress
from archive.sweep import sweep
from archive.tending import tend
from archive.vaults import vault
from archive.vaults.disk_files import PIECE
from tests.archive.world import MINUTE, SECOND, World, change_plan, complete, free_user, fresh, good_hot, state
from tests.site.factories import make_jobs

pytestmark = pytest.mark.django_db

CONTENT = b"MT\t11778\t.\tG\tA\n"


def make_holdings(user: User, count: int, state: HoldingState) -> list[Holding]:
    """Make rows alone: as many other users' holdings as a service has, or the base for archived ones."""
    jobs = make_jobs(user, count)
    return Holding.objects.bulk_create(Holding(job=job, owner=user, state=state) for job in jobs)


def archived(user: User, count: int) -> list[Holding]:
    """Make archived holdings of one file each, whose archives are in the vault."""
    holdings = make_holdings(user, count, HoldingState.ARCHIVED)
    place = vault()
    Holding.objects.filter(owner=user).update(vault=place.name)
    files = []
    for holding in holdings:
        stored = place.store(holding.label, iter([CONTENT]))
        key = f"results/{holding.job_id}/1/result.annot.vcf.gz"
        content = {"size": stored.content.size, "sha256": stored.content.sha256}
        files.append(HoldingFile(holding=holding, kind="vcf", key=key, archive_id=stored.archive_id, **content))
    HoldingFile.objects.bulk_create(files)
    return holdings


def test_500_results_are_restored_after_one_upgrade(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda handle: None)
    user = free_user()
    holdings = archived(user, 500)
    stranger = archived(free_user(), 1)[0]
    change_plan(user, Plan.PREMIUM)
    assert Holding.objects.filter(owner=user, state=HoldingState.RESTORING).count() == 500
    assert len([message for message in world.messages if message.actor == "tend_holding"]) == 500
    world.later(SECOND)
    progress = restore_progress(user)
    assert progress is not None
    assert (progress.done, progress.total) == (0, 500)
    world.later(SECOND)
    assert Holding.objects.filter(owner=user, state=HoldingState.AVAILABLE, untidy=False).count() == 500
    assert all(good_hot(holding.files.get()) for holding in holdings)
    assert world.whole_archives() == 1
    assert state(stranger) == HoldingState.ARCHIVED
    request = RestoreRequest.objects.get()
    assert (request.total, request.restored) == (500, 500)
    assert Notification.objects.filter(kind="results_restored").count() == 1


def queries(deed: Callable[[], Any]) -> list[str]:
    """Return the statements that a deed sends, without the savepoints."""
    with CaptureQueriesContext(connection) as captured:
        deed()
    return [query["sql"] for query in captured if "SAVEPOINT" not in query["sql"]]


def whole_way(world: World, user: User) -> list[int]:
    """Return the number of statements of each step of one user's upgrade and of a sweep."""
    [holding] = archived(user, 1)
    counts = [len(queries(lambda: change_plan(user, Plan.PREMIUM)))]
    counts.append(len(queries(lambda: tend(holding.pk))))
    world.clock.advance(2 * SECOND)
    counts.append(len(queries(lambda: tend(holding.pk))))
    assert state(holding) == HoldingState.AVAILABLE
    counts.append(len(queries(lambda: change_plan(user, Plan.FREE))))
    world.clock.advance(5 * MINUTE)
    counts.append(len(queries(lambda: tend(holding.pk))))
    assert state(holding) == HoldingState.ARCHIVED
    counts.append(len(queries(sweep)))
    return counts


def test_no_step_takes_more_statements_where_others_have_more_results(world: World) -> None:
    make_holdings(free_user(), 10, HoldingState.ARCHIVED)
    few = whole_way(world, free_user())
    make_holdings(free_user(), 9_990, HoldingState.ARCHIVED)
    assert Holding.objects.count() == 10_001
    assert whole_way(world, free_user()) == few


def test_no_statement_reads_through_other_users_holdings(world: World) -> None:
    """SQLite tells how it would run each statement: none may scan a table of holdings or jobs."""
    user = free_user()
    [holding] = archived(user, 1)
    make_holdings(free_user(), 500, HoldingState.ARCHIVED)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    statements = queries(lambda: change_plan(user, Plan.PREMIUM)) + queries(lambda: tend(holding.pk))
    world.clock.advance(2 * SECOND)
    statements += queries(lambda: tend(holding.pk)) + queries(sweep)
    scans = [sql for sql in statements for plan in plans_of(sql) if scans_a_table(plan)]
    assert scans == []


def plans_of(sql: str) -> Iterator[str]:
    if not sql.startswith(("SELECT", "UPDATE", "DELETE")):
        return
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        yield from (row[3] for row in cursor.fetchall())


def scans_a_table(plan: str) -> bool:
    tables = ("archive_holding", "archive_holdingfile", "annotations_job")
    words = plan.split()
    return words[0] == "SCAN" and words[1] in tables and "INDEX" not in words


def test_the_vault_is_asked_for_one_job_at_a_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    user = free_user()
    mine = archived(user, 2)
    archived(free_user(), 20)
    asked: list[str] = []
    place = vault()
    real = place.labelled

    def labelled(label: str) -> list[str]:
        asked.append(label)
        return real(label)

    monkeypatch.setattr(place, "labelled", labelled)
    change_plan(user, Plan.PREMIUM)
    world.later(2 * SECOND)
    assert sorted(asked) == sorted(holding.label for holding in mine)


def test_a_large_file_is_never_in_memory(world: World, tmp_path: Path) -> None:
    """48 MB go to the vault and back within a few pieces of memory."""
    holding = complete(free_user(), lambda kind: b"x" * (48 * PIECE) if kind == "vcf" else b"small")
    tracemalloc.start()
    try:
        world.later(5 * MINUTE)
        assert state(holding) == HoldingState.ARCHIVED
        change_plan(holding.owner, Plan.PREMIUM)
        world.later(2 * SECOND)
        assert fresh(holding).state == HoldingState.AVAILABLE
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * PIECE


def test_a_sweep_reads_what_is_late_and_nothing_else(world: World) -> None:
    make_holdings(free_user(), 2_000, HoldingState.ARCHIVED)
    complete(free_user())
    world.lose_messages()
    world.clock.advance(timedelta(minutes=6))
    statements = queries(sweep)
    assert len(statements) == 5, (
        "what is late, one stamp, the open requests, what has gone and what is back since yesterday"
    )
    assert Job.objects.count() == 2_001
