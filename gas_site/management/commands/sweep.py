"""`manage.py sweep`: puts right what lost messages and dead workers left, again and again."""

from __future__ import annotations

import logging
import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections

from gas_site.sweeping import sweep_all

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """Sweep every SWEEP_EVERY until a signal comes. Two at once do no harm."""

    help = "Re-send lost messages, take jobs from dead workers, finish deletions; every SWEEP_EVERY."
    requires_system_checks = []  # they load every page of the site; `prepare` runs them, once a version

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take --once."""
        parser.add_argument("--once", action="store_true", help="Sweep once and end.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Sweep."""
        if options["once"]:
            sweep_all()
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        while not stop.is_set():
            close_old_connections()
            try:
                sweep_all()
            except DatabaseError as error:
                logger.warning("sweep put off, the database is away: %s", type(error).__name__)
            stop.wait(settings.SWEEP_EVERY.total_seconds())
