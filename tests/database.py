"""The tests' database: in a file, and as the migrations left it after every test with real transactions."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management.commands import flush
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from pytest_django import DjangoDbBlocker

#: What follows from the code alone, and costs a tenth of a second to write.
KEPT = {"auth_permission", "django_content_type"}


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """Put SQLite's test database into a file: in memory it has no WAL, and threads block each other otherwise."""
    database = connections["default"].settings_dict
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"]["NAME"] = str(Path(os.environ["DATA_DIR"]) / "test.sqlite3")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Have a flush, which ends every test with real transactions, leave permissions and put the plans back."""
    from accounts.models import Plan  # noqa: PLC0415 (the apps are loaded by now)

    with django_db_blocker.unblock():
        plans = list(Plan.objects.all())

    def put_back(*_: object) -> None:
        Plan.objects.bulk_create(plans)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush, "sql_flush", flush_statements)
        patch.setattr(flush, "emit_post_migrate_signal", put_back)
        yield


def flush_statements(style: Any, connection: BaseDatabaseWrapper, **options: bool) -> list[str]:
    """Return what empties all tables but the kept ones, as Django's function of the module ``sql`` does."""
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return connection.ops.sql_flush(style, [name for name in tables if name not in KEPT], **options)
