"""Migrations of a database that people are using, with whatever rights the user of the database has."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.db import OperationalError, connection

from tests.postgres.test_pool import address

pytestmark = pytest.mark.django_db(transaction=True)
names = import_module("annotations.migrations.0017_names_by_trigram")
shards = import_module("annotations.migrations.0016_shards_go_with_their_job")


def make_index() -> None:
    with connection.schema_editor(atomic=False) as editor:
        names.make_index(apps, editor)


def remake_foreign_key() -> None:
    with connection.schema_editor() as editor:
        shards.with_the_job(apps, editor)


def ask(statement: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone() if cursor.description else None


def is_valid() -> bool | None:
    found = ask("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('job_names')")
    return None if found is None else bool(found[0])


@contextmanager
def jobs_in_use() -> Iterator[None]:
    """Have another connection hold the table of jobs."""
    with psycopg.connect(address()) as other:
        other.execute("LOCK TABLE annotations_job")
        yield


def test_an_index_that_was_left_half_built_is_built_again() -> None:
    ask("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'job_names'::regclass")
    make_index()
    assert is_valid()


def test_without_the_right_to_the_extension_the_index_is_done_without(caplog: pytest.LogCaptureFixture) -> None:
    ask("DROP EXTENSION pg_trgm CASCADE")
    ask("CREATE ROLE without_rights")
    ask("SET ROLE without_rights")
    try:
        with caplog.at_level(logging.WARNING):
            make_index()
        assert is_valid() is None
        assert "pg_trgm is not to be had" in caplog.text
    finally:
        ask("RESET ROLE")
        ask("DROP ROLE without_rights")
        make_index()
    assert is_valid()


def test_an_index_that_could_not_be_built_is_not_taken_for_done() -> None:
    ask("DROP INDEX job_names")
    ask("SET lock_timeout = '50ms'")
    try:
        with jobs_in_use(), pytest.raises(OperationalError, match="lock timeout"):
            make_index()
    finally:
        ask("RESET lock_timeout")
        make_index()
    assert is_valid()


def test_nobody_waits_for_long_behind_a_change_of_tables_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "LOCK_TIMEOUT", "50ms")
    with jobs_in_use(), pytest.raises(OperationalError, match="lock timeout"):
        remake_foreign_key()
    remake_foreign_key()
    found = ask(
        "SELECT confdeltype FROM pg_constraint WHERE conrelid = 'annotations_shard'::regclass AND contype = 'f'"
    )
    assert found == ("c",), "with ON DELETE CASCADE"
