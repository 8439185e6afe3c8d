"""`manage.py glacier_inventory`: names archives in a vault of Glacier's own API that nobody owns. Once a day."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from annotations.models import Job
from archive.vaults import vault
from archive.vaults.base import VaultFault
from archive.vaults.glacier import GlacierVault
from archive.vaults.glacier_inventory import Inventory, Unowned, newest


class Command(BaseCommand):
    """Read the newest inventory, ask Glacier for the next, and remove what is named by its id, and nothing else."""

    help = "Name archives that Glacier's inventory lists and no row knows; run it once a day."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the ids to remove."""
        parser.add_argument(
            "--remove", nargs="+", default=[], metavar="ID", help="Archives to remove, of those that nobody owns."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Name them on stdout, one a line; remove those that were asked for."""
        place = vault()
        if not isinstance(place, GlacierVault):
            raise CommandError("VAULT_URL names no vault of Glacier's own API; only these have an inventory.")
        try:
            inventory = newest(place)
            if inventory is None:
                self.stdout.write("Glacier writes the inventory; it can be read in some hours. Run this again then.")
                return
            self._name(inventory)
            self._remove(place, inventory, options["remove"])
        except VaultFault as error:
            raise CommandError(str(error)) from error

    def _name(self, inventory: Inventory) -> None:
        for row in inventory.unowned:
            job = "a job that is here" if _is_here(row) else "no job of this site"
            self.stdout.write(f"{row.archive_id}  {row.size} bytes  {row.stored_at:%Y-%m-%d %H:%M}  of {job}")
        self.stdout.write(
            f"{inventory.archives} archives on {inventory.written_at:%Y-%m-%d %H:%M}, "
            f"{len(inventory.unowned)} that nobody owns. What was deleted since then is among these."
        )

    def _remove(self, place: GlacierVault, inventory: Inventory, wanted: list[str]) -> None:
        unowned = {row.archive_id for row in inventory.unowned}
        if owned := [archive_id for archive_id in wanted if archive_id not in unowned]:
            raise CommandError(f"{owned[0]} is not among those that nobody owns; nothing was removed.")
        for archive_id in wanted:
            place.service.delete(archive_id)
        if wanted:
            self.stdout.write(f"{len(wanted)} removed.")


def _is_here(row: Unowned) -> bool:
    try:
        return Job.objects.filter(pk=UUID(row.label), deleted_at=None).exists()
    except ValueError:
        return False
