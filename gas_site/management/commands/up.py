"""`manage.py up`: the whole service on one machine, under one supervisor."""

from __future__ import annotations

import sys
import threading
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from annotations.example import prepare_example
from gas_site import supervisor
from gas_site.stack import Signals


class Command(BaseCommand):
    """Prepare the data directory and run queue, website, workers and sweep until Ctrl-C."""

    help = "Run the whole service on this machine (PORT and DATA_DIR move it). Ctrl-C stops everything."
    requires_system_checks = []  # they load every page; the website does so anyway, before it is greeted
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take --host."""
        parser.add_argument("--host", default=settings.HOST, help="Address to listen on.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the stack; exits with its code."""
        host, signals = options["host"], Signals()
        try:
            held = supervisor.lock(settings.DATA_DIR)
            children = supervisor.lock_for_children(settings.DATA_DIR)
            supervisor.check_port(host, settings.PORT)
            for port in supervisor.sandbox_ports():
                supervisor.check_port("127.0.0.1", port)
            # Beside the migrations: each takes a second or two.
            example = threading.Thread(target=self._prepare_example, daemon=True)
            example.start()
            call_command("prepare")
            code = supervisor.run(host, children, signals, lambda: not example.is_alive(), self._greet)
        except supervisor.CannotStart as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            code = 0
        held.close()
        sys.exit(code)

    def _prepare_example(self) -> None:
        if not prepare_example():
            self.stderr.write("The bundled example could not be annotated; see the lines above.")

    def _greet(self) -> None:
        lines = [
            "",
            f"  GAS is running at {settings.SITE_URL}",
            f"  Sign in:  create an account at {settings.SITE_URL}/accounts/signup/",
            "  Staff:    python manage.py createsuperuser, then /admin/",
            *self._sandbox_lines(),
            f"  Data:     {settings.DATA_DIR} (mail is written to its mail directory)",
            "  Stop:     Ctrl-C",
            "",
        ]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()

    def _sandbox_lines(self) -> list[str]:
        if not supervisor.sandboxes():
            return []
        return ["  Sandbox:  payments and institutional sign-in are stand-ins on this machine; no money moves"]
