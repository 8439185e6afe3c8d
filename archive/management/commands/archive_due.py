"""`manage.py archive_due`: moves every result that is due to cold storage now, without the queue."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from archive.models import Holding, HoldingState
from archive.reporting import followed
from archive.tending import tend


class Command(BaseCommand):
    """Archive what is due, as a worker would: claims keep the two out of each other's way."""

    help = "Move every result that is due to cold storage now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take --dry-run."""
        parser.add_argument("--dry-run", action="store_true", help="Say what would be done, and do nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Archive; exit code 1 when something could not be."""
        due = Holding.objects.filter(state=HoldingState.AVAILABLE, due_at__lte=timezone.now())
        under_way = Holding.objects.filter(state=HoldingState.ARCHIVING)
        keys = list(
            (due | under_way).filter(job__deleted_at=None).order_by("due_at", "pk").values_list("pk", flat=True)
        )
        if options["dry_run"]:
            self.stdout.write(f"{len(keys)} due; nothing was done.")
            return
        with followed(keys, "archived", self.stderr) as todo:
            for pk in todo:
                tend(pk)
        cold = Holding.objects.filter(pk__in=keys).exclude(state__in=[HoldingState.AVAILABLE, HoldingState.ARCHIVING])
        failed = Holding.objects.filter(pk__in=keys).exclude(last_error="").count()
        self.stdout.write(f"{cold.count()} of {len(keys)} archived.")
        if failed:
            raise CommandError(f"{failed} could not be archived; the admin says why, and each is tried again.")
