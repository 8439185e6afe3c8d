"""Two results' tables under one DuckDB, joined by contig, position, REF and ALT.

``here`` is the job whose page asks, ``there`` the other. Both are normalised against one reference, so that the same
allele is written the same way; an allele that a file has twice counts twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import duckdb
import pyarrow as pa

from annotations.explorer.connection import connect, limited
from annotations.explorer.pool import TableAway
from annotations.explorer.spill import Spill
from annotations.explorer.table import BATCH_ROWS, TableUnreadable
from annotations.models import Job
from annotations.result_files import keys_of, local

SECONDS, STREAM_SECONDS = 30.0, 3_600.0
_ALLELE = " AND ".join(f'one."{name}" = other."{name}"' for name in ("contig", "pos", "ref", "alt"))
#: What can be asked: the view its rows are of, and how the other view is joined.
SETS = {"shared": ("here", "SEMI"), "here": ("here", "ANTI"), "there": ("there", "ANTI")}
#: Columns of a list, as far as both tables have them.
COLUMNS = ("contig", "pos", "ref", "alt", "gene", "impact", "consequence", "protein", "not_annotated")
PAGE_ROWS = 50


class Comparison:
    """An open pair of tables."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._columns = [name for name in COLUMNS if self._has(name)]

    def counts(self) -> dict[str, int]:
        """Return how many rows each of SETS has. Raises Unanswered."""
        return {name: int(self._fetch(f"SELECT count(*) {_from(name)}", [])[0][0]) for name in SETS}

    def rows(self, name: str, after: int = -1) -> tuple[list[dict[str, Any]], bool]:
        """Return up to PAGE_ROWS rows of a set behind row ``after``, and whether there are more. Raises Unanswered."""
        names = ["row", *self._columns]
        sql = f'SELECT {_selected(names)} {_from(name)} WHERE one."row" > ? ORDER BY one."row" LIMIT {PAGE_ROWS + 1}'
        found = [dict(zip(names, row, strict=True)) for row in self._fetch(sql, [after])]
        return found[:PAGE_ROWS], len(found) > PAGE_ROWS

    def batches(self, name: str) -> Iterator[pa.RecordBatch]:
        """Stream a set in the order of its file, the columns of a list."""
        sql = f'SELECT {_selected(self._columns)} {_from(name)} ORDER BY one."row"'
        with limited(self._connection, STREAM_SECONDS) as cursor:
            yield from cursor.sql(sql).to_arrow_reader(BATCH_ROWS)

    @property
    def columns(self) -> list[str]:
        """Return the names of a batch's columns."""
        return self._columns

    def _has(self, name: str) -> bool:
        return all(name in {row[0] for row in self._fetch(f"DESCRIBE {view}", [])} for view in ("here", "there"))

    def _fetch(self, sql: str, values: list[Any]) -> list[tuple[Any, ...]]:
        with limited(self._connection, SECONDS) as cursor:
            return cursor.execute(sql, values).fetchall()


@contextmanager
def compared(here: Job, there: Job) -> Iterator[Comparison]:
    """Open the tables of two jobs. Raises TableAway, TableUnreadable."""
    with ExitStack() as opened:
        spill = Spill()
        opened.callback(spill.remove)
        try:
            paths = [opened.enter_context(local(keys_of(job, "table")["table"])) for job in (here, there)]
            for path in paths:
                path.stat()
            connection = connect(spill.path, here=paths[0], there=paths[1])
        except (KeyError, FileNotFoundError) as error:
            raise TableAway("One of the two tables is not here.") from error
        except duckdb.Error as error:
            raise TableUnreadable("One of the two tables cannot be read.") from error
        opened.callback(connection.close)
        yield Comparison(connection)


def _from(name: str) -> str:
    view, join = SETS[name]
    other = "there" if view == "here" else "here"
    return f"FROM {view} one {join} JOIN {other} other ON {_ALLELE}"


def _selected(names: list[str]) -> str:
    return ", ".join(f'one."{name}"' for name in names)
