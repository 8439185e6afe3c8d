"""`manage.py listen_retrievals`: hears from RETRIEVAL_QUEUE that archives are retrieved, until a signal comes."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from archive.notices.listening import Listener


class Command(BaseCommand):
    """Listen. Two at once do no harm; none at all costs the wait until a retrieval's own time."""

    help = "Wake a worker for each retrieval that the queue of RETRIEVAL_QUEUE tells of."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take --once."""
        parser.add_argument("--once", action="store_true", help="Take what is there and end.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Listen."""
        if settings.RETRIEVAL_QUEUE is None:
            raise CommandError("RETRIEVAL_QUEUE names no queue. It takes sqs://REGION/QUEUE.")
        listener = Listener(*settings.RETRIEVAL_QUEUE, settings.RETRIEVAL_TOPICS)
        if options["once"]:
            while listener.take(0):
                pass
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        listener.listen(stop)
