"""`manage.py prepare`: brings the database, the queues and the static files to this version of the code."""

from __future__ import annotations

from typing import Any

import dramatiq
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from dramatiq.errors import BrokerError

from gas_site.queues import make_queues
from gas_site.static_files import collect_static_files


class Command(BaseCommand):
    """Migrate, make the cache table, make the queues, collect the static files. Safe to run again."""

    help = "Migrate, make the cache table and the queues, and collect the static files."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the steps in order."""
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        try:
            make_queues(dramatiq.get_broker())
        except BrokerError as error:
            raise CommandError(str(error)) from error
        collect_static_files()
