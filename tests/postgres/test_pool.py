"""The pool of connections to PostgreSQL; `make test-postgres` runs these."""

from __future__ import annotations

import threading

import psycopg
import pytest
from django.db import OperationalError, connection

from accounts.models import User


@pytest.fixture(autouse=True)
def fresh_pool(transactional_db: None) -> None:
    """Begin without the connections of other tests."""
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # of Django's PostgreSQL backend alone


def test_threads_share_fewer_connections_than_they_are() -> None:
    seen: set[int] = set()

    def ask() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            seen.add(cursor.fetchone()[0])
        connection.close()

    for _ in range(12):
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    assert len(seen) <= 2  # the pool opens a second one where the first was asked for before it stood


def test_a_connection_that_the_server_ended_is_not_lent_again() -> None:
    ask_and_give_back()
    with psycopg.connect(address()) as other:
        others = "pid <> pg_backend_pid() AND datname = current_database()"
        other.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")  # noqa: S608 (ours)
    ask_and_give_back()


def test_a_thread_that_waits_too_long_for_a_connection_is_told_so() -> None:
    done = threading.Event()
    connection.ensure_connection()
    pool = connection.pool  # type: ignore[attr-defined]  # of Django's PostgreSQL backend alone
    lent = [pool.getconn() for _ in range(pool.max_size - 1)]
    failures: list[Exception] = []

    def ask() -> None:
        try:
            User.objects.count()
        except OperationalError as error:
            failures.append(error)
        done.set()

    pool.timeout, patience = 0.2, pool.timeout
    thread = threading.Thread(target=ask)
    thread.start()
    assert done.wait(10)
    thread.join()
    pool.timeout = patience
    for one in lent:
        pool.putconn(one)
    assert len(failures) == 1
    ask_and_give_back()


def ask_and_give_back() -> None:
    assert User.objects.count() >= 0
    connection.close()


def address() -> str:
    """Return the connection string of the test's database."""
    found = connection.settings_dict
    return f"host={found['HOST']} user={found['USER']} dbname={found['NAME']}"
