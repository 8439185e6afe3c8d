"""`manage.py queues`: what lies in the queues, and the way back for dead letters."""

from __future__ import annotations

import dataclasses
import json
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

import dramatiq
import redis
from django.core.management.base import BaseCommand, CommandError
from dramatiq.errors import BrokerError

from gas_site.queue_counts import Counts, count, redrive

COLUMNS = "{:<10} {:>9} {:>9} {:>9} {:>9} {:>12}"


class Command(BaseCommand):
    """Print one line a queue."""

    help = "Show how many messages wait, are put off, are with a worker or are dead; send dead ones again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take --redrive and --json."""
        parser.add_argument("--redrive", metavar="QUEUE", help="Send the dead letters of this queue again.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object a queue.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Redrive if asked to, then count."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 (takes its time)

        broker = dramatiq.get_broker()
        queues = sorted(broker.get_declared_queues())
        chosen = options["redrive"]
        if chosen and chosen not in queues:
            raise CommandError(f"There is no queue {chosen!r}. It is one of {', '.join(queues)}.")
        try:
            if chosen:
                self.stderr.write(f"{redrive(broker, chosen)} dead letters of {chosen} sent again.")
            counts = [count(broker, queue) for queue in queues]
        except (BrokerError, BotoCoreError, ClientError, redis.RedisError) as error:
            raise CommandError(f"The queue does not answer: {error}. Check QUEUE_URL.") from error
        self.stdout.write("\n".join(_json(counts) if options["json"] else _table(counts)))


def _json(counts: list[Counts]) -> list[str]:
    return [json.dumps({**dataclasses.asdict(row), "oldest": _seconds(row.oldest)}) for row in counts]


def _seconds(age: timedelta | None) -> int | None:
    return None if age is None else int(age.total_seconds())


def _table(counts: list[Counts]) -> list[str]:
    lines = [COLUMNS.format("queue", "waiting", "delayed", "in flight", "dead", "oldest")]
    for row in counts:
        oldest = "-" if row.oldest is None else str(timedelta(seconds=_seconds(row.oldest) or 0))
        lines.append(COLUMNS.format(row.queue, row.waiting, row.delayed, row.in_flight, row.dead, oldest))
    return lines
