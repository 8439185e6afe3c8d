#!/usr/bin/env python
"""Django's command line for GAS."""

import os
import sys


def main() -> None:
    """Run a management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gas_site.settings")
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415 (the settings module must be named first)

    try:
        if sys.argv[1:2] == ["annotate"]:
            _annotate()
        else:
            from django.core.management import execute_from_command_line  # noqa: PLC0415

            execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"manage.py: {error}")


def _annotate() -> None:
    """Run `annotate` with the settings alone: loading the apps, which it has no use for, takes a second."""
    from annotations.management.commands.annotate import Command  # noqa: PLC0415

    Command().run_from_argv(sys.argv)


if __name__ == "__main__":
    main()
