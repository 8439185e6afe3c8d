"""The archive app."""

from importlib import import_module

from django.apps import AppConfig


class ArchiveConfig(AppConfig):
    """Cold storage of results."""

    name = "archive"
    verbose_name = "Cold storage"

    def ready(self) -> None:
        """Declare the actors, listen to the apps upstream, and tell annotations' pages where results are."""
        import_module("archive.actors")
        import_module("archive.receivers").connect()
        import_module("archive.whereabouts").register()
