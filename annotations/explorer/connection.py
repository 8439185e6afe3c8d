"""DuckDB for a file or two: bounded, locked, and blind to everything else."""

from __future__ import annotations

import errno
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

MEMORY = "512MB"
THREADS = 2
#: What a sort that does not fit into memory may put on disk.
SPILL = "4GB"
#: How what DuckDB says of a failed write ends where the disk, a quota or a limit of this process has no more room.
_NO_ROOM = tuple(os.strerror(code) for code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
#: What it names, short of memory, where its directory holds SPILL, or all that the disk had free when it began.
_SPILL_LIMIT = "'max_temp_directory_size'"

logger = logging.getLogger(__name__)


class Unanswered(Exception):
    """A query has no answer here and now; the sentence says what may help."""


class TooSlow(Unanswered):
    """A query was stopped at its limit of time or memory."""


class DiskFull(Unanswered):
    """The disk did not take what a query puts aside."""


class Unreadable(Unanswered):
    """The disk did not give the table, or the table is gone."""


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
    except duckdb.Error as error:
        if answer := _unanswered(error):
            raise answer from error
        raise
    finally:
        timer.cancel()
        cursor.close()


def _unanswered(error: duckdb.Error) -> Unanswered | None:
    """What is told of an error; None where the question is wrong. The log never has DuckDB's words: they name files."""
    said = str(error)
    if isinstance(error, duckdb.OutOfMemoryException):
        full = _SPILL_LIMIT in said
    else:
        full = isinstance(error, duckdb.IOException) and said.endswith(_NO_ROOM)
    if full:
        logger.error("the disk has no room for a query of the explorer")
        return DiskFull(
            "This site's disk has no room for what this question has to put aside. Filter by a gene or a region first, "
            "or try again in some minutes."
        )
    if isinstance(error, duckdb.InterruptException | duckdb.OutOfMemoryException):
        return TooSlow("This question takes too long for this table. Filter by a gene or a region first.")
    # Of a file that is gone DuckDB says that it has no permission: it then looks for it where it may not.
    if isinstance(error, duckdb.IOException | duckdb.PermissionException):
        logger.error("a query of the explorer could not read or write: %s", type(error).__name__)
        return Unreadable("This result's table could not be read just now. Try again in some minutes.")
    return None
