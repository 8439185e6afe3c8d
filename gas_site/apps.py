"""The site itself as a Django app: it sets the queue's broker before any app declares an actor."""

from __future__ import annotations

import dramatiq
from django.apps import AppConfig
from django.conf import settings


class GasSiteConfig(AppConfig):
    """First in INSTALLED_APPS, so that its ``ready`` runs before the actors are imported."""

    name = "gas_site"

    def ready(self) -> None:
        """Make the broker that QUEUE_URL names the one every actor is declared on."""
        from gas_site.queues import make_broker  # noqa: PLC0415 (needs the settings)

        dramatiq.set_broker(make_broker(settings.QUEUE_URL, settings.QUEUE_DIRECTORY))
