"""The site itself as a Django app: it sets the queue's broker before any app declares an actor."""

from __future__ import annotations

import django_stubs_ext
import dramatiq
from django.apps import AppConfig
from django.conf import settings

# Lets generic classes such as ModelAdmin[Job] be written as their stubs have them. Here, before any app's models are
# loaded: what needs the settings alone does not wait for it.
django_stubs_ext.monkeypatch()


class GasSiteConfig(AppConfig):
    """First in INSTALLED_APPS, so that its ``ready`` runs before the actors are imported."""

    name = "gas_site"

    def ready(self) -> None:
        """Make the broker that QUEUE_URL names the one every actor is declared on."""
        from gas_site.queues import make_broker  # noqa: PLC0415 (needs the settings)

        dramatiq.set_broker(make_broker(settings.QUEUE_URL, settings.QUEUE_DIRECTORY))
