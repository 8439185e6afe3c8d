"""Fixtures of the site's tests: people, their browsers, an empty file store."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from dramatiq import Actor
from pytest_django import Settings

from accounts.models import User
from annotations.models import Job
from tests.engine.annotating import Annotated
from tests.site.explored import annotate_lines, explored_job
from tests.site.factories import make_user, signed_in


@pytest.fixture(autouse=True)
def files(settings: Settings, tmp_path: Path, plain_static_files: None) -> Path:
    """Give each test an empty file store of its own, and return its directory."""
    location = tmp_path / "files"
    location.mkdir()
    store = {**settings.STORAGES["default"], "OPTIONS": {"location": str(location), "base_url": None}}
    settings.STORAGES = {**settings.STORAGES, "default": store}
    return location


@pytest.fixture(autouse=True)
def quick_passwords(settings: Settings) -> None:
    """Hash passwords fast: their strength is Django's own business."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def alice(db: None) -> User:
    """Give the owner of things."""
    return make_user("alice@example.org")


@pytest.fixture
def bob(db: None) -> User:
    """Give a stranger to Alice."""
    return make_user("bob@example.org")


@pytest.fixture
def alices(alice: User) -> Client:
    """Give Alice's browser."""
    return signed_in(alice)


@pytest.fixture
def bobs(bob: User) -> Client:
    """Give Bob's browser."""
    return signed_in(bob)


@dataclass(frozen=True)
class Sent:
    """One message that went to the queue."""

    actor: str
    arguments: tuple[str, ...]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Sent]:
    """Collect the messages that would go to the queue, in place of sending them."""
    messages: list[Sent] = []

    def collect(self: Actor[Any, Any], args: tuple[str, ...] = (), **options: Any) -> None:
        messages.append(Sent(self.actor_name, tuple(args)))

    monkeypatch.setattr(Actor, "send_with_options", collect)
    return messages


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Annotated:
    """Give a small annotated file of two samples."""
    return annotate_lines(tmp_path_factory.mktemp("small"))


@pytest.fixture
def job(alice: User, small: Annotated) -> Job:
    """Give Alice's completed job with that file behind it."""
    return explored_job(alice, small, name="patient.vcf")
