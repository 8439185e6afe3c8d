"""The accounts app."""

from importlib import import_module

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People: users, plans, notifications."""

    name = "accounts"

    def ready(self) -> None:
        """Declare the actors on the broker that gas_site has set by now, and listen to allauth."""
        import_module("accounts.actors")
        import_module("accounts.joining")
        import_module("accounts.second_factor")
