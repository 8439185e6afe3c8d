"""`make test-postgres`: the tests that open a database, on PostgreSQL; arguments go to pytest.

The cluster is made of the installed binaries in a temporary directory and listens on a unix socket alone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from sandbox.postgresql import UNSAFE, NoPostgres, cluster

ROOT = Path(__file__).resolve().parent.parent.parent
WHERE = ["tests/site", "tests/archive", "tests/people", "tests/billing", "tests/postgres"]
# These open no database; once, on SQLite, is enough.
ELSEWHERE = [
    "tests/site/test_boot.py",
    "tests/site/test_settings_from_the_environment.py",
    "tests/site/test_file_store.py",
    "tests/site/test_range_answers.py",
    "tests/archive/test_disk_vault.py",
]
# This one reads SQLite's own account of how it would run a statement.
NOT_HERE = ["tests/archive/test_many.py::test_no_statement_reads_through_other_users_holdings"]


def main(arguments: list[str]) -> int:
    """Run the tests and return pytest's exit code; without PostgreSQL nothing runs and nothing fails."""
    # Not below a home directory: the user that PostgreSQL runs as may not enter that.
    directory = Path(tempfile.mkdtemp(prefix="gas-postgres-"))
    chosen = arguments or [*WHERE, *(f"--ignore={path}" for path in ELSEWHERE), *(f"--deselect={t}" for t in NOT_HERE)]
    command = [sys.executable, "-m", "pytest", "-n", "2", "-m", "not slow", *chosen]
    try:
        with cluster(directory, UNSAFE) as url:
            return subprocess.run(command, cwd=ROOT, env={**os.environ, "DATABASE_URL": url}, check=False).returncode
    except NoPostgres as error:
        print(error, file=sys.stderr)  # noqa: T201 (a command of the developer's)
        return int(os.environ.get("REQUIRE_ALL") == "1")
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
