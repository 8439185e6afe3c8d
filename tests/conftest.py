"""Fixtures that every test may use."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.cloud.fixtures import amazon, moto
from tests.database import django_db_modify_db_settings, django_db_setup

__all__ = ["amazon", "django_db_modify_db_settings", "django_db_setup", "moto"]

REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"
SHARED_DATA = Path(os.environ.get("GAS_SHARED_DATA", Path(__file__).resolve().parent.parent.parent / "shared" / "data"))


def need(program: str) -> str:
    """Return the path of a program, or skip the test without it; with REQUIRE_ALL=1 that is a failure."""
    path = shutil.which(program)
    if path is None:
        message = f"{program} is not installed"
        if REQUIRE_ALL:
            pytest.fail(message)
        pytest.skip(message)
    return path


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a case with bytes after its argument, not after its content.

    A gzip holds the time it was made, and the workers of pytest-xdist must collect the same names:
    https://pytest-xdist.readthedocs.io/en/stable/known-limitations.html
    """
    return argname if isinstance(val, bytes) else None


@pytest.fixture(autouse=True)
def plain_static_files(settings: Settings) -> None:
    """Serve static files under their own names: no test needs collectstatic."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture
def shared_data() -> Path:
    """Give the folder of shared test data, or skip where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the shared test data (GAS_SHARED_DATA) is not here")
    return SHARED_DATA
