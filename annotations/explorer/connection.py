"""DuckDB for a file or two: bounded, locked, and blind to everything else."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

MEMORY = "512MB"
THREADS = 2
#: What a sort that does not fit into memory may put on disk.
SPILL = "4GB"


logger = logging.getLogger(__name__)


class Unanswered(Exception):
    """A query has no answer here and now; the sentence says what may help."""


class TooSlow(Unanswered):
    """A query was stopped at its limit of time or memory."""


class DiskFull(Unanswered):
    """The disk did not take what a query puts aside, or did not give the table."""


def connect(spill: Path, **views: Path) -> duckdb.DuckDBPyConnection:
    """Return a connection that sees Parquet files by the names of ``views``, and nothing else.

    ``spill`` is a directory of its own. The names are ours.
    """
    limits: dict[str, str | bool | int | float | list[str]] = {
        "threads": str(THREADS),
        "memory_limit": MEMORY,
        "temp_directory": str(spill),
        "max_temp_directory_size": SPILL,
        "autoload_known_extensions": "false",
        "autoinstall_known_extensions": "false",
    }
    connection = duckdb.connect(":memory:", config=limits)
    connection.execute("SET parquet_metadata_cache = true")
    # SET and CREATE VIEW take no bound values; the paths are ours and quoted all the same.
    quoted = {view: "'" + str(path).replace("'", "''") + "'" for view, path in views.items()}
    connection.execute(f"SET allowed_paths = [{', '.join(quoted.values())}]")
    connection.execute("SET enable_external_access = false")
    for view, path in quoted.items():
        connection.execute(f"CREATE VIEW {view} AS SELECT * FROM read_parquet({path})")
    connection.execute("SET lock_configuration = true")
    return connection


@contextmanager
def limited(connection: duckdb.DuckDBPyConnection, seconds: float) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a cursor of its own (they may run at once) and interrupt it when the time is over. Raises Unanswered."""
    cursor = connection.cursor()
    timer = threading.Timer(seconds, cursor.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield cursor
    except (duckdb.InterruptException, duckdb.OutOfMemoryException) as error:
        raise TooSlow("This question takes too long for this table. Filter by a gene or a region first.") from error
    except duckdb.IOException as error:
        logger.error("the disk failed a query of the explorer: %s", error)  # noqa: TRY400  (it says all)
        raise DiskFull(
            "This site's disk has no room for what this question has to put aside. Filter by a gene or a region first, "
            "or try again in some minutes."
        ) from error
    finally:
        timer.cancel()
        cursor.close()
