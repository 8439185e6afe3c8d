"""The billing app."""

from importlib import import_module

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """Customers, subscriptions and events of Stripe's."""

    name = "billing"

    def ready(self) -> None:
        """Declare the actors, and listen to accounts."""
        import_module("billing.actors")
        import_module("billing.receivers")
