"""`manage.py join ROLE`: what a new machine of a fleet runs, and nothing else."""

from __future__ import annotations

import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from annotations.engine.reference import find_references
from annotations.example import prepare_example
from gas_site.supervisor import queue_answers, web_command, work_command

POLL_SECONDS = 1.0
QUEUES = {"annotate": ["annotate"], "work": ["default", "storage"]}
COMMANDS = {"sweep": "sweep", "listen": "listen_retrievals"}


class Command(BaseCommand):
    """Wait for the database and the queue, pull the references, make the web's example, become the role's process."""

    help = "Join the fleet as one of its roles: web, annotate, work, sweep, listen. The process becomes the role's own."
    requires_system_checks = []  # they load every page of the site; `prepare` runs them, once a version
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the role and how patient to be."""
        parser.add_argument("role", choices=["web", *QUEUES, *COMMANDS])
        parser.add_argument("--patience", type=int, default=600, help="Seconds to wait for database and queue.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Wait, then exec: signals reach the role's process itself."""
        deadline = time.monotonic() + options["patience"]
        _wait(
            database_is_ready, deadline, "The database is not at this version. Run manage.py prepare, once a version."
        )
        _wait(queue_answers, deadline, "The queue does not answer. Check QUEUE_URL.")
        pull_references()
        if options["role"] == "web" and not prepare_example():
            self.stderr.write("The bundled example could not be annotated: this machine's site does not show it.")
        connection.close()
        command = role_command(options["role"])
        os.execv(command[0], command)  # noqa: S606 (an argument list of ours)


def pull_references() -> None:
    """Fetch what REFERENCES names from the file store, unless it is installed here already."""
    here = {reference.name for reference in find_references(settings.REFERENCE_DIRS)}
    for name in settings.REFERENCES:
        if name not in here:
            call_command("references", "pull", name)


def role_command(role: str) -> list[str]:
    """Return the command of a role. In a container the web listens on every address of it: HOST says so."""
    if role == "web":
        return web_command(settings.HOST)
    if role in COMMANDS:
        return [sys.executable, str(settings.BASE_DIR / "manage.py"), COMMANDS[role]]
    threads = settings.ANNOTATE_THREADS if role == "annotate" else settings.WORK_THREADS
    return work_command(QUEUES[role], threads)


def database_is_ready() -> bool:
    """Say whether every migration of this code is applied. One that a newer version has added is no hindrance."""
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        connection.close()
        return False


def _wait(condition: Callable[[], bool], deadline: float, otherwise: str) -> None:
    while not condition():
        if time.monotonic() > deadline:
            raise CommandError(otherwise)
        time.sleep(POLL_SECONDS)
