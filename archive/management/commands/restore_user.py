"""`manage.py restore_user EMAIL`: asks every archived result of a user back."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from archive.models import Holding, HoldingState
from archive.reporting import followed
from archive.requests import ask_back
from archive.tending import tend


class Command(BaseCommand):
    """Ask results back and take the first step of each; the workers go on when the vault has them ready."""

    help = "Ask every archived result of a user back from cold storage."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the address, the tier and --dry-run."""
        parser.add_argument("email", help="The user's e-mail address.")
        parser.add_argument("--tier", choices=settings.RESTORE_TIERS, default="", help="Ask in this tier first.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would be done, and do nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask; exit code 1 when there is no such user."""
        user = User.objects.filter(email__iexact=options["email"]).first()
        if user is None:
            raise CommandError("There is no user with this address.")
        archived = Holding.objects.of(user).filter(state=HoldingState.ARCHIVED, job__deleted_at=None)
        if options["dry_run"]:
            self.stdout.write(f"{archived.count()} archived; nothing was done.")
            return
        request = ask_back(user, "staff: command", tier=options["tier"])
        if request is None:
            self.stdout.write("Nothing of this user is archived.")
            return
        keys = list(request.holdings.values_list("pk", flat=True))
        with followed(keys, "asked for", self.stderr) as todo:
            for pk in todo:
                tend(pk)
        back = Holding.objects.filter(pk__in=keys, state=HoldingState.AVAILABLE).count()
        self.stdout.write(f"{len(keys)} asked back, {back} of them back already; the workers bring the rest.")
