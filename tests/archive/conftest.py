"""Fixtures of the archive's tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.models import Plan
from tests.archive.world import World, make_world


@pytest.fixture(autouse=True)
def quick_passwords(settings: Settings) -> None:
    """Hash passwords fast: their strength is Django's own business."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def plans(db: None, settings: Settings) -> None:
    """Put back the rows of the migrations, which a test with real transactions empties afterwards."""
    free = {"name": "Free", "max_upload_bytes": settings.FREE_MAX_BYTES, "retention": settings.FREE_RETENTION}
    Plan.objects.get_or_create(slug=Plan.FREE, defaults=free)
    Plan.objects.get_or_create(slug=Plan.PREMIUM, defaults={"name": "Premium"})


@pytest.fixture
def world(
    plans: None, monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path, plain_static_files: None
) -> World:
    """Give a clock, a queue, a file store and a vault of the test's own."""
    return make_world(monkeypatch, settings, tmp_path)
