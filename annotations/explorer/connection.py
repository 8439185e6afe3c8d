"""DuckDB for one file: bounded, locked, and blind to everything else."""

from __future__ import annotations

from pathlib import Path

import duckdb

MEMORY = "512MB"
THREADS = 2
#: What a sort that does not fit into memory may put on disk.
SPILL = "4GB"


def connect(path: Path, spill: str) -> duckdb.DuckDBPyConnection:
    """Return a connection that sees one Parquet file as ``variants``, and nothing else; ``spill`` is its directory."""
    limits: dict[str, str | bool | int | float | list[str]] = {
        "threads": str(THREADS),
        "memory_limit": MEMORY,
        "temp_directory": spill,
        "max_temp_directory_size": SPILL,
        "autoload_known_extensions": "false",
        "autoinstall_known_extensions": "false",
    }
    connection = duckdb.connect(":memory:", config=limits)
    connection.execute("SET parquet_metadata_cache = true")
    # SET and CREATE VIEW take no bound values; the path is ours and quoted all the same.
    name = "'" + str(path).replace("'", "''") + "'"
    connection.execute(f"SET allowed_paths = [{name}]")
    connection.execute("SET enable_external_access = false")
    connection.execute(f"CREATE VIEW variants AS SELECT * FROM read_parquet({name})")
    connection.execute("SET lock_configuration = true")
    return connection
