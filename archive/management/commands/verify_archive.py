"""`manage.py verify_archive`: reads archives again and compares them with what the jobs made."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from archive.models import HOT, Holding
from archive.reporting import followed
from archive.verifying import verify


def positive(word: str) -> int:
    """Return a whole number above zero. Raises ArgumentTypeError."""
    if not word.isdigit() or int(word) == 0:
        raise ArgumentTypeError("a whole number, 1 or more")
    return int(word)


class Command(BaseCommand):
    """Verify cold copies: all, or a sample of those that were not read for longest."""

    help = "Read archives again and compare size and SHA-256 with what the jobs made."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take --sample and --dry-run."""
        parser.add_argument("--sample", type=positive, metavar="N", help="Only N, those not verified for longest.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would be read, and read nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify; name the bad ones on stdout, and exit with 1 when there is one."""
        cold = Holding.objects.exclude(state__in=HOT).order_by("verified_at", "pk")
        holdings = list(cold[: options["sample"]] if options["sample"] else cold)
        if options["dry_run"]:
            self.stdout.write(f"{len(holdings)} to verify; nothing was read.")
            return
        bad = 0
        with followed(holdings, "verified", self.stderr) as todo:
            for holding in todo:
                if problem := verify(holding):
                    bad += 1
                    self.stdout.write(f"job {holding.job_id}: {problem}")
        self.stdout.write(f"{len(holdings)} verified, {bad} bad.")
        if bad:
            raise CommandError("A bad copy is in the admin under its holding's error; nothing was deleted or moved.")
