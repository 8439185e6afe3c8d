#!/usr/bin/env python
"""Django's command line for GAS."""

import os
import sys


def main() -> None:
    """Run a management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gas_site.settings")
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415 (the settings module must be named first)
    from django.core.management import execute_from_command_line  # noqa: PLC0415

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"manage.py: {error}")


if __name__ == "__main__":
    main()
