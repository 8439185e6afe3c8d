"""`manage.py work`: a Dramatiq worker that waits for its queue."""

from __future__ import annotations

import os
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gas_site.supervisor import queue_answers, work_command

PATIENCE_SECONDS = 60


class Command(BaseCommand):
    """Become the dramatiq command for the given queues."""

    help = "Work on the messages of the given queues."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the queues and the number of threads."""
        parser.add_argument("--queues", nargs="+", default=["annotate", "storage", "default"])
        parser.add_argument("--threads", type=int, default=2)

    def handle(self, *args: Any, **options: Any) -> None:
        """Wait for the queue, then exec: signals reach dramatiq itself."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not queue_answers():
            if time.monotonic() > deadline:
                raise CommandError(f"The queue did not answer within {PATIENCE_SECONDS} seconds. Check QUEUE_URL.")
            time.sleep(0.1)
        command = work_command(options["queues"], options["threads"])
        os.execv(sys.executable, command)  # noqa: S606 (an argument list of ours)
