"""Archives that only Glacier's inventory knows: they are named once a day, and nothing goes that was not asked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from archive.models import GlacierArchive
from archive.vaults import glacier as glacier_module
from archive.vaults import vault
from archive.vaults.base import VaultFault
from archive.vaults.glacier import GlacierVault
from gas_site import aws
from tests.archive.world import SECOND, World, complete, free_user
from tests.cloud.buckets import REGION
from tests.cloud.proxy import proxy_before
from tests.cloud.vaults import TIMES, make_places, tell_time

pytestmark = pytest.mark.django_db
LABEL = "7f3a21c8-0000-4000-8000-000000000001"
MIB = 1024 * 1024


@pytest.fixture
def cold(world: World, settings: Settings, amazon: str) -> Iterator[GlacierVault]:
    """Let VAULT_URL name a vault of Glacier's own API."""
    options = {"region": REGION, "vault": "cold", "delays": TIMES}
    settings.VAULT = {"BACKEND": "archive.vaults.glacier.GlacierVault", "OPTIONS": options}
    place = vault()
    assert isinstance(place, GlacierVault)
    make_places(place)
    yield place
    vault.cache_clear()


def run(*arguments: str) -> list[str]:
    out = StringIO()
    call_command("glacier_inventory", *arguments, stdout=out)
    return out.getvalue().splitlines()


def lose_the_last_answer(place: GlacierVault, label: str, amazon: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Store in parts, and let every answer to the last call of the upload be lost."""
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    monkeypatch.setattr(glacier_module, "PART_BYTES", MIB)
    plain, left = place.service.client, [1]
    with proxy_before(amazon) as proxy, monkeypatch.context() as led:
        led.setenv("AWS_ENDPOINT_URL", proxy.address)
        place.service.client = aws.glacier(REGION)
        tell_time(place.service.client)
        proxy.plan = lambda method, path: (
            "lost" if method == "POST" and "multipart-uploads/" in path and left and left.pop() else ""
        )
        with pytest.raises(VaultFault):
            place.store(label, iter([b"x" * (MIB + 1)]))
    place.service.client = plain


def test_an_archive_whose_last_answer_was_lost_is_named_and_goes_when_that_is_asked_for(
    cold: GlacierVault, world: World, amazon: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    holding = complete(free_user())
    kept = cold.store(holding.label, iter([b"x"])).archive_id
    lose_the_last_answer(cold, holding.label, amazon, monkeypatch)
    lose_the_last_answer(cold, LABEL, amazon, monkeypatch)
    stored = f"{MIB + 1} bytes  {world.clock.now:%Y-%m-%d %H:%M}"
    assert run() == ["Glacier writes the inventory; it can be read in some hours. Run this again then."]
    world.clock.advance(5 * SECOND)
    *named, total = run()
    assert [line.partition("  ")[2].split("  of ") for line in named] == [
        [stored, "a job that is here"],
        [stored, "no job of this site"],
    ]
    assert total.startswith("3 archives on ")
    assert ", 2 that nobody owns." in total
    ids = [line.partition("  ")[0] for line in named]
    with pytest.raises(CommandError, match="not among those that nobody owns; nothing was removed"):
        run("--remove", ids[0], kept)
    assert run("--remove", ids[0])[-1] == "1 removed."
    place = {"accountId": "-", "vaultName": "cold"}
    assert cold.service.client.describe_vault(**place)["NumberOfArchives"] == 2
    assert GlacierArchive.objects.get().archive_id == kept


def test_a_new_inventory_is_asked_for_once_the_last_is_half_a_day_old(cold: GlacierVault, world: World) -> None:
    def jobs() -> int:
        return len(list(cold.service.inventory_jobs()))

    run()
    run()
    assert jobs() == 1, "it is on its way"
    world.clock.advance(timedelta(hours=11))
    assert run()[-1].startswith("0 archives on ")
    assert jobs() == 1
    world.clock.advance(timedelta(hours=2))
    run()
    run()
    assert jobs() == 2


@pytest.mark.parametrize(
    "asked",
    [
        {"Format": "CSV"},
        {"InventoryRetrievalParameters": {"Limit": "1"}},
        {"InventoryRetrievalParameters": {"StartDate": "2026-01-01T00:00:00Z"}},
        {"InventoryRetrievalParameters": {"EndDate": "2026-01-01T00:00:00Z"}},
    ],
)
def test_an_inventory_that_somebody_else_asked_for_is_not_taken_for_ours(
    cold: GlacierVault, world: World, asked: dict[str, Any]
) -> None:
    def ask() -> None:
        wanted: Any = {"Type": "inventory-retrieval", **asked}
        cold.service.client.initiate_job(accountId="-", vaultName="cold", jobParameters=wanted)

    for _ in range(2):
        cold.store(LABEL, iter([b"x"]))
    ask()
    world.clock.advance(5 * SECOND)
    assert run() == ["Glacier writes the inventory; it can be read in some hours. Run this again then."]
    world.clock.advance(SECOND)
    ask()
    world.clock.advance(5 * SECOND)
    assert run()[-1].startswith("2 archives on ")


def test_what_a_holding_refers_to_cannot_be_removed_though_the_vault_has_lost_its_row(
    cold: GlacierVault, world: World
) -> None:
    holding = complete(free_user())
    kept = cold.store(holding.label, iter([b"x"])).archive_id
    holding.files.filter(kind="vcf").update(archive_id=kept)
    GlacierArchive.objects.all().delete()
    run()
    world.clock.advance(5 * SECOND)
    assert ", 0 that nobody owns." in run()[-1]
    with pytest.raises(CommandError, match="nothing was removed"):
        run("--remove", kept)


def test_other_vaults_have_no_inventory(world: World) -> None:
    with pytest.raises(CommandError, match="only these have an inventory"):
        run()
