"""The annotations app."""

from importlib import import_module

from django.apps import AppConfig


class AnnotationsConfig(AppConfig):
    """Jobs and their results."""

    name = "annotations"

    def ready(self) -> None:
        """Declare the actors on the broker that gas_site has set by now, and listen to accounts."""
        import_module("annotations.actors")
        import_module("annotations.receivers")
