"""`manage.py join ROLE`: what a new machine of a fleet runs, and nothing else."""

from __future__ import annotations

import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from gas_site.supervisor import queue_answers, web_command, work_command

POLL_SECONDS = 1.0
QUEUES = {"annotate": ["annotate"], "work": ["default", "storage"]}


class Command(BaseCommand):
    """Wait until the database is at this version and the queue answers, then become the role's process."""

    help = "Join the fleet as one of its roles: web, annotate, work, sweep. The process becomes the role's own."
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the role and how patient to be."""
        parser.add_argument("role", choices=["web", "annotate", "work", "sweep"])
        parser.add_argument("--patience", type=int, default=600, help="Seconds to wait for database and queue.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Wait, then exec: signals reach the role's process itself."""
        deadline = time.monotonic() + options["patience"]
        _wait(
            database_is_ready, deadline, "The database is not at this version. Run manage.py prepare, once a version."
        )
        _wait(queue_answers, deadline, "The queue does not answer. Check QUEUE_URL.")
        connection.close()
        command = role_command(options["role"])
        os.execv(command[0], command)  # noqa: S606 (an argument list of ours)


def role_command(role: str) -> list[str]:
    """Return the command of a role. In a container the web listens on every address of it: HOST says so."""
    if role == "web":
        return web_command(settings.HOST)
    if role == "sweep":
        return [sys.executable, str(settings.BASE_DIR / "manage.py"), "sweep"]
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
