"""The annotations app."""

from importlib import import_module

from django.apps import AppConfig


class AnnotationsConfig(AppConfig):
    """Jobs and their results."""

    name = "annotations"

    def ready(self) -> None:
        """Declare the actors on the broker that gas_site has set by now."""
        import_module("annotations.actors")
