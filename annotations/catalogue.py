"""The references installed on this machine, as the site knows them."""

from __future__ import annotations

import logging
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from annotations.engine.errors import ReferenceBroken
from annotations.engine.reference import Reference, find_references

logger = logging.getLogger(__name__)


class UnknownReference(Exception):
    """A job names a reference that is not installed (any more)."""


def installed_references() -> list[Reference]:
    """Return every installed reference, the bundled one first."""
    directories = tuple(settings.REFERENCE_DIRS)
    return list(_found(directories, _stamp(directories)))


def reference_named(name: str) -> Reference:
    """Return the reference called ``name``. Raises UnknownReference, in a person's words."""
    for reference in installed_references():
        if reference.name == name:
            return reference
    raise UnknownReference(f"The reference {name} is not installed here. Choose another one and run the file again.")


def _stamp(directories: tuple[Path, ...]) -> tuple[tuple[str, int], ...]:
    """Return what changes when a reference is installed, replaced or removed."""
    manifests = (path for directory in directories if directory.is_dir() for path in directory.glob("*/manifest.json"))
    return tuple(sorted((str(path), path.stat().st_mtime_ns) for path in manifests))


@lru_cache(maxsize=4)
def _found(directories: tuple[Path, ...], stamp: tuple[tuple[str, int], ...]) -> tuple[Reference, ...]:
    """Read the manifests; ``stamp`` is only there to make a changed one be read again.

    A broken reference is left out and named in the log: the others, and every page, go on.
    """
    return tuple(find_references(directories, _log_broken))


def _log_broken(directory: Path, error: ReferenceBroken) -> None:
    logger.error("left out of the installed references: %s", error)
