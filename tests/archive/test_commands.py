"""The archive's commands: what they do, what they only say with --dry-run, and how they end."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from archive.models import HoldingState
from tests.archive.world import MINUTE, SECOND, World, complete, free_user, fresh, premium_user, state

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> tuple[str, str]:
    out, progress = StringIO(), StringIO()
    call_command(*arguments, stdout=out, stderr=progress)
    return out.getvalue(), progress.getvalue()


def test_archive_due_archives_what_is_due_without_the_queue(world: World) -> None:
    due = [complete(free_user()) for _ in range(2)]
    world.clock.advance(5 * MINUTE)
    later, premium = complete(free_user()), complete(premium_user())
    assert run("archive_due", "--dry-run") == ("2 due; nothing was done.\n", "")
    assert [state(holding) for holding in due] == [HoldingState.AVAILABLE] * 2
    assert run("archive_due") == ("2 of 2 archived.\n", "archived: 1 of 2\narchived: 2 of 2\n")
    assert [state(holding) for holding in due] == [HoldingState.ARCHIVED] * 2
    assert [state(holding) for holding in (later, premium)] == [HoldingState.AVAILABLE] * 2


def test_archive_due_fails_when_something_could_not_be_archived(world: World) -> None:
    complete(free_user())
    world.faults.failing["store"] = 1
    world.clock.advance(5 * MINUTE)
    with pytest.raises(CommandError, match="1 could not be archived; the admin says why"):
        run("archive_due")


def test_restore_user_asks_everything_of_one_user_back(world: World) -> None:
    user = free_user()
    holdings = [complete(user) for _ in range(2)]
    world.later(5 * MINUTE)
    assert run("restore_user", user.email, "--dry-run") == ("2 archived; nothing was done.\n", "")
    out, progress = run("restore_user", user.email.upper(), "--tier", "standard")
    assert out == "2 asked back, 0 of them back already; the workers bring the rest.\n"
    assert progress == "asked for: 1 of 2\nasked for: 2 of 2\n"
    assert [fresh(holding).tier for holding in holdings] == ["standard", "standard"]
    world.later(5 * SECOND)
    assert [state(holding) for holding in holdings] == [HoldingState.AVAILABLE] * 2
    assert run("restore_user", user.email)[0] == "Nothing of this user is archived.\n"


def test_restore_user_knows_its_users(world: World) -> None:
    with pytest.raises(CommandError, match="no user with this address"):
        run("restore_user", "nobody@example.org")


def test_verify_archive_reads_all_or_those_not_read_for_longest(world: World) -> None:
    first = complete(free_user())
    world.later(5 * MINUTE)
    second = complete(free_user())
    world.later(5 * MINUTE)
    complete(premium_user())
    assert run("verify_archive", "--dry-run")[0] == "2 to verify; nothing was read.\n"
    world.later(SECOND)
    assert run("verify_archive", "--sample", "1") == ("1 verified, 0 bad.\n", "verified: 1 of 1\n")
    assert fresh(first).verified_at == world.clock.now
    run("verify_archive", "--sample", "1")
    assert fresh(second).verified_at == world.clock.now


def test_verify_archive_names_the_bad_one_and_fails(world: World) -> None:
    holding = complete(free_user())
    world.later(5 * MINUTE)
    next((world.vault_directory / "archives").rglob("*.data")).write_bytes(b"rot")
    out = StringIO()
    with pytest.raises(CommandError, match="nothing was deleted or moved"):
        call_command("verify_archive", stdout=out, stderr=StringIO())
    first, last = out.getvalue().splitlines()
    assert first.startswith(f"job {holding.job_id}: the ")
    assert last == "1 verified, 1 bad."


@pytest.mark.parametrize("sample", ["0", "-1", "few"])
def test_a_sample_is_a_number_above_zero(world: World, sample: str) -> None:
    with pytest.raises(CommandError, match="a whole number, 1 or more"):
        run("verify_archive", f"--sample={sample}")
